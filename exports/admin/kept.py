"""Kept until a day, on a page of its own below a case: what is over, what became of it, and the steps of people.

No step is a move: none changes the case's state, and none changes anything in a source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.vault.errors import KeyDestroyed
from exports.fulfil import held, keeping
from exports.fulfil.keeping import KeepingRefused
from exports.models import KeptUntil
from exports.models.keeping import KeptUntilQuerySet
from requests_app import facts
from requests_app.admin import dashboard, sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of, sees_cases, today, unsealed
from requests_app.admin.timeline import names_of
from requests_app.admin.two_people import works
from requests_app.choices import grounds_for_data
from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.services.history import record_access

A_PAGE = 100  # of what is over
Step = Callable[[Case, QueryDict, Actor], str]


@dataclass(frozen=True)
class KeptLine:
    """What was kept in one collection, in words, and what may be done about it."""

    kept: KeptUntil
    ground: str
    is_over: bool
    is_held: bool
    longer: str  # the day until which the map in use now keeps it, or empty
    pages: range  # of its keys
    note: str
    who: str


@dashboard.counts
def counts(request: HttpRequest) -> Iterator[dashboard.Count]:
    """What deletions kept until a day that is over, if there is any."""
    number = keeping.over(today()).count()
    if number and sees_cases(request):
        url = reverse("admin:exports_retentionschedule_changelist")
        yield dashboard.Count(_("Kept longer than it may be"), number, url, is_bad=True)


def over_now() -> Mapping[str, object]:
    """What is over, the longest first, as the page of schedules takes it; of very much only the first hundred."""
    found = keeping.over(today())
    lines = [
        {
            "kept": kept,
            "ground": facts.in_words("code", kept.ground),
            "url": reverse("admin:requests_app_case_kept", args=[kept.act.case_id]),
        }
        for kept in found[:A_PAGE]
    ]
    return {"over": lines, "over_in_all": found.count() if len(lines) == A_PAGE else len(lines)}


@sections.link
def to_kept(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to the page, once a deletion kept something with an end."""
    if not KeptUntil.objects.filter(act__case=case).exists():
        return None
    url = reverse("admin:requests_app_case_kept", args=[case.pk])
    return sections.Link(gettext_lazy("Kept until a day"), url, "event")


@sections.page("kept")
def kept_until(request: HttpRequest, case: Case) -> HttpResponse:
    """What was kept and until when; posted: one step."""
    actor = actor_of(request)
    if request.method == "POST":
        _take_step(request, case, actor)
        return HttpResponseRedirect(request.path)
    context = {
        **context_of(request, case),
        "lines": list(_lines(case)),
        "works": works(actor),
        "grounds": grounds_for_data(case),
    }
    return TemplateResponse(request, "admin/exports/kept.html", context)


@sections.page("kept_keys")
def kept_keys(request: HttpRequest, case: Case) -> HttpResponse:
    """The keys by which a person finds the rows: for who works with cases, and each look is noted."""
    if not works(actor_of(request)):
        raise PermissionDenied
    row, page = request.GET.get("row", ""), request.GET.get("page", "1")
    kept = next((one for one in _of(case).open() if str(one.pk) == row), None)
    number = int(page) if page.isdecimal() and len(page) < 7 else 0
    if kept is None or not 1 <= number <= keeping.pages_of_keys(kept):
        raise Http404
    with transaction.atomic():
        record_access(
            by=actor_of(request),
            what="kept_keys",
            at=timezone.now(),
            case=str(case.pk),
            source=kept.act.source.slug,
            collection=kept.collection,
            page=number,
        )
    try:
        keys = keeping.keys_of(kept, number)
    except KeyDestroyed:
        messages.error(request, _("The keys were destroyed with the record of this request."))
        return HttpResponseRedirect(reverse("admin:requests_app_case_kept", args=[case.pk]))
    context = {**context_of(request, case), "kept": kept, "keys": keys, "number": number}
    return TemplateResponse(request, "admin/exports/kept_keys.html", context)


def _of(case: Case) -> KeptUntilQuerySet:
    related = ("act__source__map_version", "act__map_version", "act__case__submission")
    return KeptUntil.objects.filter(act__case=case).select_related(*related).order_by("-until", "pk")


def _lines(case: Case) -> Iterator[KeptLine]:
    found, at = list(_of(case)), timezone.now()
    names = names_of(one.settled_by for one in found if one.settled_by)
    sources = {one.act.source.slug for one in found if not one.settled and one.until < today()}
    on_hold = {slug for slug in sources if held.holds_in(case, slug, at=at)}
    for one in found:
        is_over = not one.settled and one.until < today()
        longer = keeping.longer_by_map(one) if is_over else None
        yield KeptLine(
            kept=one,
            ground=facts.in_words("code", one.ground),
            is_over=is_over,
            is_held=is_over and one.act.source.slug in on_hold,
            longer=str(longer or ""),
            pages=range(1, keeping.pages_of_keys(one) + 1 if not one.settled else 1),
            note=unsealed(one, "note"),
            who=names.get(one.settled_by, ""),
        )


def _take_step(request: HttpRequest, case: Case, actor: Actor) -> None:
    """Do what the pressed button says, and tell what was done, or why it was not."""
    step = STEPS.get(request.POST.get("do", ""))
    if step is None or not works(actor):
        raise PermissionDenied
    try:
        messages.success(request, step(case, request.POST, actor))
    except KeepingRefused as refused:
        messages.error(request, str(refused))


def _gone(case: Case, given: QueryDict, actor: Actor) -> str:
    keeping.note_gone(case.pk, given.get("row", ""), given.get("text", ""), by=actor, at=timezone.now())
    return _("Noted: the rows are gone. Their keys are destroyed.")


def _longer(case: Case, given: QueryDict, actor: Actor) -> str:
    wanted = keeping.Longer(given.get("code", ""), given.get("until", ""), given.get("text", ""))
    kept = keeping.keep_longer(case.pk, given.get("row", ""), wanted, by=actor, at=timezone.now())
    return _("Noted: kept until %(day)s, and then this comes back.") % {"day": kept.until}


STEPS: Mapping[str, Step] = {"gone": _gone, "longer": _longer}
