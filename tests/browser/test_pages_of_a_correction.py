"""What somebody reads who had something corrected: at a desk in the light, in the dark, on a phone and in Spanish."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from requests_app.law.words import Right
from tests.browser.looking import Eye
from tests.browser.test_in_a_real_browser import NewContext, sent
from tests.browser.test_pages_of_the_desk import fits_a_phone
from tests.journeys.conftest import Opening
from tests.journeys.house import House
from tests.journeys.person import Person
from tests.journeys.procedures import approved, gathered

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def house(open_house: Opening) -> Iterator[House]:
    """A house of its own."""
    with open_house() as house:
        yield house


@pytest.mark.parametrize(("who", "language"), [("LO-100115", "en"), ("LO-100116", "es")])
def test_a_person_consents_is_answered_and_states(
    house: House, new_context: NewContext, eye: Eye, who: str, language: str
) -> None:
    person = Person(house, who)
    asked = {"correct_field": "shop.customers.name", "correct_value": "Sam Other"}
    person.files(Right.CORRECT, **asked, correct_field_2="shop.addresses.postcode", correct_value_2="94607")
    analyst = gathered(house, person)
    page = _at_home(person, new_context, language)
    eye.sees_in_both(page, f"correction, {language}")
    page.locator("#may-go-2").check()
    sent(page, page.locator("section.ready", has=page.locator("#may-go-2")).get_by_role("button"))
    expect(page.locator("#may-go-2")).to_be_checked()

    weighed = {"reason": "All was weighed."}
    analyst.decides_on_correction("2", verdict="deleted", found="1", condition="consent", **weighed)
    refusal = {"verdict": "refused", "code": "ca_106_accurate", "explanation": "Your contract has this name."}
    analyst.decides_on_correction("1", **refusal, **weighed)
    approved(house, person).waits_until("partly fulfilled")
    page.reload()
    letter = page.locator("details", has_text="7023(e)")
    letter.locator("summary").click()
    eye.sees(page, f"correction answered, {language}")
    page.goto("/case/me/statement/1/")
    eye.sees_in_both(page, f"statement, {language}")
    fits_a_phone(page, "/case/me/", "/case/me/statement/1/")
    eye.sees(page, f"statement on a phone, {language}")


def _at_home(person: Person, new_context: NewContext, language: str) -> Page:
    page = new_context(base_url=person.house.base_url, locale=language).new_page()
    page.goto("/case/")
    page.locator("input[name=reference]").fill(person.reference)
    sent(page, page.locator("main form button").first)
    page.locator("input[name=code]").fill(person.code_from("Your code for request"))
    sent(page, page.locator("main form button").first)
    return page
