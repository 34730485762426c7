"""A case in words for the person whose request it is: how far it has come, what happens now, by when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from requests_app import endings, waiting, who_asks
from requests_app.guards import requirement
from requests_app.law.words import Degree, Right, Route
from requests_app.models import Case, Duty, Submission
from requests_app.services import letters, opt_outs, opting_in
from requests_app.services.history import local_day
from requests_app.states import Outcome, State

FULL: Mapping[State, Promise] = {
    State.RECEIVED: _("Received"),
    State.VERIFYING: _("Identity"),
    State.REVIEWING: _("Reviewing"),
    State.GATHERING: _("Collecting"),
    State.DECIDING: _("Deciding"),
    State.CARRYING_OUT: _("Carrying out"),
    State.CLOSED: _("Closed"),
}
DECIDED: Mapping[State, Promise] = {
    State.RECEIVED: _("Received"),
    State.VERIFYING: _("Identity"),
    State.DECIDING: _("Deciding"),
    State.CARRYING_OUT: _("Answering"),
    State.CLOSED: _("Closed"),
}
DIRECT: Mapping[State, Promise] = {
    State.RECEIVED: _("Received"),
    State.CARRYING_OUT: _("In force"),
    State.CLOSED: _("Closed"),
}
# Where others are told of it.
TOLD_ON: Mapping[State, Promise] = {**DIRECT, State.CARRYING_OUT: _("In force, telling recipients")}
NOW: Mapping[State, Promise] = {
    State.RECEIVED: _("We have your request."),
    State.VERIFYING: _("We need to be sure that it is you who asks, before we touch your data."),
    State.CLARIFYING: _("We asked you a question; it is among the letters below. Please answer it by e-mail."),
    State.REVIEWING: _("Our privacy team is looking at your request."),
    State.GATHERING: _("We are looking for your data in all of our systems."),
    State.DECIDING: _("Our privacy team is checking what was found and decides."),
    State.CARRYING_OUT: _("It is decided; we are carrying it out."),
}
# On the route that only decides nothing is searched.
NOW_DECIDED: Mapping[State, Promise] = {
    State.DECIDING: _("A person is looking into it, and writes you the answer."),
    State.CARRYING_OUT: _("It is decided; the answer is on its way to you."),
}
FOR_ANOTHER = _("We need to know whose data it is, and that you may ask for it, before we touch anything.")
ENDED: Mapping[Outcome, Promise] = {
    Outcome.FULFILLED: _("Done: we did what you asked for."),
    Outcome.PARTLY_FULFILLED: _("Done in part. Our letter says what was left out, and why."),
    Outcome.REFUSED: _("We could not do what you asked for. Our letter says why."),
    Outcome.WITHDRAWN: _("You withdrew this request."),
    Outcome.DUPLICATE: _("This is part of another request of yours, and is answered there."),
    Outcome.REDIRECTED: _("This request belongs to another organisation. Our letter says which."),
}
# What ends otherwise for whoever else looks: who asks for somebody, and the person, may each have taken it back.
TAKEN_BACK = _("This request was withdrawn.")
# What is said otherwise to the person for whom somebody else asks: our letters go to who asks, whom they may not know.
FOR_PERSON = _("We need to know whose data it is, and that whoever asks may ask for it, before we touch anything.")
NOW_PERSON: Mapping[State, Promise] = {
    **NOW,
    State.RECEIVED: _("We have the request."),
    State.CLARIFYING: _("We asked whoever asks for you a question, and wait for the answer."),
    State.REVIEWING: _("Our privacy team is looking at the request."),
}
NOW_DECIDED_PERSON: Mapping[State, Promise] = {
    State.DECIDING: _("A person is looking into it, and writes the answer."),
    State.CARRYING_OUT: _("It is decided; the answer is on its way."),
}
ENDED_PERSON: Mapping[Outcome, Promise] = {
    Outcome.FULFILLED: _("Done: we did what was asked for."),
    Outcome.PARTLY_FULFILLED: _("Done in part. Our letter to whoever asks for you says what was left out, and why."),
    Outcome.REFUSED: _("We could not do what was asked for. Our letter to whoever asks for you says why."),
    Outcome.WITHDRAWN: TAKEN_BACK,
    Outcome.DUPLICATE: _("This is part of another request, and is answered there."),
    Outcome.REDIRECTED: _(
        "This request belongs to another organisation. Our letter to whoever asks for you says which."
    ),
}
# What asks for nothing but an answer is not done when it was answered, whatever the answer says.
BY_ANSWER = (Right.COMPLAINT, Right.INQUIRY)
# Closed after the whole way was gone; any other end leaves steps out.
ANSWERED = (Outcome.FULFILLED, Outcome.PARTLY_FULFILLED)
IN_FORCE: Mapping[Right, Promise] = {
    Right.OPT_OUT_SALE_SHARE: _("It is in force. We are telling those who received your data since you asked."),
    Right.LIMIT_SENSITIVE: _("It is in force. We are telling those who process your data for us."),
    Right.OBJECT_MARKETING: _("It is in force: what you named is on the list that our systems have to follow."),
    Right.WITHDRAW_CONSENT: _("It is in force: what you named is on the list that our systems have to follow."),
}
ON_THE_LIST = _("It is in force: what was named is on the list that our systems have to follow.")
IN_FORCE_PERSON: Mapping[Right, Promise] = {
    **IN_FORCE,
    Right.OPT_OUT_SALE_SHARE: _("It is in force. We are telling those who received your data since it was asked for."),
    Right.OBJECT_MARKETING: ON_THE_LIST,
    Right.WITHDRAW_CONSENT: ON_THE_LIST,
}
# What the page shows as long as it holds; for opt-outs the words that 11 CCR 7026(g) gives as an example.
STAMPS: Mapping[Right, Promise] = {
    Right.OPT_OUT_SALE_SHARE: _("Opt-Out Request Honored"),
    Right.LIMIT_SENSITIVE: _("Use of Sensitive Data Limited"),
    Right.OBJECT_MARKETING: _("Marketing Stopped"),
}
RESTRICTED = _("Restricted: we only store the data in question.")


class Status(StrEnum):
    """Where a step of the line stands."""

    DONE = "done"
    CURRENT = "current"
    TO_COME = "to_come"


@dataclass(frozen=True)
class Words:
    """How it is said to whoever looks."""

    now: Mapping[State, Promise]
    decided: Mapping[State, Promise]  # what differs on the route that only decides
    in_force: Mapping[Right, Promise]
    ended: Mapping[Outcome, Promise]
    answered: Promise  # of what asked for nothing but an answer
    for_another: Promise


@dataclass(frozen=True)
class ChoiceWords:
    """How it is said where a choice to opt in stands, whose second step is one person's alone."""

    to_confirm: Promise
    signed: Promise
    noted: Promise
    in_force: Promise
    stays: Promise


