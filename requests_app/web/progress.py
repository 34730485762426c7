"""A case in words for the person whose request it is: how far it has come, what happens now, by when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from requests_app.law.words import Right, Route
from requests_app.models import Case, Duty, Submission
from requests_app.services import letters
from requests_app.services.history import local_day
from requests_app.states import Outcome, State

FULL: Mapping[State, Promise] = {
    State.RECEIVED: _("Received"),
    State.VERIFYING: _("Proving who you are"),
    State.REVIEWING: _("Reviewing"),
    State.GATHERING: _("Collecting"),
    State.DECIDING: _("Deciding"),
    State.CARRYING_OUT: _("Carrying out"),
    State.CLOSED: _("Closed"),
}
DIRECT: Mapping[State, Promise] = {
    State.RECEIVED: _("Received"),
    State.CARRYING_OUT: _("In force, telling recipients"),
    State.CLOSED: _("Closed"),
}
NOW: Mapping[State, Promise] = {
    State.RECEIVED: _("We have your request."),
    State.VERIFYING: _("We need to be sure that it is you who asks, before we touch your data."),
    State.CLARIFYING: _("We asked you a question; it is among the letters below. Please answer it by e-mail."),
    State.REVIEWING: _("Our privacy team is looking at your request."),
    State.GATHERING: _("We are looking for your data in all of our systems."),
    State.DECIDING: _("Our privacy team is checking what was found and decides."),
    State.CARRYING_OUT: _("It is decided; we are carrying it out."),
}
ENDED: Mapping[Outcome, Promise] = {
    Outcome.FULFILLED: _("Done: we did what you asked for."),
    Outcome.PARTLY_FULFILLED: _("Done in part. Our letter says what was left out, and why."),
    Outcome.REFUSED: _("We could not do what you asked for. Our letter says why."),
    Outcome.WITHDRAWN: _("You withdrew this request."),
    Outcome.DUPLICATE: _("This is part of another request of yours, and is answered there."),
    Outcome.REDIRECTED: _("This request belongs to another organisation. Our letter says which."),
}
# Closed after the whole way was gone; any other end leaves steps out.
ANSWERED = (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
IN_FORCE: Mapping[Right, Promise] = {
    Right.OPT_OUT_SALE_SHARE: _("It is in force. We are telling those who received your data since you asked."),
    Right.LIMIT_SENSITIVE: _("It is in force. We are telling those who process your data for us."),
}
# What the page shows as long as it holds; for opt-outs the words that 11 CCR 7026(g) gives as an example.
STAMPS: Mapping[Right, Promise] = {
    Right.OPT_OUT_SALE_SHARE: _("Opt-Out Request Honored"),
    Right.LIMIT_SENSITIVE: _("Use of Sensitive Data Limited"),
}


class Status(StrEnum):
    """Where a step of the line stands."""

    DONE = "done"
    CURRENT = "current"
    TO_COME = "to_come"


@dataclass(frozen=True)
class Step:
    """One step of the progress line."""

    label: Promise
    status: Status


@dataclass(frozen=True)
class Progress:
    """What the person is told about one case."""

    case: Case
    title: str
    steps: tuple[Step, ...]
    now: Promise
    answer: Duty | None
    working: str
    is_late: bool
    opt_out_holds: bool  # in force without proof
    stamp: Promise | None  # the words for that

    @property
    def due_on(self) -> date | None:
        """The date to tell, while somebody still waits for it."""
        return self.answer.due_on if self.answer and self.case.is_open else None


def all_progress(submission: Submission, language: str, *, at: datetime) -> list[Progress]:
    """How far each case of a submission has come, in the order of the form."""
    order = list(Right)
    cases = sorted(submission.cases.all(), key=lambda case: order.index(case.right_asked))
    return [progress(case, language, at=at) for case in cases]


def progress(case: Case, language: str, *, at: datetime) -> Progress:
    """How far this case has come."""
    answer = letters.earliest_answer(case)
    return Progress(
        case=case,
        title=letters.right_title(case, language),
        steps=_steps(case),
        now=_now(case),
        answer=answer,
        working=answer.explained(language) if answer else "",
        is_late=bool(answer and case.is_open and answer.is_late(local_day(at))),
        opt_out_holds=case.route == Route.DIRECT and case.outcome != Outcome.REFUSED,
        stamp=STAMPS.get(case.right_asked),
    )


def _steps(case: Case) -> tuple[Step, ...]:
    if case.state == State.CLOSED and case.outcome not in ANSWERED:
        return (Step(FULL[State.RECEIVED], Status.DONE), Step(FULL[State.CLOSED], Status.DONE))
    line = DIRECT if case.route == Route.DIRECT else FULL
    state = State(case.clarifying_from if case.state == State.CLARIFYING else case.state)
    here = list(line).index(state)
    last = len(line) - 1
    return tuple(
        Step(label, Status.DONE if place < here or here == last else _status(place, here))
        for place, label in enumerate(line.values())
    )


def _status(place: int, here: int) -> Status:
    return Status.CURRENT if place == here else Status.TO_COME


def _now(case: Case) -> Promise:
    if case.state == State.CLOSED:
        return ENDED[Outcome(case.outcome)]
    if case.route == Route.DIRECT and case.state == State.CARRYING_OUT:
        return IN_FORCE.get(case.right_asked, NOW[State.CARRYING_OUT])
    return NOW[State(case.state)]
