"""Waiving a source that can't be searched, or in which a deletion is stuck: the case goes on, and tells of the gap."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.ledger import chains
from exports.fulfil import acts, gather
from exports.fulfil.tasks import asking
from exports.models import UNFINISHED, RunState, SourceRun, TaskKind, TaskState
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import SYSTEM, Actor
from requests_app.services import closing, review
from requests_app.services.history import record
from requests_app.states import State

LEFT_OUT = "left_out"  # why the case went back to be approved without a source


@performs("waive_source")
def waive_source(case: Case, *, actor: Actor, at: datetime, source: str, reason: str) -> None:
    """Go on without a source of the present round, for a reason that is kept sealed; then see what is still open."""
    if case.state != State.GATHERING:
        _leave_out(case, actor=actor, at=at, source=source, reason=reason)
        return
    of_round = SourceRun.objects.select_related("case__submission").filter(case=case, round=case.gathering_round)
    open_runs = of_round.filter(source__slug=source, state__in=UNFINISHED)
    run = open_runs.select_for_update(of=("self",)).first()  # a worker that is writing to it comes first, or not at all
    if run is None:
        raise InputRefused({"source": _("No source of this name is waiting, running or failed.")})
    gather.waive(run, by=actor.slug, reason=reason, at=at)
    record(case, EventKind.WAIVE_SOURCE, by=actor, at=at, source=source)
    review.settle(case, at=at)


def stuck_in(case: Case) -> list[str]:
    """The sources in which an approved deletion is not done, and that nobody is at; none while a worker may be.

    Once one was waived, the others of the same approval, too: nothing is tried before the next.
    """
    if case.right_answered != Right.DELETE:
        return []
    jobs = Job.objects.filter(kind="carry_out", arguments__case=str(case.pk))
    if case.state == State.CARRYING_OUT and case.carried_out_at is None and jobs.filter(state=JobState.FAILED).exists():
        return [] if jobs.filter(state__in=(JobState.WAITING, JobState.RUNNING)).exists() else acts.left_to_do(case)
    return acts.left_to_do(case) if case.state == State.DECIDING and _went_back_for_one(case) else []


def _went_back_for_one(case: Case) -> bool:
    since = (EventKind.APPROVE, EventKind.HAND_BACK, EventKind.GATHER_AGAIN, EventKind.REOPEN)
    last = chains.history(case.chain).filter(kind__in=since).order_by("-sequence").first()
    return last is not None and last.kind == EventKind.HAND_BACK and last.facts["because"] == LEFT_OUT


def _leave_out(case: Case, *, actor: Actor, at: datetime, source: str, reason: str) -> None:
    """What was found there stays, and is told to the person; somebody else approves what is left of the deletion.

    The run is locked before it is judged: a worker that is about to delete there looks at it under the same lock.
    """
    of_round = SourceRun.objects.filter(case=case, round=case.gathering_round, state=RunState.DONE)
    runs = of_round.select_related("case__submission", "source").filter(source__slug=source)
    run = runs.select_for_update(of=("self",)).first()
    if run is None or source not in stuck_in(case):
        raise InputRefused({"source": _("In no source of this name is the deletion stuck.")})
    run.state, run.waived_by, run.waiver = RunState.WAIVED, actor.slug, reason
    run.past_keeping = {}
    run.save()
    asked = case.tasks.filter(source=run.source, round=run.round, kind=TaskKind.DELETE, state=TaskState.OPEN)
    asking.cancel(asked, by=SYSTEM, at=at)
    record(case, EventKind.WAIVE_SOURCE, by=actor, at=at, source=source)
    closing.hand_back(case.pk, LEFT_OUT, at=at)