TO_WHO_CONFIRMS = ChoiceWords(
    to_confirm=_("Please confirm your choice: the link is in our letter. Until then nothing changes."),
    signed=_(
        "You signed. Before anything changes we have to be sure that you are the parent or guardian: what shows it"
        " stands above."
    ),
    noted=_("You confirmed your choice, and we have noted it."),
    in_force=_("You confirmed it: your opt-out has ended."),
    stays=_("You confirmed it. An opt-out of the same data is in force and stays."),
)
# To an agent, for whom the person confirms; and to a child, for whom a parent does.
TO_WHO_LOOKS_ON = ChoiceWords(
    to_confirm=_(
        "The person whose choice it is has to confirm it, by the link in our letter to them. Until then nothing"
        " changes."
    ),
    signed=_("It is signed. Before anything changes we have to be sure that a parent or guardian signed it."),
    noted=_("The choice was confirmed, and we have noted it."),
    in_force=_("The choice was confirmed: the opt-out has ended."),
    stays=_("The choice was confirmed. An opt-out of the same data is in force and stays."),
)


TO_WHO_ASKS = Words(
    NOW, NOW_DECIDED, IN_FORCE, ENDED, answered=_("Answered: the answer is in our letter."), for_another=FOR_ANOTHER
)
TO_PERSON = Words(
    NOW_PERSON,
    NOW_DECIDED_PERSON,
    IN_FORCE_PERSON,
    ENDED_PERSON,
    answered=_("Answered: the answer is in our letter to whoever asks for you."),
    for_another=FOR_PERSON,
)


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
    stands_still: bool  # the date moves on with every day that we wait for an answer of the person
    opt_out_holds: bool  # in force without proof
    ended_on: date | None  # until a later choice to opt in
    is_restricted: bool  # and so is this, until it is decided, and longer if it is granted
    stamp: Promise | None  # the words for that
    may_be_withdrawn: bool
    can_appeal: bool
    appeals: tuple[Case, ...]

    @property
    def waits_for_proof(self) -> bool:
        """Whether something has to be proved first."""
        return self.case.state == State.VERIFYING

    @property
    def waits_for_a_word(self) -> bool:
        """Whether it is a choice to opt in whose second step has not come: nothing happens before."""
        return self.case.right_asked == Right.OPT_IN and self.case.state == State.RECEIVED

    @property
    def tells_recipients(self) -> bool:
        """Whether others are told of it."""
        return self.case.right_asked in opt_outs.OPT_OUTS

    @property
    def due_on(self) -> date | None:
        """The date to tell, while somebody still waits for it."""
        return self.answer.due_on if self.answer and self.case.is_open and self.ended_on is None else None


