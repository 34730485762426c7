"""The corrections of a case: what was asked for, what stands in the sources, and the decision on each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.vault.errors import VaultError
from exports.admin.panels import may
from exports.admin.supporting import Line as SupportingLine
from exports.admin.supporting import lines_of
from exports.fulfil.corrections.account import name_of
from exports.fulfil.corrections.deciding import fixed_because
from exports.fulfil.corrections.places import maps_in_use, not_correctable
from exports.fulfil.corrections.standing import (
    Standing,
    chosen_in,
    corrections_of,
    decisions_of,
    is_decided_by_approval,
    meant_by_itself,
    standing,
)
from requests_app import choices, deleting_instead
from requests_app.admin import sections
from requests_app.admin.case_page import context_of, named
from requests_app.admin.desk import actor_of, unsealed
from requests_app.admin.sureness import of_ground
from requests_app.admin.timeline import names_of
from requests_app.facts import in_words
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, CorrectionAsked, CorrectionDecision
from requests_app.move import InputRefused
from requests_app.roles import Actor
from requests_app.services import moving
from requests_app.services.history import record_access
from requests_app.states import State

SLUG = "corrections"
MOST_SHOWN = 200  # values of one correction, and those that are ticked; of more a person can't decide one by one
SENT = ("correction", "verdict", "code", "condition", "shown", "explanation", "reason")


@dataclass(frozen=True)
class ValueLine:
    """One value as it was found in one place."""

    number: int
    where: str
    field: str
    text: str
    rows: int
    is_right: bool
    is_meant: bool
    is_chosen: bool


@dataclass(frozen=True)
class Line:
    """One correction."""

    number: int
    title: str
    words: str
    value_now: str
    value: str
    delete_instead_at: datetime | None
    values: list[ValueLine]
    left_out: int
    not_correctable: list[str]
    documents: list[SupportingLine]
    decision: CorrectionDecision | None
    ground: str  # of a refusal
    sureness: SafeString  # of that ground
    explanation: str
    shown: str
    reason: str
    who: str


@sections.page(SLUG)
def corrections(request: HttpRequest, case: Case) -> HttpResponse:
    """What stands where, correction by correction; each look is noted. Whoever may decide, decides here."""
    if request.method == "POST":
        return _decide(request, case)
    actor, fixed = actor_of(request), fixed_because(case)
    may_decide = not fixed and may("decide_correction", case, actor)
    lines = list(_lines(case))
    if any(line.values for line in lines):
        with transaction.atomic():
            record_access(by=actor, what="corrections", at=timezone.now(), case=str(case.pk))
    context = {
        **context_of(request, case),
        "lines": lines,
        "may_decide": may_decide,
        "fixed_because": fixed,
        "is_open": case.state != State.CLOSED,
        "by_approval": is_decided_by_approval(corrections_of(case)),
        "verdicts": choices.verdict_choices(case),
        "conditions": choices.deletion_conditions(case),
        "instead": deleting_instead.provision_of(case),
        "grounds": choices.grounds_for_data(case) if may_decide else [],
    }
    return TemplateResponse(request, "admin/exports/corrections.html", context)


def _decide(request: HttpRequest, case: Case) -> HttpResponse:
    """Make the move; what it refuses is told on the page, on which the reason has to be given again."""
    here = reverse(f"admin:requests_app_case_{SLUG}", args=[case.pk])
    seen = request.POST.get("version", "")
    inputs = {name: request.POST.get(name, "") for name in SENT}
    inputs["found"] = ",".join(request.POST.getlist("found"))
    try:
        moving.perform(
            "decide_correction",
            case_id=case.pk,
            version=int(seen) if seen.isdecimal() and len(seen) < 10 else 0,
            actor=actor_of(request),
            at=timezone.now(),
            inputs=inputs,
        )
    except InputRefused as refused:
        for sentence in _sentences(refused.errors):
            messages.error(request, sentence)
    except MoveShut as shut:
        messages.error(request, str(shut))
    else:
        messages.success(request, _("Decided."))
    return HttpResponseRedirect(here)


def _sentences(errors: Mapping[str, str]) -> Iterator[str]:
    """What is wrong, each with the name of what it is about where its sentence does not say so."""
    for name, sentence in errors.items():
        yield _("A reason is needed.") if name == "reason" else sentence


def _lines(case: Case) -> Iterator[Line]:
    decisions, maps, sent = decisions_of(case), maps_in_use(), lines_of(case)
    names = names_of(decision.decided_by for decision in decisions.values())
    for asked in corrections_of(case):
        decision = decisions.get(asked.number)
        found, chosen = _found(case, asked), chosen_in(decision)
        ticked = {one.number for one in found if one.named in chosen} if decision else meant_by_itself(case, asked)
        shown = [one for one in found if one.number <= MOST_SHOWN or one.number in ticked]
        yield Line(
            number=asked.number,
            title=name_of(asked, "en") if asked.field else "",
            words=unsealed(asked, "words"),
            value_now=unsealed(asked, "value_now"),
            value=unsealed(asked, "value"),
            delete_instead_at=asked.delete_instead_at,
            values=[_value(one, one.number in ticked) for one in shown],
            left_out=len(found) - len(shown),
            not_correctable=[
                f"{data_map.title}, {collection.title}: {field.title}"
                for data_map, collection, field in not_correctable(asked, maps)
            ],
            documents=[line for line in sent if line.document.asked_id == asked.pk],
            decision=decision,
            ground=in_words("code", decision.code) if decision else "",
            sureness=of_ground(case, decision.code) if decision else SafeString(),
            explanation=unsealed(decision, "explanation") if decision else "",
            shown=unsealed(decision, "shown") if decision else "",
            reason=unsealed(decision, "reason") if decision else "",
            who=names[decision.decided_by] if decision else "",
        )


def _found(case: Case, asked: CorrectionAsked) -> list[Standing]:
    """What stands there; nothing once its files or keys are gone."""
    try:
        return standing(case, asked)
    except VaultError:
        return []


def _value(one: Standing, is_chosen: bool) -> ValueLine:  # noqa: FBT001 - a line of a table
    return ValueLine(
        number=one.number,
        where=f"{one.source_run.source.title}, {one.collection.title}",
        field=str(one.field.title),
        text="" if one.value is None else str(one.value),
        rows=len(one.keys),
        is_right=one.is_right,
        is_meant=one.is_meant,
        is_chosen=is_chosen,
    )


@sections.panel
def decided(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """What was decided on each correction, of more than one or of one in words: no value is shown here."""
    asked = corrections_of(case)
    if case.right_asked != Right.CORRECT or (is_decided_by_approval(asked) and not decisions_of(case)):
        return None
    decisions = decisions_of(case)
    lines = [
        (
            one,
            named(one),
            decision,
            in_words("code", decision.code) if decision else "",
            of_ground(case, decision.code) if decision else "",
        )
        for one in asked
        for decision in [decisions.get(one.number)]
    ]
    context = {"lines": lines, "case": case, "url": where_to_decide(case) if case.gathering_round else ""}
    return sections.Panel(
        SLUG, gettext_lazy("Corrections"), "admin/exports/corrections_panel.html", context, decides=True
    )


@sections.link
def to_corrections(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to the corrections, once there is something found to decide on."""
    if case.right_asked != Right.CORRECT or not case.gathering_round:
        return None
    return sections.Link(gettext_lazy("Corrections"), where_to_decide(case), "edit_note")


@sections.starts("decide_correction")
def where_to_decide(case: Case) -> str:
    """Corrections are decided on where what was found is shown."""
    return reverse(f"admin:requests_app_case_{SLUG}", args=[case.pk])
