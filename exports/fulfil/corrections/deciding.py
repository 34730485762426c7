"""The decision on each correction, and what follows for the case: whether it is refused, and what is still open."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dsar.vault.errors import VaultError
from exports.fulfil import trouble
from exports.fulfil.corrections import instead
from exports.fulfil.corrections.places import Place, place_named
from exports.fulfil.corrections.standing import (
    Standing,
    corrections_of,
    decisions_of,
    granted,
    is_decided_by_approval,
    standing,
)
from exports.fulfil.withholding import ground_against
from exports.models import Act, ActKind
from requests_app import deleting_instead, supporting
from requests_app.events import EventKind
from requests_app.law.values import Exemption
from requests_app.law.words import Right
from requests_app.models import CHANGING, Case, CorrectionAsked, CorrectionDecision, Verdict
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import Actor
from requests_app.services.history import record

Numbers = Sequence[str]


@performs("decide_correction")
def decide_correction(
    case: Case,
    *,
    actor: Actor,
    at: datetime,
    correction: str,
    verdict: str,
    found: str,
    code: str,
    condition: str,
    shown: str,
    explanation: str,
    reason: str,
) -> None:
    """Grant one correction where it was chosen, have what is wrong deleted there instead (11 CCR 7023(e)), refuse it
    on a ground for data (G10), or say that nothing is held.

    What the person sent for it was looked at before: it is considered with the rest (11 CCR 7023).

    The later decision stands; the history keeps both. Once a source was written to in this round, what was written
    rests on the decisions of this round: none of them changes any more.
    """
    if because := fixed_because(case):
        raise InputRefused({"verdict": because})
    asked = corrections_of(case)
    one = next(row for row in asked if str(row.number) == correction)
    if because := supporting.unseen(one):
        raise InputRefused({"verdict": because})
    wrong, ground = _decided(case, one, verdict, found=found, code=code, explanation=explanation)
    if verdict == Verdict.DELETED:
        instead.check_can_go(case, wrong, at=at)
    rests_on = instead.check_condition(case, one, condition, shown) if verdict == Verdict.DELETED else ground
    case.correction_decisions.filter(asked=one, round=case.gathering_round).delete()
    decision = _new(case, one, verdict, wrong, by=actor, at=at)
    if ground is not None:
        decision.code = ground.code
    elif rests_on is not None:
        decision.condition, decision.shown = condition, shown
        decision.consented_at = one.delete_instead_at if deleting_instead.rests_on_page(one, condition) else None
    decision.citation = rests_on.citation if rests_on else ""
    decision.explanation, decision.reason = explanation, reason
    decision.save(force_insert=True)
    told = {name: getattr(decision, name) for name in ("code", "condition", "citation") if getattr(decision, name)}
    record(
        case,
        EventKind.DECIDE_CORRECTION,
        by=actor,
        at=at,
        correction=one.number,
        verdict=verdict,
        places=decision.places,
        **told,
    )


def note_approval(case: Case, *, by: Actor, at: datetime) -> None:
    """Write down what approving the case decides where nobody decided before; what is unclear the act hands back.

    The approval is the event of it: who approves has prepared nothing.
    """
    if case.right_answered != Right.CORRECT or decisions_of(case) or not is_decided_by_approval(corrections_of(case)):
        return
    try:
        found = granted(case)
    except (trouble.NotToCorrect, *trouble.DAMAGED):
        return
    for one in found:
        _new(case, one.asked, Verdict.GRANTED, one.wrong, by=by, at=at).save(force_insert=True)


def _new(
    case: Case, asked: CorrectionAsked, verdict: str, wrong: Sequence[Standing], *, by: Actor, at: datetime
) -> CorrectionDecision:
    decision = CorrectionDecision(
        id=uuid.uuid4(),
        case=case,
        asked=asked,
        round=case.gathering_round,
        verdict=verdict,
        places=list(dict.fromkeys(row.place.slug for row in wrong)),
        decided_by=by.slug,
        decided_at=at,
    )
    decision.wrong = json.dumps([row.named for row in wrong]) if wrong else ""
    return decision


def _decided(
    case: Case, asked: CorrectionAsked, verdict: str, *, found: str, code: str, explanation: str
) -> tuple[list[Standing], Exemption | None]:
    """What is wrong of what stands there, or the ground of a refusal; raises InputRefused."""
    if verdict == Verdict.REFUSED:
        if not code:
            raise InputRefused({"code": _("Choose the ground on which it is refused.")})
        return [], ground_against(case, code, explanation)
    try:
        stands = standing(case, asked)
    except VaultError:
        raise InputRefused({"found": trouble.what_to_do("findings_damaged")}) from None
    if verdict in CHANGING:
        return _wrong_of(stands, found.replace(",", " ").split()), None
    if any(row.is_meant and row.value not in (None, "") for row in stands):
        raise InputRefused(
            {"verdict": _("Such a value was found, as this page shows: grant the correction, or refuse.")}
        )
    return [], None


def _wrong_of(stands: Sequence[Standing], numbers: Numbers) -> list[Standing]:
    known = {str(row.number): row for row in stands}
    if not numbers:
        raise InputRefused(
            {"found": _("Choose the values that are wrong: they are replaced. Where none was found, none can be.")}
        )
    if unknown := [number for number in numbers if number not in known]:
        raise InputRefused({"found": _("No value of the number %(number)s was found.") % {"number": unknown[0][:9]}})
    return [known[number] for number in dict.fromkeys(numbers)]


def shut_because(case: Case) -> str:
    """Why the case can't be approved as it is decided, and what to do; empty if it can."""
    try:
        for one in granted(case):
            instead.check_not_kept(case, one.emptied, at=timezone.now())
    except trouble.NotToCorrect as not_so:
        return trouble.what_to_do(not_so.code)
    except trouble.DAMAGED:
        return trouble.what_to_do("findings_damaged")
    return _not_considered(case)


