"""The services of a case before the real exports and the example company's databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from exports.models import Part
from requests_app import guards
from requests_app.law.words import Degree, Right
from requests_app.models import Case
from requests_app.moves import MOVES, MoveShut
from requests_app.services import identity
from requests_app.states import Outcome, State
from tests.exports.house import ANALYST, House, fresh, person

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]


def shut_because(case: Case, slug: str) -> str:
    """Why a move of an analyst is shut; empty if it is open."""
    try:
        MOVES[slug].check(fresh(case), ANALYST, case.received_on())
    except MoveShut as shut:
        return shut.sentence
    return ""


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.KNOW_CATEGORIES, Right.PORTABILITY, Right.DELETE])
def test_every_right_goes_its_whole_way(house: House, right: Right) -> None:
    case = house.closed(right)
    assert case.state == State.CLOSED
    assert not case.duties.unmet().exists()
    assert case.carried_out_at
    assert case.closed_at
    assert case.carried_out_at <= case.closed_at


def test_an_opt_out_closes_by_itself(house: House) -> None:
    (case,) = house.file(Right.OPT_OUT_SALE_SHARE).cases.all()
    assert case.state == State.CARRYING_OUT
    house.work()
    assert fresh(case).outcome == Outcome.FULFILLED
    assert not case.duties.unmet().exists()


def test_a_waived_source_makes_the_answer_partial(house: House) -> None:
    house.switch_off("web_log")
    case = house.reviewing(Right.KNOW_CATEGORIES)
    house.move(case, "start_gathering")
    house.work()
    house.move(case, "waive_source", source="web_log", reason="Down for the week.")
    house.work()
    assert fresh(case).state == State.DECIDING
    house.approve(case)
    assert fresh(case).outcome == Outcome.PARTLY_FULFILLED


def test_something_withheld_on_a_ground_for_data_needs_a_second_person(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert shut_because(case, "approve") == ""
    codes = {ground.code for ground in guards.grounds_to_withhold(case)}
    assert "ca_145k_rights_of_others" in codes
    assert "ca_130b_twice" not in codes
    offered = next(wanted for wanted in MOVES["withhold"].inputs if wanted.name == "code")
    assert offered.choices
    assert {code for code, _label in offered.choices(case)} == codes
    part = Part.objects.filter(run__case=case).first()
    assert part
    house.move(case, "withhold", finding=f"{part.pk}:0", code="ca_145k_rights_of_others")
    assert "Four eyes" in shut_because(case, "approve")
    house.approve(case)
    assert fresh(case).outcome == Outcome.PARTLY_FULFILLED


def test_the_data_map_says_how_sure_we_must_be_and_what_may_be_asked(house: House) -> None:
    case = house.file(Right.DELETE).cases.get()
    assert guards.requirement(case).degree == Degree.REASONABLY_HIGH
    asked = set(identity.questions(case.submission))
    assert {"phone", "birth_date", "account_number"} <= asked
    contesting = house.file(Right.CORRECT, correct_field="shop.customers.phone", correct_value="415 555 0123")
    assert set(identity.questions(contesting)) == asked - {"phone"}


def test_from_a_mailbox_that_we_do_not_know_three_points_of_one_record_find_that_record(house: House) -> None:
    """The law calls three points and a declaration enough (11 CCR 7062(c)): a new mailbox is no "nothing found"."""
    submission = house.file(Right.KNOW_SPECIFIC, email="new@example.com")
    house.prove(submission, person())
    case = submission.cases.get()
    assert case.state == State.REVIEWING
    house.move(case, "start_gathering")
    house.work()
    assert fresh(case).state == State.DECIDING
    assert Part.objects.get(run__case=case, collection="customers").records == 1


def test_a_stranger_who_knows_less_gets_none_of_it(house: House) -> None:
    submission = house.file(Right.KNOW_SPECIFIC, email="stranger@example.com")
    house.prove(submission, replace(person(), birth_date=date(1901, 1, 1)))
    case = submission.cases.get()
    assert case.state == State.VERIFYING
    assert "1 more data point" in shut_because(case, "accept_proof")
