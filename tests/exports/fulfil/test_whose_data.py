"""Whose data is found and changed: that of the record which was proved, in every source, and nobody else's."""

from __future__ import annotations

import pytest
from django.utils import timezone

from dsar.demo.people import Chosen, Person
from exports import findings
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.services import identity
from requests_app.states import State
from tests.exports.house import House, fresh, parts_of, person

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OTHER = "LO-100102"


def rows(case: Case, source: str, collection: str) -> list[findings.Record]:
    """Everything gathered of a collection."""
    return [record for part in parts_of(case, source, collection) for _number, record in findings.read(part)]


def deciding(house: House, right: Right, mailbox: str, knows: Person) -> Case:
    """A case from a mailbox, by somebody who knows what only this customer knows."""
    submission = house.file(right, email=mailbox, name=knows.name)
    identity.note_mailbox(submission, at=timezone.now())
    house.work()
    points = {"account_number": knows.account_no, "phone": knows.phone or "", "birth_date": str(knows.birth_date or "")}
    identity.offer_proof(submission, points=points, declared_name=knows.name, at=timezone.now())
    house.work()
    case = submission.cases.get()
    house.move(case, "start_gathering")
    house.work()
    assert fresh(case).state == State.DECIDING
    return fresh(case)


def test_an_account_of_ones_own_opens_nothing_of_the_mailboxs_owner(house: House) -> None:
    mine = person(OTHER)
    case = deciding(house, Right.KNOW_SPECIFIC, person(Chosen.EVERYWHERE).email or "", mine)
    assert [row["account_no"] for row in rows(case, "shop", "customers")] == [OTHER]
    assert not rows(case, "shop", "newsletter_subscribers"), "they are found by the mailbox alone"


def test_an_account_of_ones_own_deletes_nothing_of_the_mailboxs_owner(house: House) -> None:
    victim, mine = person(Chosen.EVERYWHERE), person(OTHER)
    case = deciding(house, Right.DELETE, victim.email or "", mine)
    house.approve(case)
    assert house.sql("shop", "SELECT name FROM customers WHERE account_no = ?", victim.account_no) == [(victim.name,)]
    assert house.sql("shop", "SELECT name FROM customers WHERE id = ?", mine.id) == [("[deleted]",)]


def test_who_writes_from_a_new_mailbox_gets_the_data_of_the_record_that_was_proved(house: House) -> None:
    mine = person(Chosen.EVERYWHERE)
    case = deciding(house, Right.KNOW_SPECIFIC, "brand.new@post.example", mine)
    assert [row["account_no"] for row in rows(case, "shop", "customers")] == [mine.account_no]
    assert rows(case, "web_log", "page_views")


def test_a_device_that_went_to_another_customer_leads_a_later_request_no_more(house: House) -> None:
    mine = person(Chosen.EVERYWHERE)
    first = deciding(house, Right.KNOW_SPECIFIC, mine.email or "", mine)
    sold, kept = sorted(str(row["device_id"]) for row in rows(first, "shop", "devices"))
    house.sql("shop", "UPDATE devices SET customer_id = ? WHERE device_id = ?", person(OTHER).id, sold)
    later = deciding(house, Right.DELETE, mine.email or "", mine)
    assert {row["device_id"] for row in rows(later, "web_log", "web_devices")} == {kept}
    house.move(first, "gather_again")
    house.work()
    assert {row["device_id"] for row in rows(first, "web_log", "web_devices")} == {kept}
