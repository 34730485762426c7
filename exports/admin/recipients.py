"""Recipients, on a page of its own below a case: who is told, how it stands, and what people do about it.

No step is a move: none changes the case's state by itself; the case goes on once the last recipient is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from exports.fulfil.recipients import batch, by_people
from exports.fulfil.recipients.by_people import StepRefused
from exports.fulfil.recipients.instruction import may_mean_nobody
from exports.fulfil.trouble import what_to_do
from exports.models import RecipientBatch, Telling, TellingState
from requests_app.admin import sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of, unsealed
from requests_app.admin.queue import badge
from requests_app.admin.sureness import sureness_badge
from requests_app.admin.timeline import names_of
from requests_app.admin.two_people import works
from requests_app.models import Case
from requests_app.roles import Actor
from requests_app.states import State

TONES = {
    TellingState.WAITING: "wait",
    TellingState.FAILED: "late",
    TellingState.TOLD: "sure",
    TellingState.EXPLAINED: "near",
    TellingState.DROPPED: "quiet",
}
Step = Callable[[Case, QueryDict, Actor], Telling]


@dataclass(frozen=True)
class RecipientLine:
    """One recipient in words, and what may be done about it."""

    telling: Telling
    standing: SafeString
    to_do: str
    note: str
    because: str
    who: str
    file: RecipientBatch | None
    may_settle: bool
    may_confirm: bool


@dataclass(frozen=True)
class RuleLine:
    """Why there is anybody to tell: the law, where it says so, and how sure that is."""

    law: str
    citation: str
    sureness: SafeString


@sections.link
def to_recipients(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to the page, once somebody is to be told."""
    if not Telling.objects.filter(case=case).exists():
        return None
    return sections.Link(
        gettext_lazy("Recipients"), reverse("admin:requests_app_case_recipients", args=[case.pk]), "send"
    )


@sections.page("recipients")
def recipients(request: HttpRequest, case: Case) -> HttpResponse:
    """Who is told; posted: one step."""
    actor = actor_of(request)
    if request.method == "POST":
        _take_step(request, case, actor)
        return HttpResponseRedirect(request.path)
    context = {
        **context_of(request, case),
        "lines": _lines(case),
        "rules": _rules(case),
        "works": works(actor),
        "by_mailbox_alone": may_mean_nobody(case),
    }
    return TemplateResponse(request, "admin/exports/recipients.html", context)


def _rules(case: Case) -> list[RuleLine]:
    """What the laws of the case say of whom to tell; none where the right concerns no recipient by law."""
    found = [(pack, pack.recipients_rule(case.right_asked, case.received_on())) for pack in case.packs()]
    language = get_language() or "en"
    return [
        RuleLine(pack.short_title.in_language(language), rule.citation, sureness_badge(rule.sureness))
        for pack, rule in found
        if rule
    ]


def _lines(case: Case) -> list[RecipientLine]:
    tellings = list(Telling.objects.filter(case=case).select_related("case__submission"))
    files = {file.path: file for file in RecipientBatch.objects.filter(path__in=[one.batch for one in tellings])}
    names = names_of(one.noted_by for one in tellings if one.noted_by)
    return [
        _line(one, names.get(one.noted_by, ""), files.get(one.batch), is_open=case.state == State.CARRYING_OUT)
        for one in tellings
    ]


def _line(one: Telling, who: str, file: RecipientBatch | None, *, is_open: bool) -> RecipientLine:
    over = file is None or not batch.is_open(file, at=timezone.now())
    return RecipientLine(
        telling=one,
        standing=badge(one.get_state_display(), TONES[TellingState(one.state)]),
        to_do=what_to_do(one.error) if one.error else "",
        note=unsealed(one, "note"),
        because=one.because.get("en", ""),
        who=who,
        file=file,
        may_settle=is_open and one.is_open,
        may_confirm=one.state == TellingState.TOLD and one.confirmed_at is None and over,
    )


def _take_step(request: HttpRequest, case: Case, actor: Actor) -> None:
    """Do what the pressed button says, and tell what was done, or why it was not."""
    step = STEPS.get(request.POST.get("do", ""))
    if step is None or not works(actor):
        raise PermissionDenied
    try:
        one = step(case, request.POST, actor)
    except StepRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Noted for %(name)s.") % {"name": one.recipient})


def _again(case: Case, given: QueryDict, actor: Actor) -> Telling:
    return by_people.try_again(case.pk, given.get("row", ""), by=actor, at=timezone.now())


def _otherwise(case: Case, given: QueryDict, actor: Actor) -> Telling:
    return by_people.told_otherwise(case.pk, given.get("row", ""), given.get("text", ""), by=actor, at=timezone.now())


def _explain(case: Case, given: QueryDict, actor: Actor) -> Telling:
    return by_people.explain(case.pk, given.get("row", ""), given.get("text", ""), by=actor, at=timezone.now())


def _confirm(case: Case, given: QueryDict, actor: Actor) -> Telling:
    return by_people.note_receipt(case.pk, given.get("row", ""), given.get("text", ""), by=actor, at=timezone.now())


STEPS: Mapping[str, Step] = {"again": _again, "otherwise": _otherwise, "explain": _explain, "confirm": _confirm}
