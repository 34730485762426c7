"""Cases in the admin: the queue, and one page a case on which nothing can be edited."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from dsar.jobs import pausing
from requests_app.admin import queue, sections, together
from requests_app.admin.case_page import content_of, context_of, note_look
from requests_app.admin.desk import DeskAdmin, actor_of, today
from requests_app.admin.making_moves import MovePage, grouped, held_up, ways_of
from requests_app.admin.timeline import timeline
from requests_app.law.words import Route
from requests_app.models import Case
from requests_app.move import Move
from requests_app.moves import MOVES, offers
from requests_app.residence import place_name
from requests_app.roles import Role
from requests_app.services.history import record_access
from requests_app.states import State

if TYPE_CHECKING:
    from uuid import UUID

    from requests_app.admin.queue import QueuedCase


@admin.register(Case)
class CaseAdmin(DeskAdmin[Case]):
    """The queue and the page of a case; what changes a case are the moves."""

    list_display = ("reference", "right_asked_for", "standing", "lives_in", "due", "target", "assigned")
    list_filter = (queue.InGroup, queue.OfKind, queue.OfRight, queue.ByDate, queue.AssignedTo, queue.Undelivered)
    list_before_template = "admin/requests_app/case/groups.html"
    search_fields = ("submission__reference",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    actions = ("start_together", "approve_together")

    @admin.display(description=gettext_lazy("Reference"))
    def reference(self, case: QueuedCase) -> str:
        """The reference, which leads to the case."""
        return case.submission.reference

    @admin.display(description=gettext_lazy("Right"))
    def right_asked_for(self, case: QueuedCase) -> str:
        """The right in words."""
        return queue.right_in_words(case)

    @admin.display(description=gettext_lazy("State"))
    def standing(self, case: QueuedCase) -> SafeString:
        """Where it stands."""
        return queue.state_badge(case)

    @admin.display(description=gettext_lazy("Residence"))
    def lives_in(self, case: QueuedCase) -> str:
        """Where the person lives, which picks the law."""
        return place_name(case.submission.residence)

    @admin.display(description=gettext_lazy("Legal date"))
    def due(self, case: QueuedCase) -> SafeString | str:
        """The next legal date, and how near it is."""
        return queue.due_badge(case.next_due, today())

    @admin.display(description=gettext_lazy("Our target"))
    def target(self, case: QueuedCase) -> str | None:
        """The house's own date."""
        return case.next_target.isoformat() if case.next_target else None

    @admin.display(description=gettext_lazy("Assigned"))
    def assigned(self, case: QueuedCase) -> str | None:
        """Who works on it."""
        return case.assigned_to.username if case.assigned_to else None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """In the order of work, with what a row shows."""
        return Case.objects.select_related("submission", "assigned_to").in_work_order()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        """By references alone; a mailbox is looked for with ``find``, so that it never stands in an address."""
        return (queue.by_references(queryset, search_term) if search_term else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The queue, with its tabs."""
        return super().changelist_view(request, {**(extra_context or {}), "tabs": queue.tabs(request.GET)})

    def get_urls(self) -> list[URLPattern]:
        """The pages beside the admin's own."""
        of_case = [
            self._path("<uuid:case_id>/move/<slug:slug>/", self.move, "move"),
            *(self._path(f"<uuid:case_id>/{slug}/", partial(self.page, slug), slug) for slug in sections.PAGES),
        ]
        approved = self._path("approve-together/", require_POST(self.confirm_together), "together")
        return [self._path("find/", self.find, "find"), approved, *of_case, *super().get_urls()]

    def _path(self, route: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
        return path(route, self.admin_site.admin_view(view), name=f"requests_app_case_{name}")

    def has_together_permission(self, request: HttpRequest) -> bool:
        """Who may approve many cases in one go."""
        return Role.APPROVER in actor_of(request).roles

    @admin.action(description=gettext_lazy("Approve together…"), permissions=["together"])
    def approve_together(self, request: HttpRequest, cases: QuerySet[Case]) -> HttpResponse:
        """Show what approving the chosen cases would do."""
        return together.preview(request, list(cases.values_list("pk", flat=True)))

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Who may start gathering."""
        return bool(MOVES["start_gathering"].roles & actor_of(request).roles)

    @admin.action(description=gettext_lazy("Start gathering"), permissions=["start"])
    def start_together(self, request: HttpRequest, cases: QuerySet[Case]) -> HttpResponse:
        """Start gathering for the chosen cases."""
        return together.start(request, list(cases.values_list("pk", flat=True)))

    def confirm_together(self, request: HttpRequest) -> HttpResponse:
        """Approve what was shown."""
        if not self.has_together_permission(request):
            raise PermissionDenied
        return together.confirm(request)

    def find(self, request: HttpRequest) -> HttpResponse:
        """Look for a reference or, by digest, for a mailbox; posted, so that no address keeps what was typed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        wanted = request.POST.get("wanted", "").strip()
        queue_url = reverse("admin:requests_app_case_changelist")
        if "@" not in wanted:
            known = queue.references_in(wanted)  # whatever else was typed, a name perhaps, must not get into an address
            if wanted and not known:
                messages.info(request, _("No request has this reference. Search by references, or by a whole mailbox."))
            return HttpResponseRedirect(f"{queue_url}?{urlencode({'q': ' '.join(known)})}" if known else queue_url)
        found = queue.references_from(wanted)
        newest = found[: queue.MOST_FOUND]
        with transaction.atomic():
            record_access(by=actor_of(request), what="search", at=timezone.now(), by_mailbox=True, found=len(newest))
        if not found:
            messages.info(request, _("Nothing was filed from this mailbox."))
            return HttpResponseRedirect(queue_url)
        if len(found) > len(newest):
            more = _("More was filed from this mailbox: only the newest %(most)s requests are shown.")
            messages.warning(request, more % {"most": len(newest)})
        return HttpResponseRedirect(f"{queue_url}?{urlencode({'q': ' '.join(newest)})}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """The page of a case; each look is noted, and nothing can be posted to it."""
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        case = self._case(request, object_id)
        actor, on = actor_of(request), today()
        ways = ways_of(case, offers(case, actor, on))
        held = held_up(case, ways)
        note_look(actor, case, at=timezone.now())
        context = {
            **context_of(request, case),
            **content_of(case, on),
            "panels": sections.panels_of(case, actor),
            "links": sections.links_of(case, actor),
            "lines": timeline(case),
            "groups": grouped(way for way in ways if way.offer.is_open),
            "held_up": held,
            "shut": [
                way.offer
                for way in ways
                if way.offer is not held and not way.offer.is_open and _may_open(case, way.offer.move)
            ],
            "pause": pausing.current(),
            "makes_moves": bool(actor.roles & {Role.ANALYST, Role.APPROVER}),
        }
        return TemplateResponse(request, "admin/requests_app/case/page.html", context)

    def move(self, request: HttpRequest, case_id: UUID, slug: str) -> HttpResponse:
        """The one view of all moves."""
        case = self._case(request, case_id)
        if slug not in MOVES:
            raise Http404
        return MovePage(request, case, MOVES[slug]).respond()

    def page(self, slug: str, request: HttpRequest, case_id: UUID) -> HttpResponseBase:
        """A page of a case that another floor has registered."""
        return sections.PAGES[slug](request, self._case(request, case_id))

    def _case(self, request: HttpRequest, case_id: UUID | str) -> Case:
        """The case, for those who may see cases."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        case = self.get_object(request, str(case_id))
        if case is None:
            raise Http404
        return case


def _may_open(case: Case, move: Move) -> bool:
    """Whether something can open a shut move: a closed case shows only those that are made on closed ones."""
    return case.is_open or State.CLOSED in move.open_in(Route(case.route))
