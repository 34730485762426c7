"""A portable file goes straight from us to another organisation, encrypted for it, when its person has confirmed it."""

from __future__ import annotations

import re

import pytest

from dsar.demo.browser import Browser
from requests_app.law.words import Right
from tests.exports.fulfil.receiving import Bank, receiving
from tests.journeys.bundle import Bundle
from tests.journeys.desk import Desk
from tests.journeys.house import House
from tests.journeys.person import DOWNLOAD_CODE, Person

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

RECEIVERS = "/admin/exports/receiver/"
OFFERED = r'<option value="(\d+)">First Harbor Bank, N.A.</option>'
DATA = f"/case/me/data/{Right.PORTABILITY}/"


def test_a_file_goes_straight_to_another_organisation(house: House) -> None:
    with receiving() as bank:
        registered(house, bank)

        # The person asks for a portable file, and says at once where it is to go. Nothing goes there yet.
        person = Person(house, "LO-100307")
        person.opens_the_form()
        (receiver,) = re.findall(OFFERED, person.browser.html)
        person.files(Right.PORTABILITY, receiver=receiver)
        person.confirms_the_mailbox()
        person.looks()
        assert "You chose First Harbor Bank, N.A.; we ask you to confirm it here once your file is ready" in person.page

        # On the case page the choice is taken back, and made again.
        presses(person.browser, f"{DATA}receiver/", do="take_back")
        assert re.findall(OFFERED, person.browser.html) == [receiver]
        person.browser.post(f"{DATA}receiver/", {"receiver": receiver})
        assert "You chose First Harbor Bank, N.A.; we ask you to confirm it here once your file is ready" in person.page

        # The case goes its way; even the answered case sends nothing by itself.
        person.answers_the_questions()
        person.waits_to_read("Enough: we know that it is you who asks.")
        analyst = Desk(house, "analyst")
        analyst.opens(person.reference)
        analyst.makes("start_gathering")
        analyst.waits_until("deciding")
        analyst.makes("approve")
        analyst.waits_until("fulfilled")
        assert not bank.got

        # On another day the person reads what goes to whom, and confirms it with a fresh code and an answer.
        person.enters()
        person.looks()
        before = len(person.letters(DOWNLOAD_CODE))
        person.browser.post(f"{DATA}transfer/code/")
        assert "You are about to have your data sent to First Harbor Bank, N.A." in person.page
        (shown,) = re.findall(r'name="transfer" value="([0-9a-f-]{36})"', person.browser.html)
        code = person.code_from(DOWNLOAD_CODE, after=before)
        given = {"code": code, "answer": person.knows.account_no, "transfer": shown}
        person.browser.post(f"{DATA}transfer/", given)
        person.waits_to_read("Sent to First Harbor Bank, N.A. on")

        # The receiver, and nobody else, opens it: it is what the person downloads, byte by byte.
        (got,) = bank.got
        assert b"PK\x03\x04" not in got.body
        received = Bundle(bank.opened(got.body))
        received.check_hashes()
        assert received.content == person.fetches(Right.PORTABILITY).content
        assert "Sent to a receiver, encrypted" in analyst.looks()


def registered(house: House, bank: Bank) -> None:
    """An analyst enters the receiver, an approver compares the key and makes it active."""
    analyst = Desk(house, "analyst")
    analyst.browser.get(RECEIVERS)
    presses(
        analyst.browser,
        RECEIVERS,
        do="propose",
        name="First Harbor Bank, N.A.",
        contact="privacy@bank.example",
        public_key=bank.public_key,
        way="upload",
        url=bank.url,
    )
    assert "Somebody else has to accept it" in analyst.page
    approver = Desk(house, "approver")
    approver.browser.get(RECEIVERS)
    (row,) = re.findall(r'name="row" value="(\d+)"', approver.browser.html)
    presses(approver.browser, RECEIVERS, do="accept", row=row)
    assert "People can choose First Harbor Bank, N.A. from now on." in approver.page


def presses(browser: Browser, path: str, **fields: str) -> None:
    """Send a form of the open page by one of its buttons."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.html)
    assert token
    browser.send(path, {"csrfmiddlewaretoken": token.group(1), **fields})
