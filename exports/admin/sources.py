"""The company's systems in the admin: what they hold, how it is found there, and whether they can be reached."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.models import DataSource
from requests_app.admin.desk import DeskAdmin, sees_sources
from requests_app.admin.queue import badge


@admin.register(DataSource)
class DataSourceAdmin(DeskAdmin[DataSource]):
    """Sources with their data maps as accepted. Credentials are in the environment; only their names are shown."""

    list_display = ("title", "slug", "position", "standing", "holds", "map_digest")
    ordering = ("position", "slug")
    sortable_by: ClassVar[tuple[str, ...]] = ()
    actions = None
    fields = (
        ("title", "slug"),
        ("position", "standing"),
        ("read_url_variable", "write_url_variable"),
        ("map_digest", "accepted_at"),
        "map_text",
    )
    readonly_fields = ("standing", "map_digest", "accepted_at", "map_text")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who works with what the sources hold, and who configures them."""
        return sees_sources(request)

    def has_view_permission(self, request: HttpRequest, obj: DataSource | None = None) -> bool:
        """As for the list."""
        return sees_sources(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataSource]:
        """The sources with the maps in use."""
        return super().get_queryset(request).select_related("map_version")

    @admin.display(description=gettext_lazy("State"))
    def standing(self, source: DataSource) -> SafeString:
        """Whether it is searched, and whether this machine knows how to reach it."""
        if not source.active:
            return badge(_("not searched"), "quiet")
        if not source.read_url:
            return badge(_("variable not set"), "late")
        return badge(_("reads and writes"), "sure") if source.write_url else badge(_("reads"), "sure")

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
        return f"{source.map_version.accepted_at:%Y-%m-%d}"

    @admin.display(description=gettext_lazy("Data map"))
    def map_text(self, source: DataSource) -> SafeString:
        """The map itself."""
        return format_html('<pre class="desk-letter">{}</pre>', source.map_version.text)
