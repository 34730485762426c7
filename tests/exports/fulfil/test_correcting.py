"""Correcting: one field, in the rows that are meant, read back; what is unclear or refused goes back to a person."""

from __future__ import annotations

import pytest

from exports.company import CompanyWork
from exports.fulfil import trouble
from exports.fulfil.account import account_of
from exports.models import Act, DataMapVersion, DataSource
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.ports import CorrectableField
from requests_app.states import State
from tests.exports.house import NOW, House, facts_of, fresh, parts_of, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

PHONE = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0123"}
BIRTH = {"correct_field": "shop.customers.birth_date"}
STREET = {"correct_field": "shop.addresses.street", "correct_value": "12 New Street"}


def test_the_value_is_written_and_read_back_and_nothing_else_changes(house: House) -> None:
    before = house.sql("shop", "SELECT * FROM customers WHERE id != 7 ORDER BY id")
    case = house.closed(Right.CORRECT, **PHONE)
    assert (case.state, case.outcome) == (State.CLOSED, "fulfilled")
    assert house.sql("shop", "SELECT phone, name FROM customers WHERE id = 7") == [("+1 530 555 0123", person().name)]
    assert house.sql("shop", "SELECT * FROM customers WHERE id != 7 ORDER BY id") == before
    assert Act.objects.get(case=case).proof == {"customers": {"fields": {"phone": 1}, "rows": 1}}


def test_neither_event_nor_proof_holds_the_value(house: House) -> None:
    case = house.closed(Right.CORRECT, **PHONE)
    told = str(facts_of(case, EventKind.ACT_DONE)) + str(Act.objects.get(case=case).proof)
    assert "0123" not in told
    assert str(person().phone) not in told


@pytest.mark.parametrize("value", ["the day after tomorrow", "1990-13-40", "x" * 400])
def test_a_value_that_the_column_can_not_hold_goes_back_to_a_person(
    house: House, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setattr(CorrectableField, "is_day", False)  # as of a map that doesn't tell
    case = house.closed(Right.CORRECT, correct_value=value, **BIRTH)
    assert case.state == State.DECIDING
    because = str(facts_of(case, EventKind.HAND_BACK)[0]["because"])
    assert because == "value_of_another_kind"
    assert trouble.what_to_do(because).startswith("A column does not take a value of such a kind")
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


def streets(house: House) -> list[str]:
    """The streets of the person's addresses."""
    return [
        str(street) for (street,) in house.sql("shop", "SELECT street FROM addresses WHERE customer_id = 7 ORDER BY id")
    ]


def two_addresses(house: House, *held: str) -> None:
    """The person has one to deliver to and one for the bill."""
    house.sql("shop", "DELETE FROM addresses WHERE customer_id = 7")
    for street in held:
        house.sql(
            "shop",
            "INSERT INTO addresses (customer_id, kind, street, city, created_at)"
            " VALUES (7, 'x', ?, 'Reno', '2026-01-01')",
            street,
        )


def test_records_that_hold_different_values_are_not_overwritten_with_one(house: House) -> None:
    two_addresses(house, "1 Home Road", "2 Office Park")
    case = house.deciding(Right.CORRECT, **STREET)
    with pytest.raises(MoveShut, match="Several records hold this field, with different values"):
        house.approve(case)
    assert streets(house) == ["1 Home Road", "2 Office Park"]


def test_records_that_hold_one_and_the_same_value_are_all_corrected(house: House) -> None:
    two_addresses(house, "1 Home Road", "1 Home Road")
    case = house.closed(Right.CORRECT, **STREET)
    assert streets(house) == ["12 New Street", "12 New Street"]
    assert Act.objects.get(case=case).proof == {"addresses": {"fields": {"street": 2}, "rows": 2}}


def test_if_one_of_them_has_changed_since_none_is_corrected(house: House) -> None:
    two_addresses(house, "1 Home Road", "1 Home Road")
    case = house.deciding(Right.CORRECT, **STREET)
    house.sql("shop", "UPDATE addresses SET street = 'elsewhere' WHERE id = (SELECT max(id) FROM addresses)")
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert streets(house) == ["1 Home Road", "elsewhere"]


def test_one_that_was_right_from_the_start_says_nothing_of_the_one_that_is_meant(house: House) -> None:
    two_addresses(house, "12 New Street", "2 Office Park")
    case = house.deciding(Right.CORRECT, **STREET)
    with pytest.raises(MoveShut, match="Several records hold this field, with different values"):
        house.approve(case)


def test_the_one_that_was_corrected_by_hand_is_the_one_that_was_meant(house: House) -> None:
    two_addresses(house, "1 Home Road", "2 Office Park")
    case = house.deciding(Right.CORRECT, **STREET)
    house.sql("shop", "UPDATE addresses SET street = '12 New Street' WHERE street = '1 Home Road'")
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert streets(house) == ["12 New Street", "2 Office Park"]
    assert Act.objects.get(case=case).proof == {"addresses": {"fields": {"street": 1}, "rows": 1}}


def test_where_no_record_holds_the_field_nothing_can_be_approved(house: House) -> None:
    two_addresses(house)
    case = house.deciding(Right.CORRECT, **STREET)
    with pytest.raises(MoveShut, match="No record of this person holds this field"):
        house.approve(case)
    house.move(case, "refuse", code="ca_145j_not_retained", reason="There is no address.")
    assert fresh(case).state == State.CLOSED


def test_where_the_map_knows_the_field_no_more_nothing_can_be_approved(house: House) -> None:
    case = house.reviewing(Right.CORRECT, **STREET)
    source = DataSource.objects.get(slug="shop")
    renamed = source.map_version.text.replace("- name: addresses", "- name: places").replace(
        "from: addresses", "from: places"
    )
    source.map_version = DataMapVersion.accept(renamed, at=NOW)
    source.save()
    house.move(case, "start_gathering")
    house.work()
    with pytest.raises(MoveShut, match="No record of this person holds this field"):
        house.approve(case)


def test_where_the_source_was_waived_nothing_can_be_approved(house: House) -> None:
    case = house.reviewing(Right.CORRECT, **PHONE)
    house.switch_off("shop")
    house.move(case, "start_gathering")
    house.work()
    house.move(case, "waive_source", source="shop", reason="It is gone.")
    house.work()
    with pytest.raises(MoveShut, match="was waived: nothing can be corrected"):
        house.approve(case)


def test_findings_that_can_not_be_read_shut_the_approval(house: House) -> None:
    case = house.deciding(Right.CORRECT, **PHONE)
    (part,) = parts_of(case, "shop", "customers")
    (house.data / part.path).unlink()
    with pytest.raises(MoveShut, match="A file with what was found is damaged or lost"):
        house.approve(case)


def test_what_was_approved_before_is_handed_back_by_the_worker(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    two_addresses(house)
    case = house.deciding(Right.CORRECT, **STREET)
    monkeypatch.setattr(CompanyWork, "shut_because", lambda _work, _case, _on: "")
    house.approve(case)
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "no_record_to_correct"


def test_what_was_corrected_is_told_whatever_its_map_says_since(house: House) -> None:
    case = house.closed(Right.CORRECT, **PHONE)
    source = DataSource.objects.get(slug="shop")
    renamed = source.map_version.text.replace("- name: customers", "- name: people").replace(
        "from: customers", "from: people"
    )
    source.map_version = DataMapVersion.accept(renamed, at=NOW)
    source.save()
    assert account_of(case, "en") == (
        "Telephone number: corrected in Shop, and read back.",
        "We told these recipients of your data to do the same: Cardinal Pay Inc.; Northgate Parcel Inc.",
    )
