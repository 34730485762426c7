"""The company's systems in the admin: what they hold, how it is found there, and whether they can be reached."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from exports.admin.policy import policy_page
from exports.admin.source_changes import changes_page, completeness
from exports.fulfil.trouble import what_to_do
from exports.models import DataSource, NotedSchema, SourceChange
from requests_app.admin.desk import DeskAdmin, sees_sources
from requests_app.admin.queue import badge
from requests_app.services.history import local_day
from requests_app.web.lengths import takes_long_forms


@admin.register(DataSource)
class DataSourceAdmin(DeskAdmin[DataSource]):
    """Sources with their data maps as accepted. Credentials are in the environment; only their names are shown."""

    list_display = ("title", "slug", "position", "standing", "decided", "holds", "map_digest")
    ordering = ("position", "slug")
    sortable_by: ClassVar[tuple[str, ...]] = ()
    actions = None
    fields = (
        ("title", "slug"),
        ("position", "standing"),
        ("decided", "schema_noted"),
        "undecided",
        ("read_url_variable", "read_host"),
        ("write_url_variable", "write_host"),
        ("map_digest", "accepted_at"),
        "map_text",
    )
    readonly_fields = ("standing", "decided", "undecided", "map_digest", "accepted_at", "schema_noted", "map_text")
    list_before_template = "admin/exports/source_changes_link.html"

    def get_urls(self) -> list[URLPattern]:
        """The pages of changes and for the policy beside the admin's own."""
        changes = path("changes/", self.admin_site.admin_view(self.changes), name="exports_datasource_changes")
        policy = path("policy/", self.admin_site.admin_view(self.policy), name="exports_datasource_policy")
        return [changes, policy, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The list, with how many changes wait."""
        waiting = SourceChange.objects.waiting().count()
        return super().changelist_view(request, {**(extra_context or {}), "waiting": waiting})

    @takes_long_forms
    def changes(self, request: HttpRequest) -> HttpResponse:
        """What was proposed, and the form to propose more."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return changes_page(request, {**self.admin_site.each_context(request), "opts": self.opts})

    def policy(self, request: HttpRequest) -> HttpResponse:
        """What the privacy policy has to say, by the maps in use."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return policy_page(request, {**self.admin_site.each_context(request), "opts": self.opts})

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who works with what the sources hold, and who configures them."""
        return sees_sources(request)

    def has_view_permission(self, request: HttpRequest, obj: DataSource | None = None) -> bool:
        """As for the list."""
        return sees_sources(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataSource]:
        """The sources with the maps in use."""
        return super().get_queryset(request).select_related("map_version", "notedschema")

    @admin.display(description=gettext_lazy("State"))
    def standing(self, source: DataSource) -> SafeString:
        """Whether it is searched, and whether this machine knows how to reach it."""
        if not source.active:
            return badge(_("not searched"), "quiet")
        if source.is_manual:
            return badge(_("a person looks"), "sure")
        if source.is_own_record:
            return badge(_("this system itself"), "sure")
        if source.elsewhere:
            stopped = _("not opened: another host")
            return format_html("{} {}", badge(stopped, "late"), source.elsewhere)
        if not source.read_url:
            return badge(_("variable not set"), "late")
        return badge(_("reads and writes"), "sure") if source.write_url else badge(_("reads"), "sure")

    @admin.display(description=gettext_lazy("Map"))
    def decided(self, source: DataSource) -> SafeString | str:
        """Whether the map says something of every table and column; "incomplete" until somebody decides."""
        if not source.has_schema:
            return "-"
        return completeness(source.undecided())

    @admin.display(description=gettext_lazy("Nothing is decided about"))
    def undecided(self, source: DataSource) -> SafeString | str:
        """The tables and columns of which the map is silent."""
        silent = source.undecided() if source.has_schema else None
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in silent)) if silent else "-"

    @admin.display(description=gettext_lazy("Holds"))
    def holds(self, source: DataSource) -> str:
        """How much its map describes."""
        collections = source.map_version.as_map().collections
        fields = sum(len(collection.fields) for collection in collections)
        return _("%(collections)s collections, %(fields)s fields") % {"collections": len(collections), "fields": fields}

    @admin.display(description=gettext_lazy("Version of the map"))
    def map_digest(self, source: DataSource) -> str:
        """The first digits of its SHA-256."""
        return source.map_version.digest[:12]

    @admin.display(description=gettext_lazy("Map accepted"))
    def accepted_at(self, source: DataSource) -> str:
        """Since when this version holds."""
        return local_day(source.map_version.accepted_at).isoformat()

    @admin.display(description=gettext_lazy("Schema noted"))
    def schema_noted(self, source: DataSource) -> str:
        """Since when changes of the schema are told, or why they are not yet."""
        if not source.has_schema:
            return _("no database: what changes shows when it is read")
        job = Job.objects.filter(kind="note_schema", arguments__source=source.pk).order_by("-created_at").first()
        if job is not None and job.state == JobState.FAILED:
            return what_to_do(job.error.rpartition(".")[2])
        noted = NotedSchema.objects.filter(source=source, map_version=source.map_version).first()
        if noted is None or (job is not None and job.state != JobState.DONE):
            return _("not yet: a worker reads it")
        return local_day(noted.noted_at).isoformat()

    @admin.display(description=gettext_lazy("Data map"))
    def map_text(self, source: DataSource) -> SafeString:
        """The map itself."""
        return format_html('<pre class="desk-letter">{}</pre>', source.map_version.text)
