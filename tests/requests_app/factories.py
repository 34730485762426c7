"""People, their requests, and the desk: every case walks to its state through the services, as in life.

The clock of the machine stands still long before every ``at`` (see ``a_clock_that_stands_still``): whatever a service
writes down has the moment that it was given.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.running import Outcome as JobOutcome
from dsar.jobs.running import execute
from requests_app import ports
from requests_app.law.words import Right
from requests_app.models import Case, Channel, Organisation, Submission
from requests_app.moves import offers
from requests_app.roles import PERSON, Actor, Role
from requests_app.services import identity, moving
from requests_app.services.history import local_day
from requests_app.services.intake import Intake, receive_submission
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.requests_app.company import SAM, Company

AT = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # a Monday, ten in the morning in California
ANALYST = Actor("staff:1", frozenset({Role.ANALYST}))
OTHER_ANALYST = Actor("staff:2", frozenset({Role.ANALYST}))
APPROVER = Actor("staff:3", frozenset({Role.APPROVER}))
REASON = "Written down by hand."
DIRECT = (Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE)
BY_HAND = (Right.OBJECT_MARKETING, Right.WITHDRAW_CONSENT)
DECIDED_ONLY = (Right.COMPLAINT, Right.INQUIRY, Right.APPEAL)
PROVED_AND_DECIDED = (
    Right.RESTRICT,
    Right.OBJECT,
    Right.ACCESS_AUTOMATED,
    Right.REVIEW_AUTOMATED,
    Right.APPEAL_AUTOMATED,
    Right.SHINE_THE_LIGHT,
)
ANSWER = "We looked into it, and have put it right."
PROOF = "Ticket 4711, closed."


def days(number: int) -> timedelta:
    """Calendar days."""
    return timedelta(days=number)


def the_organisation(**changes: object) -> Organisation:
    """The organisation that is asked."""
    usual = {
        "legal_name": "Acorn & Oak, Inc.",
        "display_name": "Acorn & Oak",
        "postal_address": "120 Harbor Street\nOakland, CA 94607",
        "contact_email": "privacy@acorn.example",
        "policy_url": "https://acorn.example/privacy",
    }
    return Organisation.objects.get_or_create(slug="acorn", defaults={**usual, **changes})[0]


def an_intake(*rights: Right, **changes: object) -> Intake:
    """A message of Sam's, by the web form."""
    usual = Intake(
        organisation=the_organisation(),
        channel=Channel.WEB,
        residence="US-CA",
        rights=rights or (Right.KNOW_SPECIFIC,),
        name="Sam Rivera",
        email=SAM["email"],
        correct_field="shop.people.nickname",
        correct_value="Sammy",
    )
    return replace(usual, intake_key=uuid.uuid4(), **changes)  # type: ignore[arg-type]


def a_submission(*rights: Right, at: datetime = AT, **changes: object) -> Submission:
    """A submission that was just received."""
    return receive_submission(an_intake(*rights, **changes), by=PERSON, at=at)


def a_case(*rights: Right, at: datetime = AT, **changes: object) -> Case:
    """The (first) case of a new submission."""
    submission = a_submission(*rights, at=at, **changes)
    return the_case(submission, rights[0] if rights else Right.KNOW_SPECIFIC)


def the_case(submission: Submission, right: Right) -> Case:
    """A submission's case of this right, fresh from the database."""
    return submission.cases.select_related("submission__organisation", "submission__subject").get(right=right)


def fresh(case: Case) -> Case:
    """The case as it stands now."""
    return Case.objects.select_related("submission__organisation", "submission__subject").get(pk=case.pk)


def letters_of(submission: Submission, letter: Letter) -> list[str]:
    """The texts of a kind of letter, the newest first."""
    return [message.text for message in submission.messages.filter(letter=letter).order_by("-queued_at")]


def code_in(submission: Submission, letter: Letter = Letter.RECEIPT) -> str:
    """The code in the newest letter of a kind."""
    (text, *_older) = letters_of(submission, letter)
    found = re.search(r"^(?:.*/(?:confirm|opt-in)/R-\S+/)?([2-9A-Z]{8})/?$", text, re.MULTILINE)
    assert found
    return found[1]


def run_jobs(at: datetime = AT, *, may_fail: bool = False) -> list[JobOutcome]:
    """Do every job that waits, whatever comes of it, and the company's work; how each attempt ended."""
    outcomes: list[JobOutcome] = []
    company = ports.work()
    while True:
        due = Job.objects.filter(state=JobState.WAITING, run_at__lte=at).order_by("run_at", "created_at")
        attempts = [execute(job.pk, clock=lambda: at) for job in due]
        outcomes += attempts
        worked = isinstance(company, Company) and company.work(at)
        if not attempts and not worked:
            break
    assert may_fail or set(outcomes) <= {JobOutcome.DONE}
    return outcomes


def confirm(submission: Submission, *, at: datetime = AT) -> None:
    """The person confirms the mailbox with the code in the receipt."""
    assert identity.confirm_mailbox(submission, code_in(submission), at=at)
    run_jobs(at)
    submission.refresh_from_db()


def offer(submission: Submission, *, at: datetime = AT, declared_name: str = "Sam Rivera", **points: str) -> None:
    """The person answers questions, and the worker compares the answers."""
    identity.offer_proof(submission, points=points, declared_name=declared_name, at=at)
    run_jobs(at)


