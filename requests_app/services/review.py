"""Review and gathering: what an analyst decides before the workers look, and what they report back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from requests_app import limiting, waiting
from requests_app.events import EventKind
from requests_app.law import refusals
from requests_app.law.words import DutyKind
from requests_app.models import Case, Clarification, LimitChoice, LimitDecision
from requests_app.move import NOBODY
from requests_app.moves import performs
from requests_app.ports import work
from requests_app.roles import SYSTEM, Actor
from requests_app.services import duties, identity, letters, standing
from requests_app.services.history import change_state, local_day, locked, record
from requests_app.states import State


@performs("decide_limit")
def decide_limit(case: Case, *, actor: Actor, at: datetime, choice: str, reason: str) -> None:
    """Note what a person decided once the limit is reached; refusing is a move of its own, with its letter.

    Who decided to refuse may still decide to answer: the later decision stands, the history keeps both.
    """
    count = limiting.limit_count(case)
    counted = count.counted if count else 0
    decision = getattr(case, "limit_decision", None) or LimitDecision(id=uuid.uuid4(), case=case)
    decision.choice, decision.counted = LimitChoice(choice), counted
    decision.decided_by, decision.decided_at, decision.reason = actor.slug, at, reason
    decision.save()
    record(case, EventKind.DECIDE_LIMIT, by=actor, at=at, choice=choice, counted=counted)


@performs("start_gathering")
def start_gathering(case: Case, *, actor: Actor, at: datetime) -> None:
    """Send the workers to every source."""
    change_state(case, EventKind.START_GATHERING, case.start_gathering, by=actor, at=at)
    work().gather(case, at=at)


@performs("gather_again")
def gather_again(case: Case, *, actor: Actor, at: datetime) -> None:
    """Set the findings aside and search every source once more."""
    change_state(case, EventKind.GATHER_AGAIN, case.gather_again, by=actor, at=at)
    work().gather(case, at=at)


def source_done(case: Case, source: str, *, counts: Mapping[str, int], at: datetime, not_because: str = "") -> None:
    """A worker has searched a source: its counts by collection; nothing found is a result. In its transaction.

    Where nobody looked, ``not_because`` is the code of why, and nothing is said of what is there.
    The case is the one that this transaction has locked.
    """
    if not_because:
        record(case, EventKind.SOURCE_PASSED_OVER, by=SYSTEM, at=at, source=source, because=not_because)
    else:
        record(case, EventKind.SOURCE_DONE, by=SYSTEM, at=at, source=source, counts=dict(counts))
    settle(case, at=at)


def source_failed(case_id: UUID, source: str, *, error: str, at: datetime) -> None:
    """A source stayed down: a person tries again, or waives it with a reason. ``error`` is a class, never a text."""
    record(locked(case_id), EventKind.SOURCE_FAILED, by=SYSTEM, at=at, source=source, error=error)


def settle(case: Case, *, at: datetime) -> None:
    """Go on to deciding once every source is done or waived."""
    if case.state == State.GATHERING and not work().open_sources(case):
        change_state(case, EventKind.FINDINGS_READY, case.findings_ready, by=SYSTEM, at=at)
        standing.answer(case, at=at)


@performs("extend")
def extend(case: Case, *, actor: Actor, at: datetime, reason: str) -> None:
    """Take the one extension of each law that has one, and tell the person why and until when."""
    moved = duties.extend(case, on=local_day(at))
    answers = [duty for duty in moved if duty.kind == DutyKind.ANSWER]
    record(
        case,
        EventKind.EXTEND,
        by=actor,
        at=at,
        laws=[duty.law for duty in answers],
        due_on=[duty.due_on.isoformat() for duty in answers],
    )
    language = case.submission.language
    laws = [pack for pack in case.packs() if pack.slug in {duty.law for duty in answers}]
    said = refusals.where_to_complain(
        laws, case.right_asked, on=case.received_on(), residence=case.submission.residence
    )
    letters.queue(
        case.submission,
        letters.Letter.EXTENSION,
        at=at,
        case=case,
        reason=reason,
        due_on=letters.spelt(min(duty.due_on for duty in answers), language),
        ways_on=letters.ways_on(said, case.submission),
    )


@performs("assign")
def assign(case: Case, *, actor: Actor, at: datetime, to: str) -> None:
    """Note who works on the case: ``staff:<id>``, or nobody."""
    case.assigned_to_id = None if to == NOBODY else int(to.removeprefix("staff:"))
    case.save(update_fields=["assigned_to"])
    record(case, EventKind.ASSIGN, by=actor, at=at, assigned_to=to)


@performs("ask_clarification")
def ask_clarification(case: Case, *, actor: Actor, at: datetime, question: str) -> None:
    """Ask the person something; the case waits. Whether a clock stops is each law's own rule; the CCPA's does not."""
    change_state(case, EventKind.ASK_CLARIFICATION, case.ask_clarification, by=actor, at=at)
    letters.queue(
        case.submission,
        letters.Letter.CLARIFICATION,
        at=at,
        case=case,
        question=question,
        stands_still=waiting.stands_still(case),
    )


@performs("clarified")
def clarified(case: Case, *, actor: Actor, at: datetime, reason: str) -> None:
    """The question is answered: keep what was answered; the case goes back to where it stood.

    What the person proved in the meantime counts at once. Where a law stops its clock while it waits, dates move now.
    """
    answer = Clarification(id=uuid.uuid4(), case=case, decided_by=actor.slug, decided_at=at)
    answer.reason = reason
    answer.save()
    change_state(case, EventKind.CLARIFIED, case.clarified, by=actor, at=at)
    duties.recount(case, at=at)
    identity.settle_case(case, at=at)
