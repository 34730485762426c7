"""Asking for somebody else: an agent with a signed permission, and a parent for a child."""

from __future__ import annotations

import re

import pytest

from requests_app.law.words import Right
from tests.journeys import records
from tests.journeys.desk import Desk
from tests.journeys.house import House
from tests.journeys.person import CALIFORNIA, RECEIPT, Another, Person
from tests.journeys.procedures import approved, unwrapped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PERMISSION = "Somebody asks for you"
PERSON_CODE = "Your own code for request"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


def the_person_says(person: Person, answer: str) -> None:
    """Follow the link in the letter, press the button, and answer."""
    link = re.search(r"/person/R-\S+/\w{8}/", person.reads(PERMISSION))
    assert link
    person.follows(link.group(0))
    token = TOKEN.search(person.browser.html)
    assert token
    person.browser.send("/case/me/permission/", {"csrfmiddlewaretoken": token.group(1), "answer": answer})


def enters_as_the_person(person: Person) -> None:
    """With the reference and a code that went to the person's own mailbox."""
    before = len(person.letters(PERSON_CODE))
    person.browser.get("/case/")
    person.browser.post(person.browser.address, {"reference": person.reference})
    person.types_the_code(person.code_from(PERSON_CODE, after=before))


def test_an_agent_asks_with_a_permission_and_the_person_receives_the_data(house: House) -> None:
    account = "LO-100402"
    agent = Another(house, account, "Ada Agent", "ada@agents.example")
    person = Person(house, account)

    # The agent files, for a person with a mailbox of their own. The receipt goes to the agent.
    person.reference = agent.files_as("agent", Right.KNOW_SPECIFIC, look_back="everything")
    assert "Dear Ada Agent" in agent.reads(RECEIPT)
    assert person.letters("") == []
    agent.confirms_the_mailbox()
    assert "the person's signed permission" in agent.page
    assert "nobody may be asked for one" in agent.page

    # What the agent knows of the person is compared with the records; that alone opens nothing.
    agent.answers_the_questions()
    agent.waits_to_read("the person's signed permission")

    # Staff see the paper and accept it; now the person is asked one thing, and says yes.
    analyst = Desk(house, "analyst")
    analyst.opens(agent.reference)
    assert "an agent: Ada Agent" in analyst.page
    assert not analyst.is_offered("accept_proof")
    analyst.makes("accept_permission", paper="permission", seen="on_paper", receiver="person", note="Signed, by post.")
    letter = unwrapped(person.reads(PERMISSION))
    assert "you need not prove anything else" in letter
    the_person_says(person, "yes")
    assert "We have noted that you gave the permission" in person.page

    # That is enough: the case goes its way, and the data is handed over to the person, not to the agent.
    analyst.waits_until("reviewing")
    analyst.makes("start_gathering")
    analyst.waits_until("deciding")
    analyst.makes("approve")
    analyst.waits_until("fulfilled", "partly fulfilled")
    assert "is ready" in person.reads("The answer to your request")
    assert agent.letters("The answer to your request") == []
    agent.looks()
    assert "Mail me a code to fetch it" not in agent.page
    enters_as_the_person(person)
    bundle = person.fetches(Right.KNOW_SPECIFIC)
    bundle.check_hashes()
    assert person.knows.account_no in bundle.text()


def test_an_agent_whose_person_says_no_gets_nothing(house: House) -> None:
    account = "LO-100403"
    before = records.contents(house.premises)
    agent = Another(house, account, "Mallory", "mallory@agents.example")
    person = Person(house, account)
    person.reference = agent.files_as("agent", Right.DELETE)
    agent.confirms_the_mailbox()
    agent.answers_the_questions()
    analyst = Desk(house, "analyst")
    analyst.opens(agent.reference)
    analyst.makes("accept_permission", paper="permission", seen="on_paper", receiver="requester", note="It looks real.")
    the_person_says(person, "no")
    assert "The person says that you have no permission" in agent.looks()
    assert "the person says that there is no permission" in analyst.looks()
    analyst.makes("refuse", code="ca_7063_agent_no_proof", explanation="", reason="The person denies it.")
    assert "it was not proved that this person permits it" in unwrapped(agent.reads("Our decision on your request"))
    assert records.contents(house.premises) == before


def test_a_parent_asks_for_a_child_and_signs_to_be_one(house: House) -> None:
    account = "LO-100404"
    parent = Another(house, account, "Pat Parent", "pat@home.example")

    # A child of 13 asks in the own name: the form says so, and keeps what was typed.
    parent.browser.get(f"/request/?residence={CALIFORNIA}&asks_for=parent")
    typed = {"requester_name": "Pat Parent", "requester_email": "pat@home.example", "born_on": "2010-01-01"}
    parent.sends_the_form(Right.KNOW_CATEGORIES, **typed)
    assert "A parent asks for a child below 13" in parent.page

    # For a younger one the parent asks, signs to be a parent, and tells what is known of the child.
    parent.files_as("parent", Right.KNOW_CATEGORIES, born_on="2018-05-01")
    parent.confirms_the_mailbox()
    assert "I am a parent of the child, born on 1 May 2018" in parent.page
    parent.answers_the_questions(declared_name="Pat Parent")
    parent.waits_to_read("Enough: we know whose data it is.")

    # The answer goes to the parent.
    analyst = Desk(house, "analyst")
    analyst.opens(parent.reference)
    assert "a parent: Pat Parent" in analyst.page
    analyst.makes("start_gathering")
    analyst.waits_until("deciding")
    approved(house, parent).waits_until("fulfilled", "partly fulfilled")
    assert "Dear Pat Parent" in parent.reads("The answer to your request")
