"""Carried out, told, closed: in whichever order it comes."""

from __future__ import annotations

import pytest
from django.db import transaction

from dsar.jobs.models import Job
from dsar.ledger import chains
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case
from requests_app.services import closing
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.company import Company
from tests.requests_app.factories import (
    APPROVER,
    AT,
    SAM,
    a_case,
    case_in,
    confirm,
    days,
    fresh,
    letters_of,
    move,
    offer,
    run_jobs,
)

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]


def carry_out(case: Case, at: object = AT) -> None:
    """What the last transaction of a worker does."""
    with transaction.atomic():
        closing.carried_out(case.pk, at=at, recipients=2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("right", "letter"),
    [
        (Right.KNOW_SPECIFIC, Letter.ANSWER_READY),
        (Right.PORTABILITY, Letter.ANSWER_READY),
        (Right.KNOW_CATEGORIES, Letter.CATEGORIES),
        (Right.DELETE, Letter.DELETED),
        (Right.CORRECT, Letter.CORRECTED),
    ],
)
def test_a_case_closes_with_the_letter_of_its_right_once_that_is_accepted(right: Right, letter: Letter) -> None:
    case = case_in(State.CARRYING_OUT, right)
    carry_out(case)
    assert fresh(case).state == State.CARRYING_OUT
    assert "Shop: 3 records." in letters_of(case.submission, letter)[0]
    run_jobs(AT + days(1))
    closed = fresh(case)
    assert (closed.state, closed.outcome, closed.closed_at) == (State.CLOSED, Outcome.FULFILLED, AT + days(1))
    assert not closed.duties.unmet().exists()
    assert closed.duties.get(kind=DutyKind.ANSWER).met_at == AT + days(1)
    assert chains.history(case.chain).get(kind="finish").facts == {
        "from": "carrying_out",
        "to": "closed",
        "outcome": "fulfilled",
    }


def test_an_opt_out_whose_letter_was_taken_first_closes_when_it_is_carried_out(company: Company) -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    company.to_carry_out.clear()
    run_jobs()
    assert fresh(case).state == State.CARRYING_OUT
    carry_out(case)
    assert fresh(case).state == State.CLOSED


def test_an_opt_out_that_is_carried_out_first_closes_when_its_letter_is_taken(company: Company) -> None:
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    company.to_carry_out.clear()
    carry_out(case)
    assert fresh(case).state == State.CARRYING_OUT
    assert not case.duties.unmet().exists()
    run_jobs()
    assert fresh(case).state == State.CLOSED


def test_a_letter_taken_between_the_last_act_and_its_report_closes_nothing_too_early(company: Company) -> None:
    """The workers have done all there is, but have not said so: what they say meets the duties."""
    case = a_case(Right.OPT_OUT_SALE_SHARE)
    company.to_carry_out.clear()
    run_jobs()
    assert company.is_carried_out(case)
    assert fresh(case).state == State.CARRYING_OUT
    assert case.duties.unmet().count() == 2


def test_being_told_twice_that_it_is_carried_out_writes_one_letter() -> None:
    case = case_in(State.CARRYING_OUT)
    carry_out(case)
    carry_out(case, AT + days(1))
    assert len(letters_of(case.submission, Letter.ANSWER_READY)) == 1
    assert chains.history(case.chain).filter(kind="carried_out").count() == 1
    assert fresh(case).carried_out_at == AT
    run_jobs()
    carry_out(case)
    assert fresh(case).state == State.CLOSED


def test_something_withheld_makes_it_partly_fulfilled(company: Company) -> None:
    case = case_in(State.CARRYING_OUT)
    company.kept_back[case.pk] = 2
    carry_out(case)
    run_jobs()
    assert fresh(case).outcome == Outcome.PARTLY_FULFILLED
    letter = " ".join(letters_of(case.submission, Letter.ANSWER_READY)[0].split())
    assert "The file is not complete. It says in each place what is missing, and why." in letter


def test_categories_in_the_place_of_specific_pieces_are_partly_fulfilled() -> None:
    case = a_case(Right.KNOW_SPECIFIC)
    confirm(case.submission)
    offer(case.submission, declared_name="", phone=SAM["phone"])
    move(case, "fall_back")
    move(case, "start_gathering")
    run_jobs()
    move(case, "approve", by=APPROVER)
    run_jobs()
    assert fresh(case).outcome == Outcome.PARTLY_FULFILLED
    assert letters_of(case.submission, Letter.CATEGORIES)
    assert not letters_of(case.submission, Letter.ANSWER_READY)


def test_providing_is_noted_once() -> None:
    case = case_in(State.CARRYING_OUT)
    closing.provided(case, at=AT)
    closing.provided(case, at=AT + days(1))
    assert fresh(case).submission.provided_at == AT


def test_what_is_handed_back_is_decided_anew() -> None:
    case = case_in(State.CARRYING_OUT, Right.DELETE)
    with transaction.atomic():
        closing.hand_back(case.pk, "data_changed_since_approval", at=AT)
    handed_back = fresh(case)
    assert (handed_back.state, handed_back.approved_at) == (State.DECIDING, None)
    again = move(case, "approve", by=APPROVER, at=AT + days(1))
    assert again.approved_at == AT + days(1)
    run_jobs()
    assert fresh(case).state == State.CLOSED


def test_what_is_carried_out_or_waits_for_nobody_is_not_handed_back() -> None:
    decided, done = case_in(State.DECIDING), case_in(State.CARRYING_OUT)
    carry_out(done)
    with transaction.atomic():
        closing.hand_back(done.pk, "limit_reached", at=AT)
        closing.hand_back(decided.pk, "limit_reached", at=AT)
    assert (fresh(done).state, fresh(decided).state) == (State.CARRYING_OUT, State.DECIDING)


def test_a_case_that_is_not_being_carried_out_can_t_be_reported_done() -> None:
    case = case_in(State.DECIDING)
    carry_out(case)
    assert fresh(case).state == State.DECIDING
    assert fresh(case).carried_out_at is None


def test_an_accepted_letter_that_answers_nothing_changes_nothing() -> None:
    case = case_in(State.CLARIFYING)
    run_jobs()
    assert fresh(case).state == State.CLARIFYING
    assert case.duties.unmet().of_kind(DutyKind.ANSWER).exists()
    assert not Job.objects.filter(state="waiting").exists()
