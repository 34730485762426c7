"""How long a case waited for the person: some laws don't count those days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.utils import timezone

from dsar.ledger import chains
from dsar.ledger.models import Event
from requests_app.events import EventKind
from requests_app.law.happened import NOTHING_YET, Happened
from requests_app.models import Case

QUESTIONS = (EventKind.ASK_CLARIFICATION, EventKind.CLARIFIED)


def happened(case: Case) -> Happened:
    """What has happened to a case that the dates of some laws depend on: the questions to the person, and the answers.

    Most laws know no pause: for those nothing is looked up.
    """
    if not any(pack.pauses for pack in case.packs()):
        return NOTHING_YET
    return waits_in(chains.history(case.chain).filter(kind__in=QUESTIONS).order_by("sequence"))


def waits_in(questions: Iterable[Event]) -> Happened:
    """The questions to a person and the answers, out of the events that tell of them, in their order."""
    asked: date | None = None
    waits = []
    for event in questions:
        if event.kind == EventKind.ASK_CLARIFICATION:
            asked = timezone.localdate(event.at)
        elif asked is not None:
            waits.append((asked, timezone.localdate(event.at)))
            asked = None
    if not waits:
        return NOTHING_YET
    *earlier, (asked_on, answered_on) = waits
    return Happened(
        earlier_clarifications=tuple(earlier),
        clarification_asked_on=asked_on,
        clarification_answered_on=answered_on,
    )
