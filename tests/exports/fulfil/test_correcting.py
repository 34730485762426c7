"""Correcting: the one field, in every row of the plan, read back; what the source refuses goes back to a person."""

from __future__ import annotations

import pytest

from exports.fulfil import trouble
from exports.models import Act
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.states import State
from tests.exports.house import House, facts_of, fresh, person

pytestmark = pytest.mark.django_db(databases="__all__")

PHONE = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0123"}
BIRTH = {"correct_field": "shop.customers.birth_date"}


def test_the_value_is_written_and_read_back_and_nothing_else_changes(house: House) -> None:
    before = house.sql("shop", "SELECT * FROM customers WHERE id != 7 ORDER BY id")
    case = house.closed(Right.CORRECT, **PHONE)
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")
    assert house.sql("shop", "SELECT phone, name FROM customers WHERE id = 7") == [("+1 530 555 0123", person().name)]
    assert house.sql("shop", "SELECT * FROM customers WHERE id != 7 ORDER BY id") == before
    assert Act.objects.get(case=case).proof == {"customers": {"field": "phone", "rows": 1}}


def test_neither_event_nor_proof_holds_the_value(house: House) -> None:
    case = house.closed(Right.CORRECT, **PHONE)
    told = str(facts_of(case, EventKind.ACT_DONE)) + str(Act.objects.get(case=case).proof)
    assert "0123" not in told
    assert str(person().phone) not in told


@pytest.mark.parametrize("value", ["the day after tomorrow", "1990-13-40", "x" * 400])
def test_a_value_that_the_column_can_not_hold_goes_back_to_a_person(house: House, value: str) -> None:
    case = house.closed(Right.CORRECT, correct_value=value, **BIRTH)
    assert case.state == State.DECIDING
    because = str(facts_of(case, EventKind.HAND_BACK)[0]["because"])
    assert because == "value_not_accepted"
    assert trouble.what_to_do(because).startswith("The source does not take the corrected value")
    assert house.sql("shop", "SELECT birth_date FROM customers WHERE id = 7") == [(str(person().birth_date),)]


def test_a_value_that_somebody_else_has_goes_back_to_a_person(house: House) -> None:
    house.sql("shop", "CREATE UNIQUE INDEX one_phone ON customers (phone) WHERE id IN (7, 102)")
    taken = str(person("LO-100102").phone)
    case = house.closed(Right.CORRECT, correct_field="shop.customers.phone", correct_value=taken)
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "value_not_accepted"
    assert house.sql("shop", "SELECT phone FROM customers WHERE id = 7") == [(person().phone,)]


def test_a_field_that_changed_since_approval_is_not_overwritten(house: House) -> None:
    case = house.deciding(Right.CORRECT, **PHONE)
    house.sql("shop", "UPDATE customers SET phone = '999' WHERE id = 7")
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "data_changed_since_approval"
    assert house.sql("shop", "SELECT phone FROM customers WHERE id = 7") == [("999",)]


def test_after_gathering_again_it_can_be_approved_anew(house: House) -> None:
    case = house.deciding(Right.CORRECT, **PHONE)
    house.sql("shop", "UPDATE customers SET phone = '999' WHERE id = 7")
    house.approve(case)
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert house.sql("shop", "SELECT phone FROM customers WHERE id = 7") == [("+1 530 555 0123",)]


def test_what_stands_right_already_is_no_fault(house: House) -> None:
    case = house.deciding(Right.CORRECT, **PHONE)
    house.sql("shop", "UPDATE customers SET phone = ? WHERE id = 7", PHONE["correct_value"])
    house.approve(case)
    assert fresh(case).state == State.CLOSED
