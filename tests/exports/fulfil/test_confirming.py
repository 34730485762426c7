"""A value that is never disclosed, compared with what the example company holds."""

from __future__ import annotations

import pytest
from django.utils import timezone

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from requests_app.law.words import Right
from requests_app.models import Case, ValueAsked
from requests_app.ports import systems
from requests_app.services import confirming
from tests.exports.fulfil.test_choosing import choose
from tests.exports.house import House, person

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

LICENCE, BANK = "shop.customers.driver_licence_no", "shop.payments.bank_account_no"
PHONE = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0123"}


def answer(house: House, case: Case, field: str, value: str) -> bool | None:
    """Ask, and let the workers compare."""
    asked = confirming.ask(case.pk, field=field, value=value, at=timezone.now())
    house.work()
    return ValueAsked.objects.get(pk=asked.pk).is_held


def test_numbers_may_be_asked_about_and_passwords_may_not(house: House) -> None:
    assert [found.slug for found in systems().confirmable_fields("en")] == [LICENCE, BANK]
    assert systems().confirmable_fields("es")[0].title == "Número de la licencia de conducir"


def test_the_whole_value_is_compared_however_it_is_grouped_and_never_a_part_of_it(house: House) -> None:
    house.sql("shop", "UPDATE customers SET driver_licence_no = 'D123-4567' WHERE id = 7")
    case = house.reviewing(Right.CORRECT, **PHONE)
    assert answer(house, case, LICENCE, "d 1234567") is True
    assert answer(house, case, LICENCE, "D123") is False
    assert answer(house, case, LICENCE, "D123-4568") is False


def test_nothing_held_and_somebody_elses_number_are_answered_with_no(house: House) -> None:
    house.sql("shop", "UPDATE customers SET driver_licence_no = NULL WHERE id = 7")
    house.sql("shop", "UPDATE customers SET driver_licence_no = 'E999' WHERE id = 8")
    case = house.reviewing(Right.CORRECT, **PHONE)
    assert answer(house, case, LICENCE, "E999") is False


def test_of_a_mailbox_that_two_share_nothing_is_told_and_the_desk_hears_of_it(house: House) -> None:
    house.sql("shop", "UPDATE customers SET email = ? WHERE id = 8", person().email)
    house.sql("shop", "UPDATE customers SET driver_licence_no = 'D1' WHERE id = 7")
    house.sql("shop", "UPDATE customers SET driver_licence_no = 'E999' WHERE id = 8")
    case = house.reviewing(Right.CORRECT, **PHONE)
    assert answer(house, case, LICENCE, "E999") is None
    assert answer(house, case, LICENCE, "D1") is None, "or the other answer tells whose number it is"
    failed = Job.objects.filter(kind="compare_value", state=JobState.FAILED)
    assert {job.error.rpartition(".")[2] for job in failed} == {"WhichOfThese"}

    house.move(case, "start_gathering")
    house.work()
    assert answer(house, case, LICENCE, "E999") is None, "before anybody chose"
    choose(house, case, 7)
    assert answer(house, case, LICENCE, "E999") is None, "somebody else is reached, too"
    choose(house, case, 7, 8)
    assert answer(house, case, LICENCE, "E999") is True, "both are this person's"
    assert answer(house, case, LICENCE, "E998") is False


def test_what_hangs_on_the_person_is_found_too(house: House) -> None:
    case = house.reviewing(Right.CORRECT, **PHONE)
    held = house.sql(
        "shop",
        "SELECT bank_account_no FROM payments JOIN orders ON orders.id = payments.order_id"
        " WHERE orders.customer_id = 7 AND bank_account_no IS NOT NULL",
    )
    if held:
        assert answer(house, case, BANK, str(held[0][0])) is True
    assert answer(house, case, BANK, "000000000001") is False
