"""The decision on each correction, and what follows for the case: how many were not granted, and whether any was."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from dsar.vault.errors import VaultError
from exports.fulfil import trouble
from exports.fulfil.corrections.places import Place, maps_in_use, place_named, places_of
from exports.fulfil.corrections.standing import (
    Standing,
    corrections_of,
    decisions_of,
    granted,
    is_decided_by_approval,
    standing,
)
from exports.fulfil.withholding import ground_against
from requests_app.events import EventKind
from requests_app.law.values import Exemption
from requests_app.law.words import Right
from requests_app.models import Case, CorrectionAsked, CorrectionDecision, Verdict
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
    explanation: str,
    reason: str,
) -> None:
    """Grant one correction where it was chosen, refuse it on a ground for data (G10), or say that nothing is held.

    The later decision stands; the history keeps both.
    """
    asked = corrections_of(case)
    one = next(row for row in asked if str(row.number) == correction)
    wrong, ground = _decided(case, one, verdict, found=found, code=code, explanation=explanation)
    case.correction_decisions.filter(asked=one, round=case.gathering_round).delete()
    decision = CorrectionDecision(
        id=uuid.uuid4(),
        case=case,
        asked=one,
        round=case.gathering_round,
        verdict=verdict,
        code=ground.code if ground else "",
        citation=ground.citation if ground else "",
        places=list(dict.fromkeys(row.place.slug for row in wrong)),
        decided_by=actor.slug,
        decided_at=at,
    )
    decision.wrong = json.dumps([row.named for row in wrong]) if wrong else ""
    decision.explanation, decision.reason = explanation, reason
    decision.save(force_insert=True)
    told = {"code": ground.code, "citation": ground.citation} if ground else {}
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
    if verdict == Verdict.GRANTED:
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
        granted(case)
    except trouble.NotToCorrect as not_so:
        return trouble.what_to_do(not_so.code)
    except trouble.DAMAGED:
        return trouble.what_to_do("findings_damaged")
    return ""


def not_granted(case: Case) -> int:
    """How many corrections were refused, or are of what is not held."""
    if case.right_asked != Right.CORRECT:
        return 0
    return sum(decision.verdict != Verdict.GRANTED for decision in decisions_of(case).values())


def is_refused(case: Case) -> bool:
    """Whether each correction was decided on, and none of them granted."""
    return 0 < not_granted(case) == case.corrections.count()


def places_granted(case: Case) -> list[tuple[CorrectionAsked, tuple[Place, ...]]]:
    """Each correction that is granted, with its places: known without what was found, and after that is destroyed."""
    asked, decisions, maps = corrections_of(case), decisions_of(case), maps_in_use()
    found: list[tuple[CorrectionAsked, tuple[Place, ...]]] = []
    for one in asked:
        decision = decisions.get(one.number)
        if decision is None and is_decided_by_approval(asked):
            found.append((one, places_of(one, maps).meant))
        elif decision is not None and decision.verdict == Verdict.GRANTED:
            places = (place_named(slug) for slug in decision.places)
            found.append((one, tuple(place for place in places if place is not None)))
    return found