def _not_considered(case: Case) -> str:
    """Which document nobody has looked at, or came after the decision; empty if all were considered.

    Once something was written the decisions stand, and what comes then is for a new request.
    """
    for asked in corrections_of(case):
        if because := supporting.unseen(asked):
            return because
    is_late = not fixed_because(case) and supporting.came_later(decisions_of(case).values())
    return trouble.what_to_do("document_came_later") if is_late else ""


def fixed_because(case: Case) -> str:
    """Why no decision of this round may change any more, and what to do; empty if it may."""
    written = _acts(case).filter(round=case.gathering_round)
    return trouble.what_to_do("corrected_already") if written.exists() else ""


def begun_because(case: Case) -> str:
    """Why a correction can't end any more as if nothing were done, and what to do; empty if it can."""
    is_begun = case.right_asked == Right.CORRECT and _acts(case).exists()
    return trouble.what_to_do("corrected_in_part") if is_begun else ""


def refused(case: Case) -> int:
    """How many corrections were refused; what is not held was refused to nobody."""
    return _verdicts(case).count(Verdict.REFUSED)


def is_refused(case: Case) -> bool:
    """Whether each correction was decided on, at least one was refused, and nothing is changed for any."""
    return Verdict.REFUSED in _verdicts(case) and changes_nothing(case)


def is_not_held(case: Case) -> bool:
    """Whether nothing of what was to be corrected is held: nothing was refused, and there was nothing to do."""
    return set(_verdicts(case)) == {Verdict.NOT_HELD} and changes_nothing(case)


def changes_nothing(case: Case) -> bool:
    """Whether each correction was decided on, and nothing was granted or deleted, nor written in an earlier round."""
    verdicts = _verdicts(case)
    if not verdicts or CHANGING.intersection(verdicts) or _acts(case).exists():
        return False
    return len(verdicts) == case.corrections.count()


def places_to_change(case: Case) -> list[tuple[CorrectionDecision, tuple[Place, ...]]]:
    """Each decision of this round that changes something, with its places: known without what was found."""
    changing = [row for row in decisions_of(case).values() if row.verdict in CHANGING]
    return [(row, tuple(filter(None, map(place_named, row.places)))) for row in changing]


def _verdicts(case: Case) -> list[str]:
    """What was decided in this round; nothing for any other right."""
    if case.right_asked != Right.CORRECT:
        return []
    return [decision.verdict for decision in decisions_of(case).values()]


def _acts(case: Case) -> QuerySet[Act]:
    return Act.objects.filter(case=case, kind=ActKind.CORRECT)
