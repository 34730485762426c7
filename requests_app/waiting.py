"""How long a case waited for the person: some laws don't count those days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from django.utils import timezone

from dsar.ledger import chains
from dsar.ledger.models import Event
from requests_app.events import EventKind
from requests_app.law.happened import NOTHING_YET, Happened
from requests_app.law.lawpack import LawPack
from requests_app.law.words import DutyKind, PauseEffect, PauseGround
from requests_app.models import Case

CLARIFYING = (EventKind.ASK_CLARIFICATION, EventKind.CLARIFIED)
DOUBTING = (EventKind.DOUBT_IDENTITY, EventKind.ACCEPT_PROOF)
# What ends a question for good: a closed case waits for nobody, and one that is opened again may ask anew.
CLOSING = (EventKind.REFUSE, EventKind.REDIRECT, EventKind.MERGE, EventKind.WITHDRAW)
QUESTIONS = (*CLARIFYING, *DOUBTING, *CLOSING)


def happened(case: Case) -> Happened:
    """What has happened to a case that the dates of some laws depend on: the questions to the person, and the answers.

    Most laws know no pause: for those nothing is looked up.
    """
    if not any(waits_matter(pack) for pack in case.packs()):
        return NOTHING_YET
    return waits_in(chains.history(case.chain).filter(kind__in=QUESTIONS).order_by("sequence"))


def waits_matter(pack: LawPack) -> bool:
    """Whether a law's dates can depend on how long the person was waited for."""
    return bool(pack.pauses or pack.clock_starts)


def stands_still(case: Case) -> bool:
    """Whether the date to answer moves with every day that we wait for the answer to a question of ours.

    Under several laws the earliest date counts: it moves only if each of them stops its clock.
    """
    laws = set(case.duties.filter(kind=DutyKind.ANSWER).values_list("law", flat=True))
    rules = [
        pack.pause(case.right_asked, PauseGround.CLARIFICATION, case.received_on())
        for pack in case.packs()
        if pack.slug in laws
    ]
    return bool(rules) and all(rule is not None and rule.effect is PauseEffect.BINDING for rule in rules)


def waits_in(questions: Iterable[Event]) -> Happened:
    """The questions to a person and the answers, out of the events that tell of them, in their order.

    Identity was asked for when it was doubted: the mailbox, which everybody is asked to confirm, starts no clock late.
    """
    known = list(questions)
    clarified, shown = _waits(known, *CLARIFYING), _waits(known, *DOUBTING)
    happened = Happened(earlier_clarifications=tuple(clarified[:-1]))
    if clarified:
        asked_on, answered_on = clarified[-1]
        happened = replace(happened, clarification_asked_on=asked_on, clarification_answered_on=answered_on)
    if shown:
        happened = replace(happened, identity_asked_on=shown[-1][0], identity_shown_on=shown[-1][1])
    return happened


def _waits(questions: Iterable[Event], asking: EventKind, answering: EventKind) -> list[tuple[date, date]]:
    """From when to when each question of this kind waited for its answer; no day of one that a closing ended counts.

    A doubt outlives it: the case waits for that proof again when it is opened again.
    """
    asked: date | None = None
    waits = []
    for event in questions:
        if event.kind == asking:
            asked = asked or timezone.localdate(event.at)
        elif event.kind == answering and asked is not None:
            waits.append((asked, timezone.localdate(event.at)))
            asked = None
        elif event.kind in CLOSING and asking == EventKind.ASK_CLARIFICATION:
            asked = None
    return waits