def all_progress(submission: Submission, language: str, *, at: datetime, words: Words = TO_WHO_ASKS) -> list[Progress]:
    """How far each case of a submission has come, in the order of the form."""
    order = list(Right)
    cases = sorted(submission.cases.all(), key=lambda case: order.index(case.right_asked))
    return [progress(case, language, at=at, words=words) for case in cases]


def progress(case: Case, language: str, *, at: datetime, words: Words = TO_WHO_ASKS) -> Progress:
    """How far this case has come."""
    answer, restricted, ended_at = letters.earliest_answer(case), case.is_restricted, opt_outs.ended_at(case)
    return Progress(
        case=case,
        title=letters.right_title(case, language),
        steps=_steps(case),
        now=_now(case, words),
        answer=answer,
        working=answer.explained(language) if answer else "",
        is_late=bool(answer and case.is_open and answer.is_late(local_day(at))),
        stands_still=case.state == State.CLARIFYING and waiting.stands_still(case),
        opt_out_holds=_holds(case) and ended_at is None,
        ended_on=local_day(ended_at) if ended_at else None,
        is_restricted=restricted,
        may_be_withdrawn=endings.may_be_withdrawn(case),
        can_appeal=endings.can_appeal(case, local_day(at)),
        appeals=tuple(case.followed_by.filter(right=Right.APPEAL).select_related("submission")),
        stamp=RESTRICTED if restricted else STAMPS.get(case.right_asked),
    )


def person_confirms(submission: Submission) -> bool:
    """Whether an opt-in is not confirmed by who asks for it: for an agent the person does, and a parent for a child."""
    return submission.for_another and not opting_in.wants_signature(submission)


def _holds(case: Case) -> bool:
    """Whether something is in force without proof."""
    if case.route != Route.DIRECT:
        return False
    return case.right_asked != Right.OPT_IN and case.outcome != Outcome.REFUSED


def _steps(case: Case) -> tuple[Step, ...]:
    if case.state == State.CLOSED and case.outcome not in ANSWERED:
        return (Step(FULL[State.RECEIVED], Status.DONE), Step(FULL[State.CLOSED], Status.DONE))
    line = _line(case)
    state = State(case.clarifying_from if case.state == State.CLARIFYING else case.state)
    here = list(line).index(state)
    last = len(line) - 1
    return tuple(
        Step(label, Status.DONE if place < here or here == last else _status(place, here))
        for place, label in enumerate(line.values())
    )


def _line(case: Case) -> Mapping[State, Promise]:
    """The steps of this case's way; who has nothing to prove is not shown a step for it."""
    match Route(case.route):
        case Route.DIRECT:
            return TOLD_ON if case.right_asked in opt_outs.OPT_OUTS else DIRECT
        case Route.FULL:
            return FULL
    if case.state == State.VERIFYING or requirement(case).degree > Degree.NONE:
        return DECIDED
    return {state: label for state, label in DECIDED.items() if state != State.VERIFYING}


def _status(place: int, here: int) -> Status:
    return Status.CURRENT if place == here else Status.TO_COME


def _now(case: Case, words: Words) -> Promise:
    if case.right_asked == Right.OPT_IN and (said := _now_of_opt_in(case, _words_on_choice(case, words))) is not None:
        return said
    if case.state == State.CLOSED:
        return _ended(case, words)
    if case.route == Route.DIRECT and case.state == State.CARRYING_OUT:
        return words.in_force.get(case.right_asked, words.now[State.CARRYING_OUT])
    if case.state == State.VERIFYING and case.submission.for_another:
        return words.for_another
    if case.route == Route.DECIDE_ONLY:
        return words.decided.get(State(case.state), words.now[State(case.state)])
    return words.now[State(case.state)]


def _ended(case: Case, words: Words) -> Promise:
    if case.outcome == Outcome.WITHDRAWN and case.submission.for_another:
        return TAKEN_BACK
    if case.outcome == Outcome.FULFILLED and case.right_asked in BY_ANSWER:
        return words.answered
    return words.ended[Outcome(case.outcome)]


def _words_on_choice(case: Case, words: Words) -> ChoiceWords:
    """The one who looks is the one who confirms, or is not."""
    return TO_WHO_CONFIRMS if (words is TO_PERSON) == person_confirms(case.submission) else TO_WHO_LOOKS_ON


def _now_of_opt_in(case: Case, words: ChoiceWords) -> Promise | None:
    """What is said of a choice to opt in alone; None: what is said of every request."""
    if case.state == State.RECEIVED:
        return words.signed if who_asks.is_signed(case.submission) else words.to_confirm
    is_done = case.state == State.CARRYING_OUT or case.outcome == Outcome.FULFILLED
    if is_done and opt_outs.still_opted_out(case.submission).exists():
        return words.stays
    if case.state == State.CARRYING_OUT:
        return words.in_force if opt_outs.has_ended_one(case) else words.noted
    return None
