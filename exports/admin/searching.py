"""Searching the findings of one case: a form, and what was found in the last hour, page by page."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from exports.admin.findings import A_PAGE, Around, Grounds, Leaf, Located, Moves, Place, Shown, read_or_told, shown
from exports.admin.passages import Marked
from exports.fulfil import searching
from exports.models import Hit, Part, Search, SearchState
from requests_app.admin import sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of
from requests_app.models import Case
from requests_app.move import DESK
from requests_app.roles import Actor
from requests_app.services.history import record_access

SECONDS = "2"  # after which a page that waits for its search looks again


@sections.page("search")
def search(request: HttpRequest, case: Case) -> HttpResponse:
    """The form and the searches of who asks; what is typed is posted, so that no address keeps it."""
    if request.method == "POST":
        return _ask(request, case)
    actor = actor_of(request)
    mine = list(Search.objects.filter(case=case, round=case.gathering_round, asked_by=actor.slug))
    current = next((found for found in mine if str(found.pk) == request.GET.get("search")), None)
    context = {
        **context_of(request, case),
        "searches": mine,
        "current": current,
        "may_search": bool(DESK & actor.roles),
        "most": searching.MOST,
        "records": [],
        "leaf": None,
        "decide_url": Moves(request, case).decide_url,
        "rule_url": Moves(request, case).search_url(current) if current else "",
        "back": request.get_full_path(),
    }
    if current and current.state == SearchState.DONE:
        context |= _page(request, case, current, actor)
    response = TemplateResponse(request, "admin/exports/search.html", context)
    if current and current.state == SearchState.WAITING:
        response["Refresh"] = SECONDS
    return response


@sections.link
def to_search(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to the search, once there are findings."""
    if not Part.objects.filter(run__case=case, run__round=case.gathering_round).exists():
        return None
    return sections.Link(gettext_lazy("Search"), _url(case), "manage_search")


def _url(case: Case) -> str:
    return reverse("admin:requests_app_case_search", args=[case.pk])


def _ask(request: HttpRequest, case: Case) -> HttpResponse:
    actor = actor_of(request)
    if not DESK & actor.roles:
        raise PermissionDenied
    words, is_whole = request.POST.get("words", ""), bool(request.POST.get("whole"))
    try:
        asked = searching.ask(case, words, is_whole=is_whole, by=actor, at=timezone.now())
    except searching.SearchRefused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(_url(case))
    return HttpResponseRedirect(f"{_url(case)}?search={asked.pk}")


def _page(request: HttpRequest, case: Case, found: Search, actor: Actor) -> dict[str, object]:
    """At most fifty records of one part in which the words were found; each look is noted."""
    order = ("part__run__position", "part__collection", "part__number")
    counted = (
        Hit.objects.filter(search=found).order_by(*order).values_list("part").annotate(Count("number", distinct=True))
    )
    leaves = [(part, first) for part, count in counted for first in range(0, count, A_PAGE)]
    if not leaves:
        return {}
    asked = request.GET.get("page", "")
    page = min(max(int(asked) if asked.isdecimal() and len(asked) < 9 else 1, 1), len(leaves))
    part_id, first = leaves[page - 1]
    hits = Hit.objects.filter(search=found, part=part_id).order_by("number")
    numbers = list(hits.values_list("number", flat=True).distinct()[first : first + A_PAGE])
    part = Part.objects.select_related("run__map_version", "run__source", "run__case__submission").get(pk=part_id)
    with transaction.atomic():
        record_access(
            by=actor, what="findings", at=timezone.now(), case=str(case.pk), part=str(part.pk), start=numbers[0]
        )
    here = f"{_url(case)}?search={found.pk}&page="
    return {
        "place": _place(part),
        "leaf": Leaf(page, len(leaves), part, numbers[0], _before(part)),
        "records": _records(request, case, part, numbers),
        "previous_url": f"{here}{page - 1}" if page > 1 else "",
        "next_url": f"{here}{page + 1}" if page < len(leaves) else "",
    }


def _place(part: Part) -> Place:
    collection = part.run.map_version.as_map().collection(part.collection)
    return Place(part.run, collection, [part], url="", is_current=True)


def _before(part: Part) -> int:
    """How many records of the collection lie in earlier parts."""
    earlier = part.run.parts.filter(collection=part.collection, number__lt=part.number)
    return earlier.aggregate(records=Sum("records"))["records"] or 0


def _records(request: HttpRequest, case: Case, part: Part, numbers: Sequence[int]) -> list[Shown]:
    first, last = numbers[0], numbers[-1]
    wanted, leaf = set(numbers), Leaf(1, 1, part, first, _before(part))
    around = Around(Grounds(case, part), Moves(request, case), Marked(case, part, first, last))
    place = _place(part)
    return [
        shown(place, Located(leaf, number), record, around)
        for number, record in read_or_told(request, part, start=first, most=last - first + 1)
        if number in wanted
    ]