def prove(submission: Submission, *, at: datetime = AT) -> None:
    """The person proves all that may be asked: mailbox, every question, declaration."""
    confirm(submission, at=at)
    if not submission.cases.unproved().exists():  # what came with the request was enough
        return
    company = ports.systems()
    assert isinstance(company, Company)
    record = next(person for person in company.people if person["email"] == submission.email)
    points = {kind: record[kind] for kind in identity.questions(submission)}
    offer(submission, at=at, declared_name=submission.name, **points)


def move(case: Case, slug: str, *, by: Actor = ANALYST, at: datetime = AT, **inputs: str) -> Case:
    """Make a move on the case as it stands now."""
    current = fresh(case)
    return moving.perform(slug, case_id=case.pk, version=current.version, actor=by, at=at, inputs=inputs)


def case_in(state: State, right: Right = Right.KNOW_SPECIFIC, *, at: datetime = AT, **changes: object) -> Case:
    """A case that walked to this state; a clarifying one comes from reviewing, a closed one is fulfilled."""
    case = a_case(right, at=at, **changes)
    if right in DIRECT:
        return _walk(case, state, {State.CARRYING_OUT: lambda: None, State.CLOSED: lambda: run_jobs(at)})
    if right in BY_HAND:
        done = {State.CARRYING_OUT: lambda: None, State.CLOSED: lambda: done_by_hand(case, at=at)}
        return _walk(case, state, done)
    if right in (*DECIDED_ONLY, *PROVED_AND_DECIDED):
        return _walk_to_a_decision(case, state, at=at)
    steps: Mapping[State, Callable[[], object]] = {
        State.VERIFYING: lambda: None,
        State.REVIEWING: lambda: prove(case.submission, at=at),
        State.GATHERING: lambda: move(case, "start_gathering", at=at),
        State.DECIDING: lambda: run_jobs(at),
        State.CARRYING_OUT: lambda: move(case, "approve", by=APPROVER, at=at),
        State.CLOSED: lambda: run_jobs(at),
    }
    if state == State.CLARIFYING:
        _walk(case, State.REVIEWING, steps)
        return fresh(move(case, "ask_clarification", at=at, question="Which of the two?"))
    return _walk(case, state, steps)


def done_by_hand(case: Case, *, at: datetime = AT) -> None:
    """Somebody does what no worker does, and notes it; the person is told."""
    run_jobs(at)
    move(case, "note_done", at=at, proof=PROOF)
    run_jobs(at)


def answer(case: Case, *, by: Actor = APPROVER, at: datetime = AT) -> Case:
    """The analyst writes the answer, somebody approves it, and it goes out."""
    write(case, at=at)
    move(case, "approve", by=by, at=at)
    run_jobs(at)
    return fresh(case)


def write(case: Case, *, by: Actor = ANALYST, at: datetime = AT, text: str = ANSWER) -> Case:
    """Somebody writes the answer."""
    return move(case, "write_answer", by=by, at=at, text=text, proof=PROOF, review="upheld")


def _walk_to_a_decision(case: Case, state: State, *, at: datetime) -> Case:
    steps: dict[State, Callable[[], object]] = {
        State.DECIDING: lambda: None,
        State.CARRYING_OUT: lambda: (write(case, at=at), move(case, "approve", by=APPROVER, at=at)),
        State.CLOSED: lambda: run_jobs(at),
    }
    if case.right_asked in PROVED_AND_DECIDED:
        to_prove = {State.VERIFYING: lambda: None, State.DECIDING: lambda: prove(case.submission, at=at)}
        steps = {**to_prove, **{reached: step for reached, step in steps.items() if reached not in to_prove}}
    if state == State.CLARIFYING:
        _walk(case, State.DECIDING, steps)
        return fresh(move(case, "ask_clarification", at=at, question="Which of the two?"))
    return _walk(case, state, steps)


def _walk(case: Case, wanted: State, steps: Mapping[State, Callable[[], object]]) -> Case:
    for reached, step in steps.items():
        step()
        case = fresh(case)
        assert case.state == reached
        if reached == wanted:
            return case
    raise AssertionError(f"no case of this right comes to {wanted}")


def answered(*rights: Right, at: datetime, **changes: object) -> Submission:
    """A submission in which information was provided, although the limit may be reached; closed by now."""
    case = case_in(State.REVIEWING, rights[0] if rights else Right.KNOW_CATEGORIES, at=at, **changes)
    if shut_because(case, "start_gathering"):
        move(case, "decide_limit", at=at, choice="answer_anyway", reason=REASON)
    move(case, "start_gathering", at=at)
    run_jobs(at)
    move(case, "approve", by=APPROVER, at=at)
    run_jobs(at)
    submission = fresh(case).submission
    assert submission.provided_at == at
    return submission


def a_person_with(number: int, *, before: datetime = AT) -> list[Submission]:
    """Sam, with so many answered requests to know in the months before."""
    return [answered(at=before - days(30 * place)) for place in range(number, 0, -1)]


def shut_because(case: Case, slug: str, *, by: Actor = ANALYST, at: datetime = AT) -> str:
    """Why a move is shut, with its citation; empty if it is open."""
    offer = next(offer for offer in offers(fresh(case), by, local_day(at)) if offer.move.slug == slug)
    return f"{offer.shut_because} ({offer.citation})" if offer.citation else offer.shut_because
