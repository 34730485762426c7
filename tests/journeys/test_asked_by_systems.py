"""The company's systems ask whom they may sell of, and whom they may ask to opt in; the store answers at once."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from dsar.demo.people import Chosen
from requests_app.law.words import Right
from tests.journeys.desk import Desk
from tests.journeys.house import LOOKUP_SECRET, House, wait_for
from tests.journeys.person import Another, Person
from tests.journeys.procedures import unwrapped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

CONFIRM = "Please confirm your choice"
OPT_IN = re.compile(r"/opt-in/R-\S+/\w{8}/")
PAPER = {"paper": "parent_shown", "seen": "on_paper", "receiver": "requester", "note": "Seen in a video call."}


def test_who_opted_out_is_not_sold_and_not_asked_to_come_back_for_twelve_months(house: House) -> None:
    person = Person(house, "LO-100508")
    mailbox = person.knows.email or ""

    # Without the secret nobody is told anything. Of somebody who opted out of nothing, all is allowed.
    assert asked(house, secret="not-the-secret", email=mailbox)[0] == 401
    answer = told(house, email=mailbox)
    assert (answer["opt_outs"], answer["sale_allowed"], answer["may_be_asked"]) == ([], True, True)

    # The moment the form is sent the opt-out holds, however the mailbox is spelt, and says from when one may ask.
    opt_out = person.files(Right.OPT_OUT_SALE_SHARE)
    answer = told(house, email=mailbox.upper())
    assert (answer["sale_allowed"], answer["may_be_asked"]) == (False, False)
    (holding,) = answer["opt_outs"]
    since, again = (date.fromisoformat(holding[name]) for name in ("since", "may_be_asked_again_from"))
    assert (again - since).days in {365, 366}
    assert holding["citation"] == "Civ. Code 1798.135(c)(4)"
    desk = Desk(house, "analyst")
    desk.opens(opt_out)
    desk.waits_until("fulfilled")
    assert "Shop : suppressed" in desk.page

    # After twelve months they may be asked; the opt-out holds on until they say otherwise.
    house.twelve_months_pass_after(opt_out)
    answer = told(house, email=mailbox)
    assert (answer["sale_allowed"], answer["may_be_asked"]) == (False, True)

    # The person asks to opt in again. Nothing changes by that; it takes the button behind the link in our letter.
    person.files(Right.OPT_IN)
    link = opt_in_link(person)
    person.browser.get(link)
    assert not told(house, email=mailbox)["sale_allowed"]
    assert "your opt-out has ended" in person.follows(link)
    answer = told(house, email=mailbox)
    assert (answer["opt_outs"], answer["sale_allowed"]) == ([], True)

    # No data map takes the shop's flag off: somebody does, and notes it. Then the person is told.
    desk.opens(person.reference)
    desk.waits_until("carrying out")
    desk.makes("note_done", proof="Taken off in the shop; ticket 4711.")
    desk.waits_until("fulfilled")
    assert "Your opt-out of sale and sharing has ended." in unwrapped(person.reads("Your opt-out has ended"))


def test_of_somebody_of_14_nothing_is_sold_before_their_own_opt_in(house: House) -> None:
    person = Person(house, Chosen.CHILD)
    born_on = str(person.knows.birth_date)
    mailbox = person.knows.email or ""

    # Nobody opted out, and nothing may be sold: from 13 to 15 the law wants the young person's own word.
    answer = told(house, email=mailbox, born_on=born_on)
    assert (answer["opt_outs"], answer["sale_allowed"]) == ([], False)
    assert answer["minor"]["who_may_opt_in"] == "consumer"
    assert answer["minor"]["citation"].startswith("Civ. Code 1798.120(c)")

    # It is given in two steps, counts from the second on, and ends with an opt-out.
    person.files(Right.OPT_IN)
    link = opt_in_link(person)
    assert not told(house, email=mailbox, born_on=born_on)["sale_allowed"]
    person.follows(link)
    assert told(house, email=mailbox, born_on=born_on)["sale_allowed"]
    person.files(Right.OPT_OUT_SALE_SHARE)
    answer = told(house, email=mailbox, born_on=born_on)
    assert (answer["sale_allowed"], answer["may_be_asked"]) == (False, False)


def test_for_a_child_below_13_a_parent_opts_in_and_nobody_else(house: House) -> None:
    account = "LO-100509"
    parent, child = Another(house, account, "Robin Parent", "robin@home.example"), Person(house, account)
    of_child = {"email": child.knows.email or "", "born_on": "2018-05-01"}
    answer = told(house, **of_child)
    assert (answer["sale_allowed"], answer["minor"]["who_may_opt_in"]) == (False, "parent_or_guardian")

    # The parent asks, and signs behind the link to be one. Anybody can sign: nothing changes yet.
    parent.files_as("parent", Right.OPT_IN, born_on="2018-05-01")
    signs(parent, opt_in_link(parent))
    assert "Nothing has changed yet: please show us first that you are parent or guardian." in parent.page
    assert not told(house, **of_child)["sale_allowed"]

    # Staff see what shows the parent, look whose child it is, and accept it: now it counts.
    analyst = Desk(house, "analyst")
    analyst.opens(parent.reference)
    analyst.makes("accept_permission", **PAPER)
    wait_for("the parent's opt-in", lambda: told(house, **of_child)["sale_allowed"] or None)

    # The child may opt out alone, which protects, and may not opt in alone. The parent's age counts, whatever is asked.
    child.files(Right.OPT_OUT_SALE_SHARE)
    assert not told(house, **of_child)["sale_allowed"]
    child.files(Right.OPT_IN)
    assert "A parent or guardian has to choose" in child.follows(opt_in_link(child))
    answer = told(house, email=of_child["email"])
    assert (answer["sale_allowed"], answer["minor"]["age"]) == (False, 8)


def asked(house: House, *, secret: str = LOOKUP_SECRET, **about: str) -> tuple[int, dict[str, Any]]:
    """Ask the store about one person, as a system of the company does; status and body of the answer."""
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    question = Request(f"{house.base_url}/api/v1/opt-outs/look-up/", json.dumps(about).encode(), headers)
    try:
        with urlopen(question, timeout=30) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def told(house: House, **about: str) -> Mapping[str, Any]:
    """What the store answers to whoever knows the secret."""
    status, answer = asked(house, **about)
    assert status == 200, answer
    return answer


def opt_in_link(person: Person) -> str:
    """The link by which an opt-in is confirmed, from the letter about it."""
    found = OPT_IN.search(person.reads(CONFIRM))
    assert found, "the letter holds no link"
    return found.group(0)


def signs(parent: Another, link: str) -> None:
    """Open the link, sign by typing the full name, and press the button."""
    parent.browser.get(link)
    parent.browser.post(parent.browser.address, {"declared_name": parent.name})
