"""A request for access, from the web form to the bundle, the closed case and the auditor's report."""

from __future__ import annotations

import io
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pypdf
import pytest
from django.utils import dateformat

from dsar.demo.people import CHOSEN, Chosen
from requests_app.law.words import Right
from tests.journeys import records
from tests.journeys.bundle import Bundle, Row
from tests.journeys.desk import Desk
from tests.journeys.house import House, cast
from tests.journeys.person import RECEIPT, Person
from tests.journeys.procedures import approved, gathered, unwrapped

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EVERYTHING_SINCE = date(2022, 1, 1)  # Civ. Code 1798.130(a)(2)(B)
OTHERS = "ca_145k_rights_of_others"
CITATION = "Civ. Code 1798.145(k)"


def test_an_access_request(house: House) -> None:  # noqa: PLR0915 - a manual is read from its first line to its last
    today = datetime.now(ZoneInfo("America/Los_Angeles")).date()
    due_on = today + timedelta(days=45)

    # The person fills the form in. The answer page names a reference and the day by which they are answered.
    person = Person(house, Chosen.EVERYWHERE)
    reference = person.files(Right.KNOW_SPECIFIC, look_back="everything", details="I moved house in spring.")
    assert f"by {in_words(due_on)} at the latest" in person.page

    # A receipt comes by mail. Its link proves the mailbox: one press, no typing.
    receipt = person.reads(RECEIPT)
    assert f"We answer by {in_words(due_on)} at the latest" in receipt
    person.confirms_the_mailbox()
    assert "your e-mail address is confirmed" in person.page

    # Specific pieces need a high degree of certainty: questions, whose answers are compared, and a signed declaration.
    assert "We need to be sure that it is you who asks" in person.page
    assert "under penalty of perjury" in person.page
    person.answers_the_questions()
    person.waits_to_read("Enough: we know that it is you who asks.")

    # The analyst finds the case in the queue and reviews it: what is owed by when, and how often was answered already.
    analyst = Desk(house, "analyst")
    analyst.opens(reference)
    assert analyst.state() == "reviewing"
    assert f"{due_on}" in analyst.page
    assert "Civ. Code 1798.130(a)(2)(A)" in analyst.page
    assert "Information was provided 0 of 2 times" in analyst.page
    assert "I moved house in spring." in analyst.page
    analyst.makes("start_gathering")

    # The workers look into every source; what they found is shown page by page.
    analyst.waits_until("deciding")
    messages = records.recent(house.premises, Chosen.EVERYWHERE, since=EVERYTHING_SINCE)["shop/ticket_messages"]
    place = next(place for place, row in enumerate(messages) if names_somebody_else(row))
    analyst.opens_findings("shop", "ticket_messages")
    assert messages[place]["body"] in analyst.page

    # A message tells of another customer: the analyst keeps that field back, on a ground that fits.
    analyst.withholds("Message", record=place + 1, code=OTHERS)
    assert f"withheld Rights of other persons ({CITATION}, from memory)" in analyst.page

    # Who has withheld may not approve; the approver may.
    assert not analyst.is_offered("approve")
    assert "Four eyes: this case changes data or withholds something, and you worked on it yourself" in analyst.page
    approver = approved(house, person)

    # The bundle is made, the letter goes out, and the case closes: partly fulfilled, since something stayed back.
    answer = person.reads("The answer to your request")
    assert "if you answered questions to prove who you are, for one of those answers" in unwrapped(answer)
    assert CITATION in answer
    approver.waits_until("partly fulfilled")

    # On another day the person comes back: reference and a fresh code open the page, code and answer open the file.
    person.enters()
    assert "Done in part." in person.page
    bundle = person.fetches(Right.KNOW_SPECIFIC)

    # The bundle holds every row, and only those; of the one message its text is missing, and the manifest says so.
    expected = records.answer(house.premises, Chosen.EVERYWHERE, since=EVERYTHING_SINCE)
    del expected["shop/ticket_messages"][place]["body"]
    bundle.check_hashes()
    bundle.check_csv()
    assert records.in_order(bundle.tables()) == records.in_order(expected)
    assert messages[place]["body"] not in bundle.text()
    (withheld,) = bundle.manifest["withheld"]
    assert (withheld["collection"], withheld["code"], withheld["citation"]) == ("ticket_messages", OTHERS, CITATION)
    assert (withheld["records"], withheld["fields"]) == (0, 1)

    # The auditor reads the case and takes the report home. It tells the whole story, and names no one.
    auditor = Desk(house, "auditor")
    auditor.opens(reference)
    assert "Your role reads cases; it makes no moves." in auditor.page
    report = text_of(auditor.fetches_the_report())
    assert "partly fulfilled" in report
    assert report.count("met") >= 2  # the receipt in time, and the answer
    assert f"{due_on}" in report
    assert OTHERS in report
    assert CITATION in report
    assert bundle.manifest_hash in without_spaces(report)
    assert head_of_chain(house, auditor) in without_spaces(report)
    for step in ("received", "mailbox confirmed", "gathering started", "withheld", "approved", "bundle", "closed"):
        assert step in report.lower(), step
    assert person.knows.name not in report
    assert person.knows.email not in report

    # And the audit's chains are whole.
    audit = house.manage("verify_audit")
    assert audit.returncode == 0, audit.stdout + audit.stderr


@pytest.mark.parametrize("account_no", CHOSEN)
def test_a_bundle_holds_the_rows_of_its_owner_and_no_others(house: House, account_no: str) -> None:
    person = Person(house, account_no)
    bundle = answered(house, person, look_back="everything")

    bundle.check_hashes()
    bundle.check_csv()
    assert records.in_order(bundle.tables()) == records.in_order(
        records.answer(house.premises, account_no, since=EVERYTHING_SINCE)
    )

    namesakes = [other for other in cast().values() if other.name == person.knows.name and other != person.knows]
    for value in (value for other in namesakes for value in (other.account_no, other.email, other.phone) if value):
        assert value not in bundle.text()

    told = records.never_disclosed(records.recent(house.premises, account_no, since=EVERYTHING_SINCE))
    assert {entry["kind"] for entry in bundle.manifest["never_disclosed"]} == told.keys()
    for entry in bundle.manifest["never_disclosed"]:
        assert entry["description"] in bundle.page()
    for values in records.never_disclosed(records.held(house.premises, account_no)).values():
        assert not [value for value in values if value in bundle.text()]


def answered(house: House, person: Person, **typed: str) -> Bundle:
    """The short way to an answer: nothing is withheld, so one member of the staff is enough."""
    person.files(Right.KNOW_SPECIFIC, **typed)
    analyst = gathered(house, person)
    analyst.makes("approve")
    analyst.waits_until("fulfilled")
    return person.fetches(Right.KNOW_SPECIFIC)


def names_somebody_else(row: Row) -> bool:
    return any(other.name in str(row["body"]) for other in cast().values() if other.account_no != Chosen.EVERYWHERE)


def in_words(day: date) -> str:
    return dateformat.format(day, "N j, Y")


def without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)


def text_of(report: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(report)).pages)


def head_of_chain(house: House, desk: Desk) -> str:
    case = desk.case.rstrip("/").rpartition("/")[2]
    ((head,),) = house.premises.main.run("SELECT hash FROM ledger_chainhead WHERE chain = :chain", chain=f"case:{case}")
    return str(head)
