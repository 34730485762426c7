"""The specific pieces within a correction, to be checked: verified like any request for them, and never counted."""

from __future__ import annotations

import pytest

from dsar.ledger import chains
from requests_app import limiting
from requests_app.guards import MoveShut
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, LookBack, Submission
from requests_app.services import checking
from requests_app.states import Outcome, State
from tests.requests_app.factories import (
    APPROVER,
    AT,
    a_case,
    a_person_with,
    a_submission,
    case_in,
    days,
    fresh,
    move,
    prove,
    run_jobs,
    shut_because,
    the_case,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]


def see(correction: Case, *, on: int = 0) -> Case:
    """The person asks to see what is held."""
    return fresh(checking.ask_to_see(correction.pk, at=AT + days(on)))


def shown(case: Case) -> Case:
    """The desk collects it, looks it through and hands it over."""
    move(case, "start_gathering")
    run_jobs()
    move(case, "approve", by=APPROVER)
    run_jobs()
    return fresh(case)


def test_it_is_a_case_of_the_same_request_whose_identity_is_accepted_by_what_was_proved() -> None:
    correction = case_in(State.REVIEWING, Right.CORRECT)
    case = see(correction)
    assert (case.state, case.submission_id, case.about) == (State.REVIEWING, correction.submission_id, correction)
    assert chains.history(correction.chain).get(kind="pieces_asked").facts == {"citation": "11 CCR 7023(j)"}
    assert case.submission.look_back == LookBack.EVERYTHING


def test_it_runs_by_the_dates_of_the_correction_and_its_receipt_needs_no_second_notice() -> None:
    correction = case_in(State.REVIEWING, Right.CORRECT)
    case = see(correction, on=20)
    answer, of_correction = (each.duties.get(kind=DutyKind.ANSWER) for each in (case, correction))
    assert answer.due_on == of_correction.due_on
    assert case.duties.get(kind=DutyKind.ACKNOWLEDGE).met_at == AT


def test_what_was_shown_is_counted_by_nobody() -> None:
    correction = case_in(State.REVIEWING, Right.CORRECT)
    done = shown(see(correction))
    assert (done.outcome, done.submission.provided_at) == (Outcome.FULFILLED, None)
    count = limiting.limit_count(case_in(State.REVIEWING, at=AT + days(1)))
    assert count is not None
    assert count.counted == 0


def test_it_is_shown_also_to_whom_the_limit_of_the_year_is_reached_for() -> None:
    a_person_with(2)
    case = see(case_in(State.REVIEWING, Right.CORRECT))
    assert limiting.limit_count(case) is None
    assert shown(case).outcome == Outcome.FULFILLED
    ordinary = case_in(State.REVIEWING, at=AT)
    assert "Information was already provided 2 times" in shut_because(ordinary, "start_gathering")


def test_an_ordinary_request_of_the_same_submission_still_counts() -> None:
    submission = a_submission(Right.KNOW_SPECIFIC, Right.CORRECT)
    prove(submission)
    with pytest.raises(MoveShut, match="asked for a copy of your data with this request already"):
        see(the_case(submission, Right.CORRECT))
    shown(the_case(submission, Right.KNOW_SPECIFIC))
    assert Submission.objects.get(pk=submission.pk).provided_at == AT


def test_it_is_asked_once_and_not_before_the_identity_is_accepted() -> None:
    with pytest.raises(MoveShut, match="not sure enough yet"):
        see(a_case(Right.CORRECT))
    correction = case_in(State.REVIEWING, Right.CORRECT)
    see(correction)
    with pytest.raises(MoveShut, match="stands on this page"):
        see(correction)


@pytest.mark.parametrize(("right", "residence"), [(Right.DELETE, "US-CA"), (Right.CORRECT, "DE")])
def test_there_is_no_such_thing_outside_a_correction_under_a_law_that_says_so(right: Right, residence: str) -> None:
    case = case_in(State.REVIEWING, right, residence=residence)
    with pytest.raises(MoveShut):
        see(case)
