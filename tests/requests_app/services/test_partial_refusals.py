"""G11: a refusal of a part leaves the rest to be dealt with, and the case does not close before it is."""

from __future__ import annotations

import pytest
from django.db import transaction

from requests_app.guards import MoveShut
from requests_app.law.words import DutyKind, Right
from requests_app.move import InputRefused
from requests_app.services import closing
from requests_app.services.history import locked
from requests_app.services.letters import Letter
from requests_app.states import Outcome, State
from tests.requests_app.company import Company
from tests.requests_app.factories import APPROVER, AT, REASON, case_in, days, fresh, letters_of, move, run_jobs

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

FOR_DATA = {
    Right.KNOW_SPECIFIC: "ca_145k_rights_of_others",
    Right.PORTABILITY: "ca_145k_rights_of_others",
    Right.KNOW_CATEGORIES: "ca_145e_glba",
}


@pytest.mark.parametrize(("right", "code"), FOR_DATA.items())
def test_a_ground_against_some_data_refuses_no_request_for_all_of_it(right: Right, code: str) -> None:
    case = case_in(State.DECIDING, right)
    with pytest.raises(InputRefused, match="not one against the whole request"):
        move(case, "refuse", by=APPROVER, code=code, explanation="", reason=REASON)
    assert fresh(case).state == State.DECIDING


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.KNOW_CATEGORIES, Right.DELETE])
def test_the_case_closes_only_once_the_rest_is_carried_out(right: Right, company: Company) -> None:
    case = case_in(State.CARRYING_OUT, right)
    company.kept_back[case.pk] = 1
    company.left_to_do.add(case.pk)
    run_jobs()  # the letter is accepted, and something of the rest is not done
    assert fresh(case).state == State.CARRYING_OUT
    assert case.duties.unmet().of_kind(DutyKind.ANSWER).exists()
    company.left_to_do.clear()
    with transaction.atomic():
        closing.settle(locked(case.pk), at=AT + days(1))
    assert (fresh(case).outcome, fresh(case).closed_at) == (Outcome.PARTLY_FULFILLED, AT + days(1))


def test_what_was_kept_back_makes_the_outcome_partly_fulfilled_and_is_told(company: Company) -> None:
    case = case_in(State.CARRYING_OUT)
    company.kept_back[case.pk] = 2
    run_jobs()
    assert fresh(case).outcome == Outcome.PARTLY_FULFILLED
    letter = " ".join(letters_of(case.submission, Letter.ANSWER_READY)[0].split())
    assert "The file is not complete. It says in each place what is missing, and why." in letter


def test_a_part_that_was_withheld_is_not_approved_by_who_withheld_it_alone(company: Company) -> None:
    case = case_in(State.DECIDING)
    company.kept_back[case.pk] = 1
    with pytest.raises(MoveShut, match="Four eyes"):
        move(case, "approve")
    assert fresh(case).state == State.DECIDING
