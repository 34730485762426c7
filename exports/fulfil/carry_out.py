"""Carrying out what was approved: hand over, delete, correct or suppress, and tell recipients. One job a case.

Every step is written down as it is done, so that a job that dies goes on at the step where it was; acts on sources
are one transaction there, and recognise themselves when they are repeated.
"""

from __future__ import annotations

from collections.abc import Callable

from dsar.jobs.queue import enqueue
from dsar.jobs.running import LeaseLost, Run
from exports.fulfil import acts, hand_over, suppressing, trouble
from exports.fulfil.corrections import writing
from exports.fulfil.recipients import telling
from exports.fulfil.tasks import asking
from exports.models import ActKind, DataSource
from requests_app.events import EventKind
from requests_app.law.words import Right, Route
from requests_app.models import Case
from requests_app.rights import BY_HAND_AT_ONCE
from requests_app.roles import SYSTEM
from requests_app.services import closing
from requests_app.services.history import locked, record
from requests_app.states import State

Act = Callable[[Run, Case], None]


def opt_out(run: Run, case: Case) -> None:
    """Set the flags; a source that fails keeps nobody from being told."""
    try:
        suppressing.suppress(run, case)
    except LeaseLost:
        raise
    except Exception:
        telling.begin(run, case)
        raise


def opt_out_or_by_hand(run: Run, case: Case) -> None:
    """Set the flags where a data map has some for this right; where none has, a person does it and notes it."""
    if DataSource.objects.that_suppress(case.right_asked):
        opt_out(run, case)


def by_hand(_run: Run, _case: Case) -> None:
    """No machine does anything: a person did it and wrote it down."""


ACTS: dict[Right, Act] = {
    Right.KNOW_SPECIFIC: hand_over.release_bundle,
    Right.KNOW_CATEGORIES: hand_over.release_categories,
    Right.PORTABILITY: hand_over.release_bundle,
    Right.DELETE: acts.delete,
    Right.CORRECT: writing.correct,
    Right.OPT_OUT_SALE_SHARE: opt_out,
    Right.LIMIT_SENSITIVE: opt_out,
    **dict.fromkeys(BY_HAND_AT_ONCE, opt_out_or_by_hand),
}


KINDS = {Right.DELETE: ActKind.DELETE, Right.CORRECT: ActKind.CORRECT}  # else it is an opt-out


def begin(case: Case) -> None:
    """The job of this approval; after a hand-back, the next approval has a job of its own."""
    enqueue("carry_out", {"case": str(case.pk)}, key=f"carry_out:{case.pk}:{case.version}")


def carry_out(run: Run) -> None:
    """The job: do the act, have each recipient told by a job of its own, report to the case."""
    case = Case.objects.select_related("submission__organisation", "submission__subject").get(
        pk=str(run.arguments["case"])
    )
    if case.state != State.CARRYING_OUT:
        return
    try:
        with trouble.for_a_person():
            ACTS.get(case.right_answered, by_hand)(run, case)
    except trouble.BROKEN as broken:
        if case.route != Route.FULL:  # nobody approved it, and nobody decides again
            raise
        because = trouble.why_handed_back(case, broken)
        facts = {name: getattr(broken, name, None) for name in ("changed", "columns")}
        facts["field"] = getattr(broken, "place", "")
        with run.completing():
            closing.hand_back(case.pk, because, at=run.at, **{name: fact for name, fact in facts.items() if fact})
        return
    telling.begin(run, case)
    if acts.waits_for_a_person(case):
        return
    with run.completing():
        telling.acted(case, at=run.at)


def give_up(run: Run) -> None:
    """The act is not done, or not in every source: the case waits until somebody has put it right and tries again.

    Where only a person changes a source, its owner is asked; the answer has the job tried again.
    """
    case = locked(str(run.arguments["case"]))
    if case.state == State.CARRYING_OUT:
        error = run.job.error.rpartition(".")[2]
        corrected = writing.sources_left(case) if case.right_answered == Right.CORRECT else ()
        left = acts.left_to_do(case, corrected=corrected)
        record(case, EventKind.ACT_FAILED, by=SYSTEM, at=run.at, error=error, sources=left)
        kind = KINDS.get(case.right_answered, ActKind.SUPPRESS)
        if error == trouble.OnlyByHand.__name__:
            asking.ask_to_act(case, left, kind=kind, at=run.at)
