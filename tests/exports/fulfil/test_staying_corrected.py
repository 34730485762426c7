"""What was corrected stays so: a wrong value that comes back is found by any later gathering, and told."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from dsar.vault import digests
from exports.admin.attention import attention
from exports.fulfil import staying_corrected
from exports.models import CameBack, Corrected, DataSource
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from tests.exports.house import ANALYST, NOW, House, facts_of, fresh, person, remap

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

RIGHT = "+1 530 555 0123"
PHONE = {"correct_field": "shop.customers.phone", "correct_value": RIGHT}


def comes_back(house: House, value: object = None) -> None:
    """An import of the company writes what it always wrote."""
    house.sql("shop", "UPDATE customers SET phone = ? WHERE id = 7", person().phone if value is None else value)


def told(case: Case) -> list[str]:
    """What the desk is told about a case."""
    panel = attention(fresh(case), ANALYST)
    return [trouble.what for trouble in panel.context["troubles"]] if panel else []


def test_a_later_gathering_that_finds_the_wrong_value_raises_an_alarm_in_both_cases(house: House) -> None:
    corrected = house.closed(Right.CORRECT, **PHONE)
    assert told(corrected) == []
    comes_back(house)
    later = house.deciding(Right.KNOW_SPECIFIC)
    (facts,) = facts_of(later, EventKind.CAME_BACK)
    assert facts["about"] == corrected.submission.reference
    assert (facts["source"], facts["collection"], facts["field"]) == ("shop", "customers", "phone")
    sentence = f"Shop, customers, phone: the wrong value that request {corrected.submission.reference} had corrected"
    assert told(later)[0].startswith(sentence)
    assert told(corrected)[0].startswith(sentence)


@pytest.mark.parametrize("now", [RIGHT, "+1 530 555 0199"])
def test_any_other_value_raises_none(house: House, now: str) -> None:
    house.closed(Right.CORRECT, **PHONE)
    comes_back(house, now)
    later = house.deciding(Right.KNOW_SPECIFIC)
    assert facts_of(later, EventKind.CAME_BACK) == []


def test_it_is_told_once_however_often_it_is_found(house: House) -> None:
    house.closed(Right.CORRECT, **PHONE)
    comes_back(house)
    later = house.deciding(Right.KNOW_SPECIFIC)
    house.move(later, "gather_again")
    house.work()
    assert len(facts_of(later, EventKind.CAME_BACK)) == 1
    assert CameBack.objects.count() == 1


def test_a_gathering_that_finds_it_gone_settles_the_alarm(house: House) -> None:
    house.closed(Right.CORRECT, **PHONE)
    comes_back(house)
    later = house.deciding(Right.KNOW_SPECIFIC)
    comes_back(house, RIGHT)
    house.move(later, "gather_again")
    house.work()
    assert told(later) == []
    assert CameBack.objects.get().settled_at is not None


def test_to_correct_it_again_settles_the_alarm(house: House) -> None:
    house.closed(Right.CORRECT, **PHONE)
    comes_back(house)
    later = house.closed(Right.CORRECT, **PHONE)
    assert len(facts_of(later, EventKind.CAME_BACK)) == 1
    assert not staying_corrected.alarms(later).exists()
    assert Corrected.objects.count() == 1


def test_what_a_later_request_corrects_back_to_was_right_after_all(house: House) -> None:
    house.closed(Right.CORRECT, **PHONE)
    house.closed(Right.CORRECT, correct_field=PHONE["correct_field"], correct_value=str(person().phone))
    later = house.deciding(Right.KNOW_SPECIFIC)
    assert facts_of(later, EventKind.CAME_BACK) == []
    comes_back(house, RIGHT)
    later = house.deciding(Right.CORRECT, correct_field=PHONE["correct_field"], correct_value=str(person().phone))
    assert len(facts_of(later, EventKind.CAME_BACK)) == 1


def test_what_was_put_right_by_hand_before_is_no_wrong_value(house: House) -> None:
    case = house.deciding(Right.CORRECT, **PHONE)
    comes_back(house, RIGHT)
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert Corrected.objects.count() == 0


def test_neither_value_is_kept_and_the_digest_outlives_a_change_of_its_key(house: House) -> None:
    house.closed(Right.CORRECT, **PHONE)
    kept = str(Corrected.objects.values_list())
    assert RIGHT not in kept
    assert str(person().phone) not in kept
    digests.rotate("corrected:shop", at=NOW)
    comes_back(house)
    assert len(facts_of(house.deciding(Right.KNOW_SPECIFIC), EventKind.CAME_BACK)) == 1


def test_many_rows_are_remembered_in_few_statements(
    house: House, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    case = house.closed(Right.CORRECT, **PHONE)
    source = DataSource.objects.get(slug="shop")
    rows = [((number,), f"old {number}") for number in range(1_000)]
    for _twice in range(2):
        with django_assert_max_num_queries(20):
            staying_corrected.remember(case, source, ("customers", "phone"), rows, right=RIGHT, at=NOW)
        assert Corrected.objects.count() == 1_001


def test_a_truth_value_that_was_corrected_back_raises_no_alarm(house: House) -> None:
    remap("shop", "      - column: marketing_sms\n", "      - column: marketing_sms\n        correctable: true\n")
    house.sql("shop", "UPDATE customers SET marketing_sms = 1 WHERE id = 7")
    for value in ("false", "true"):
        house.closed(Right.CORRECT, correct_field="shop.customers.marketing_sms", correct_value=value)
    assert house.sql("shop", "SELECT marketing_sms FROM customers WHERE id = 7") == [(1,)]
    assert facts_of(house.deciding(Right.KNOW_SPECIFIC), EventKind.CAME_BACK) == []
