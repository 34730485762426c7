"""Two answers in twelve months are owed (Civ. Code 1798.130(b)); at the third request a person decides."""

from __future__ import annotations

import pytest

from requests_app.law.words import Right
from tests.journeys.desk import Desk
from tests.journeys.house import House
from tests.journeys.person import Person
from tests.journeys.procedures import gathered, reviewed, unwrapped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HELD = "Information was already provided 2 times in the twelve months up to"


def test_a_third_request_within_twelve_months_waits_for_a_decision(house: House) -> None:
    for _request in range(2):
        answered(house, asks_again(house))

    # The third request is taken in and proved like any other; then the guard holds it, and says what opens it.
    third = asks_again(house)
    analyst = reviewed(house, third)
    assert "Information was provided 2 of 2 times" in analyst.page
    assert not analyst.is_offered("start_gathering")
    assert HELD in analyst.page
    assert "Civ. Code 1798.130(b)" in analyst.page

    # “Answer anyway”: with the reason on record, the case goes its way.
    analyst.makes("decide_limit", choice="answer_anyway", reason="The last answer lacked the year 2024.")
    assert "The last answer lacked the year 2024." in analyst.looks()
    analyst.makes("start_gathering")
    analyst.waits_until("deciding")
    analyst.makes("approve")
    analyst.waits_until("fulfilled")

    # The fourth is refused: the ground fits, the letter names it with its citation, and no data has left.
    fourth = asks_again(house)
    analyst = reviewed(house, fourth)
    analyst.makes("decide_limit", choice="refuse", reason="Nothing has changed since last week.")
    assert not analyst.is_offered("start_gathering")
    analyst.makes("refuse", code="ca_130b_twice", reason="Answered three times this year.")
    assert analyst.state() == "refused"
    letter = unwrapped(fourth.reads("Our decision on your request"))
    assert "We can't do what you asked for." in letter
    assert "Civ. Code 1798.130(b)" in letter
    assert "Answered three times this year." not in letter  # reasons are the record's
    assert "We could not do what you asked for." in fourth.looks()


def asks_again(house: House) -> Person:
    """The same person, each time with a new request."""
    person = Person(house, "LO-100110")
    person.files(Right.KNOW_CATEGORIES)
    return person


def answered(house: House, person: Person) -> Desk:
    """The request goes its way and closes."""
    analyst = gathered(house, person)
    analyst.makes("approve")
    analyst.waits_until("fulfilled")
    return analyst
