"""A person sends documents for a correction: they are looked at, considered, and told of in all that is written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from dsar.demo.browser import Upload
from requests_app.law.words import Right
from tests.exports import papers
from tests.journeys.conftest import Opening
from tests.journeys.house import House
from tests.journeys.person import Person
from tests.journeys.procedures import approved, gathered, reviewed, unwrapped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WEIGHED = {"reason": "All was weighed."}
REFUSED = {"verdict": "refused", "code": "ca_106_accurate", "explanation": "Your contract has this name.", **WEIGHED}


@pytest.fixture(scope="module")
def house(open_house: Opening) -> Iterator[House]:
    """A house of its own, which is itself one of its sources."""
    with open_house() as house:
        own = house.manage("sources", "own", "--at-installation")
        assert own.returncode == 0, own.stderr
        yield house


def test_what_a_person_sends_is_looked_at_considered_and_told(house: House) -> None:
    person = Person(house, "LO-100118")
    other_name = {"correct_field_2": "shop.customers.name", "correct_value_2": "Sam Other"}
    phone = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0181"}
    person.files(Right.CORRECT, **phone, **other_name)
    analyst = gathered(house, person)

    # A contract of two pages and the scan of a bill; the bill was the wrong one.
    contract = papers.pdf("Sam Other", "signed")
    note = "The name is on the first page."
    assert "We have your document." in person.sends_a_document(2, Upload("sam-contract.pdf", contract), note)
    person.sends_a_document(2, Upload("bill.png", papers.scan("Bill")))
    assert "we decide without it" in person.takes_a_document_back()
    assert "Name: PDF" in person.page
    assert "taken back on" in person.page

    # Before every page was looked at, and as a picture, nobody decides.
    analyst.browser.get(f"{analyst.case}corrections/")
    analyst.browser.post(analyst.browser.address, {"correction": "2", **REFUSED})
    assert "Not looked at: 2 of 2 pages of document 1 on correction 2." in analyst.page
    pictures = analyst.looks_at_documents()
    assert [picture[:4] for picture in pictures] == [b"\x89PNG"] * 2
    analyst.decides_on_correction("1", verdict="granted", **WEIGHED)
    analyst.decides_on_correction("2", **REFUSED)
    approved(house, person).waits_until("partly fulfilled")

    # The letter says that it was considered, the report what it was, and neither what it is called.
    letter = unwrapped(person.reads("Your correction request"))
    assert "We looked at what you sent for it (1 document), and considered it with all other circumstances." in letter
    report = unwrapped(papers.text_of(analyst.fetches_the_report()))
    assert "PDF, 2 pages, from person" in report
    assert "taken back on" in report
    digest = hashlib.sha256(contract).hexdigest()
    assert digest in report.replace(" ", "")
    assert "sam-contract" not in letter + report

    # Who asks later for all that is held is told of both, too.
    later = Person(house, person.knows)
    later.files(Right.KNOW_SPECIFIC, look_back="everything")
    analyst = reviewed(house, later)
    analyst.makes("start_gathering")
    analyst.waits_until("deciding")
    analyst.makes("approve")
    analyst.waits_until("fulfilled")
    kept, gone = sorted(
        later.fetches(Right.KNOW_SPECIFIC).tables()["privacy_requests/documents"], key=lambda row: str(row["kind"])
    )
    assert (kept["name"], kept["note"], kept["sha256"]) == ("sam-contract.pdf", note, digest)
    assert (gone["name"], gone["kind"]) == (None, "image/png")
    assert gone["taken_back_on"]
