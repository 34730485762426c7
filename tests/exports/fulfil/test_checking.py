"""The specific pieces within a correction, of the example company: shown as a bundle, and then corrected."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from requests_app.law.words import Right
from requests_app.models import Submission
from requests_app.services import checking
from requests_app.states import Outcome, State
from tests.exports.house import House, files_of, fresh

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

PHONE = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0123"}


def test_the_person_sees_what_is_held_checks_it_and_has_it_corrected(house: House) -> None:
    correction = house.reviewing(Right.CORRECT, **PHONE)
    case = checking.ask_to_see(correction.pk, at=timezone.now())
    house.move(case, "start_gathering")
    house.work()
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, Outcome.FULFILLED)
    held = house.sql("shop", "SELECT phone FROM customers WHERE id = 7")[0][0]
    assert json.dumps(held).encode() in b"".join(files_of(case).values())
    assert Submission.objects.get(pk=case.submission_id).provided_at is None
    house.move(correction, "start_gathering")
    house.work()
    house.approve(correction)
    assert fresh(correction).outcome == Outcome.FULFILLED
    assert house.sql("shop", "SELECT phone FROM customers WHERE id = 7") == [("+1 530 555 0123",)]
