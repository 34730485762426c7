"""Stretches of the way that several journeys have in common."""

from __future__ import annotations

from tests.journeys.desk import Desk
from tests.journeys.house import House
from tests.journeys.person import Person


def reviewed(house: House, person: Person) -> Desk:
    """The person has filed and proves who they are; the analyst opens the case."""
    person.proves_who_they_are()
    analyst = Desk(house, "analyst")
    analyst.opens(person.reference)
    return analyst


def gathered(house: House, person: Person) -> Desk:
    """And lets the workers look into every source: what they found is to be decided on."""
    analyst = reviewed(house, person)
    analyst.makes("start_gathering")
    analyst.waits_until("deciding")
    return analyst


def approved(house: House, person: Person) -> Desk:
    """Somebody else than the analyst approves."""
    approver = Desk(house, "approver")
    approver.opens(person.reference)
    approver.makes("approve")
    return approver


def unwrapped(letter: str) -> str:
    """A letter's text without its line breaks."""
    return " ".join(letter.split())
