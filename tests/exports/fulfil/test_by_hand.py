"""What no machine does: held in force at once, done by hand, told to recipients, closed once the person is told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from exports.fulfil import acts, hand_over
from exports.models import Act, Shredding, Telling
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Actor, Role
from requests_app.states import State
from tests.exports.house import ANALYST, APPROVER, House, fresh

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

OTHER_APPROVER = Actor("staff:9", frozenset({Role.APPROVER}))


def answered(house: House, right: Right) -> Case:
    """A case whose answer somebody wrote and somebody approved."""
    case = house.file(right).cases.get()
    if case.state == State.VERIFYING:
        house.prove(case.submission)
    house.move(case, "write_answer", ANALYST, text="Done.", proof="Looked into it.")
    house.move(case, "approve", APPROVER)
    house.work()
    return fresh(case)


def test_a_withdrawn_consent_waits_for_the_note_of_a_person(house: House) -> None:
    case = house.file(Right.WITHDRAW_CONSENT).cases.get()
    house.work()
    assert (fresh(case).state, fresh(case).carried_out_at) == (State.CARRYING_OUT, None)
    assert acts.waits_for_a_person(case)
    house.move(case, "note_done", ANALYST, proof="Taken off the list of the newsletter.")
    house.work()
    assert fresh(case).outcome == "fulfilled"
    assert not Act.objects.filter(case=case).exists()


def test_where_a_data_map_says_how_the_workers_stop_marketing_and_nobody_has_to_note_it(house: House) -> None:
    case = house.file(Right.OBJECT_MARKETING).cases.get()
    assert acts.left_to_do(case) == ["shop"]
    house.work()
    assert fresh(case).outcome == "fulfilled"
    assert house.sql("shop", "SELECT marketing_email, marketing_sms FROM customers WHERE id = 7") == [(0, 0)]


def test_a_complaint_is_answered_without_touching_any_system(house: House) -> None:
    case = answered(house, Right.COMPLAINT)
    assert case.outcome == "fulfilled"
    assert not Act.objects.filter(case=case).exists()
    assert not Telling.objects.filter(case=case).exists()


def test_each_recipient_is_told_of_a_granted_restriction(house: House) -> None:
    case = answered(house, Right.RESTRICT)
    assert case.outcome == "fulfilled"
    told = set(Telling.objects.filter(case=case).values_list("recipient", flat=True))
    assert told == {"Brightpath Media LLC", "Cardinal Pay Inc.", "Northgate Parcel Inc.", "Summit Lists LLC"}


def test_a_reopened_case_whose_content_was_destroyed_gathers_and_hands_over_anew(house: House) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    house.shift(settings.CONTENT_LIFE + timedelta(days=1))
    house.work()
    assert Shredding.objects.filter(case=case).exists()
    house.move(case, "ask_reopening", ANALYST, reason="A source was left out.")
    house.move(case, "reopen", OTHER_APPROVER)
    assert not Shredding.objects.filter(case=case).exists()
    assert hand_over.available(case, timezone.now()) is None
    house.move(case, "start_gathering")
    house.work()
    house.approve(case)
    again = fresh(case)
    assert (again.state, again.gathering_round) == (State.CLOSED, 2)
    assert hand_over.available(again, timezone.now()) is not None
