"""The pages on which data is corrected and deleted, and recipients are told, as axe sees them, light and dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from requests_app.law.words import Right
from tests.browser.looking import Eye
from tests.browser.test_in_a_real_browser import NewContext, sent, signed_in
from tests.browser.test_pages_of_the_desk import fits_a_phone
from tests.exports.papers import pdf
from tests.journeys.conftest import Opening
from tests.journeys.house import House
from tests.journeys.person import Person
from tests.journeys.procedures import approved, gathered

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

LONG = "Calle de la Constitución de Cádiz, "


@pytest.fixture(scope="module")
def house(open_house: Opening) -> Iterator[House]:
    """A house of its own."""
    with open_house() as house:
        yield house


def test_corrections_are_decided_one_by_one_and_told(house: House, new_context: NewContext, eye: Eye) -> None:
    person = Person(house, "LO-100112")
    second = {"correct_field_2": "shop.customers.name", "correct_value_2": LONG * 5}
    person.files(Right.CORRECT, correct_field="shop.customers.phone", correct_value="+1 530 555 0178", **second)
    analyst = gathered(house, person)
    desk = signed_in(new_context, house, "analyst")
    case_page = f"{analyst.case}change/"
    desk.goto(case_page)
    eye.sees_in_both(desk, "case with corrections")
    desk.goto(f"{analyst.case}corrections/")
    eye.sees_in_both(desk, "corrections")

    # One is granted on the page, with what is ticked there already; the other is refused.
    first = desk.locator("section", has=desk.get_by_role("heading", name="1. ")).first
    first.get_by_label("granted").check()
    first.get_by_label("Reason").fill("The invoice that was sent to us has the number.")
    sent(desk, first.get_by_role("button", name="Decide"))
    expect(desk.get_by_text("Decided.")).to_be_visible()
    refusal = {"verdict": "refused", "code": "ca_106_accurate", "explanation": "Your contract has this name."}
    analyst.decides_on_correction("2", **refusal, reason="All was weighed.")
    desk.reload()
    eye.sees_in_both(desk, "corrections decided")
    approver = approved(house, person)
    approver.waits_until("partly fulfilled")
    desk.goto(f"{analyst.case}recipients/")
    eye.sees_in_both(desk, "recipients told")
    fits_a_phone(desk, case_page, f"{analyst.case}corrections/", desk.url)


def test_a_document_for_a_correction_is_sent_and_looked_at(house: House, new_context: NewContext, eye: Eye) -> None:
    person = Person(house, "LO-100115")
    person.files(Right.CORRECT, correct_field="shop.customers.phone", correct_value="+1 530 555 0179")
    analyst = gathered(house, person)
    page = new_context(base_url=house.base_url).new_page()
    code = person.asks_for_an_entry_code()
    page.goto("/case/code/")
    page.get_by_label("Reference").fill(person.reference)
    page.get_by_label("Code").fill(code)
    sent(page, page.get_by_role("button", name="Open my case page"))
    sent(page, page.get_by_role("link", name="Send a document"))
    eye.sees_in_both(page, "send a document")
    sent(page, page.get_by_role("button", name="Send the document"))
    eye.sees(page, "nothing was chosen")
    contract = {
        "name": f"{'contract-' * 9}.pdf",
        "mimeType": "application/pdf",
        "buffer": pdf("+1 530 555 0179", "two"),
    }
    page.get_by_label("The document, as a file").set_input_files(contract)  # type: ignore[arg-type]
    page.get_by_label("What does it show?").fill("My number, as your shop printed it.")
    sent(page, page.get_by_role("button", name="Send the document"))
    expect(page.get_by_text("We have your document.")).to_be_visible()
    eye.sees_in_both(page, "case page with a document")
    fits_a_phone(page, "/case/me/", "/case/me/documents/")

    desk = signed_in(new_context, house, "analyst")
    desk.goto(f"{analyst.case}corrections/")
    expect(desk.get_by_text("to look at")).to_be_visible()
    eye.sees_in_both(desk, "corrections with a document")
    sent(desk, desk.get_by_role("link", name="contract-").first)
    expect(desk.get_by_text("Page 1 of 2")).to_be_visible()
    picture = desk.get_by_alt_text("Page 1 of a document")
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 1240
    desk.reload()
    expect(desk.get_by_text("1 page to look at")).to_be_visible()
    sent(desk, desk.get_by_role("link", name="Next page"))
    expect(desk.get_by_text("Page 2 of 2")).to_be_visible()
    desk.get_by_alt_text("Page 2 of a document").evaluate("picture => picture.decode()")
    desk.reload()
    expect(desk.get_by_text("looked at", exact=True)).to_be_visible()
    eye.sees_in_both(desk, "supporting document")
    fits_a_phone(desk, desk.url)

    page.goto("/case/me/")
    sent(page, page.get_by_role("button", name="Take it back"))
    expect(page.get_by_text("taken back on")).to_be_visible()
    eye.sees_in_both(page, "case page with a document taken back")
    desk.reload()
    expect(desk.get_by_text("and is not considered")).to_be_visible()
    eye.sees_in_both(desk, "supporting document taken back")


def test_many_deletions_are_approved_after_a_look(house: House, new_context: NewContext, eye: Eye) -> None:
    for who in ("LO-100113", "LO-100114"):
        person = Person(house, who)
        person.files(Right.DELETE)
        gathered(house, person)
    desk = signed_in(new_context, house, "approver")
    desk.goto("/admin/requests_app/case/?group=approval&right=delete")
    eye.sees_in_both(desk, "queue of deletions")
    desk.locator("#action-toggle").check()
    desk.locator("select[name=action]").select_option("approve_together")
    sent(desk, desk.get_by_role("button", name="Run").or_(desk.get_by_role("button", name="Go")).first)
    expect(desk.get_by_text("What the approval of 2 cases does")).to_be_visible()
    eye.sees(desk, "approving together")
    fits_a_phone(desk)
