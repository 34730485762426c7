"""The portal and the desk in a real browser: without scripts, by keyboard alone, and as axe sees them."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from dsar.demo.company import PASSWORD
from dsar.demo.stories import REFERENCE
from requests_app.law.words import Right
from tests.browser.looking import Eye, cut_off, tab_to
from tests.journeys.bundle import Bundle
from tests.journeys.house import House, wait_for
from tests.journeys.person import DOWNLOAD_CODE, ENTRY_CODE, RECEIPT, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

NewContext = Callable[..., BrowserContext]


def test_an_access_request_without_scripts(  # noqa: PLR0915 - one page after the other
    house: House, new_context: NewContext, eye: Eye, tmp_path: Path
) -> None:
    person = Person(house, "LO-100525")
    page = new_context(base_url=house.base_url, java_script_enabled=False).new_page()

    # The form
    page.goto("/")
    eye.sees_without_scripts(page, "start")
    sent(page, page.get_by_role("link", name="Make a request"))
    eye.sees_without_scripts(page, "place")
    page.get_by_label("Where do you live?").select_option("US-CA")
    sent(page, page.get_by_role("button", name="Show my rights"))
    eye.sees_without_scripts(page, "request")
    sent(page, page.get_by_role("button", name="Send the request"))
    expect(page.get_by_text("Please choose what you ask for.").first).to_be_visible()
    eye.sees_without_scripts(page, "request with faults")
    page.locator("input[value=know_specific]").check()
    page.get_by_label("everything since").check()
    page.get_by_label("Your name").fill(person.knows.name)
    page.get_by_label("Your e-mail address").fill(person.knows.email or "")
    sent(page, page.get_by_role("button", name="Send the request"))
    eye.sees_without_scripts(page, "filed")
    person.reference = REFERENCE.findall(page.content())[0]

    # The proof
    page.goto(person.link())
    eye.sees_without_scripts(page, "confirm the mailbox")
    sent(page, page.get_by_role("button", name="Yes, this is my e-mail address"))
    eye.sees_without_scripts(page, "case page with questions")
    page.get_by_label("Account number").fill(person.knows.account_no)
    page.get_by_label("Telephone number").fill(person.knows.phone or "")
    page.get_by_label("Date of birth").fill(f"{person.knows.birth_date}")
    page.get_by_label("Sign by typing your full name").fill(person.knows.name)
    sent(page, page.get_by_role("button", name="Send", exact=True))
    wait_for("the identity", lambda: reloaded(page).get_by_text("Enough: we know that it is you who asks.").count())
    eye.sees_without_scripts(page, "case page, proved")

    # The desk, with scripts
    desk = signed_in(new_context, house, "analyst")
    eye.sees(desk, "desk")
    desk.goto("/admin/requests_app/case/")
    eye.sees(desk, "queue")
    sent(desk, desk.get_by_role("link", name=person.reference))
    eye.sees(desk, "case")
    press(desk, "Start gathering", eye)
    wait_for("the findings", lambda: reloaded(desk).get_by_role("link", name="Approve").count())
    sent(desk, desk.get_by_role("link", name="Findings"))
    eye.sees(desk, "findings")
    desk.go_back()
    press(desk, "Approve", eye)
    wait_for("the closing", lambda: reloaded(desk).locator(".desk-line").get_by_text("fulfilled").count())
    eye.sees(desk, "case closed")

    # The bundle
    wait_for("the file", lambda: reloaded(page).get_by_role("button", name="Mail me a code to fetch it").count())
    eye.sees_without_scripts(page, "case page, answered")
    sent(page, page.get_by_role("button", name="Mail me a code to fetch it"))
    eye.sees_without_scripts(page, "open the file")
    page.get_by_label("Code from our e-mail").fill(person.code_from(DOWNLOAD_CODE))
    page.get_by_label("One of the answers").fill(person.knows.account_no)
    sent(page, page.get_by_role("button", name="Open my file"))
    eye.sees_without_scripts(page, "download")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the file").click()
    bundle = Bundle(download.value.path().read_bytes())
    bundle.check_hashes()
    assert bundle.tables()["shop/customers"][0]["account_no"] == person.knows.account_no

    # The overview page, far from any network
    with zipfile.ZipFile(download.value.path()) as archive:
        archive.extractall(tmp_path)
    far = new_context()
    asked, offline, overview = cut_off(far), far.new_page(), (tmp_path / "index.html").as_uri()
    offline.goto(overview)
    expect(offline.get_by_role("heading", name="Your data")).to_be_visible()
    expect(offline.get_by_text(person.knows.account_no)).to_be_visible()
    eye.sees_in_both(offline, "bundle")
    offline.emulate_media(media="print")
    offline.screenshot()
    assert asked == {overview}, "it reaches out to nothing"


def test_a_request_is_filed_with_the_keyboard_alone(house: House, new_context: NewContext) -> None:
    person = Person(house, "LO-100501")
    page = new_context(base_url=house.base_url).new_page()
    page.goto("/")
    press_by_keyboard(page, page.get_by_role("link", name="Make a request"))
    tab_to(page, page.get_by_label("Where do you live?"))
    page.keyboard.type("California")
    press_by_keyboard(page, page.get_by_role("button", name="Show my rights"))
    tab_to(page, page.locator("input[value=know_categories]"))
    page.keyboard.press("Space")
    for label, text in (("Your name", person.knows.name), ("Your e-mail address", person.knows.email or "")):
        tab_to(page, page.get_by_label(label))
        page.keyboard.type(text)
    press_by_keyboard(page, page.get_by_role("button", name="Send the request"))
    expect(page.get_by_role("heading", name="We have your request")).to_be_visible()
    person.reference = REFERENCE.findall(page.content())[0]
    assert person.reads(RECEIPT)


def test_the_first_stop_of_the_keyboard_skips_to_the_content(house: House, new_context: NewContext) -> None:
    page = new_context(base_url=house.base_url).new_page()
    page.goto("/request/US-CA/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_the_pages_beside_the_way(house: House, new_context: NewContext, eye: Eye) -> None:
    person = Person(house, "LO-100502")
    person.files(Right.KNOW_SPECIFIC)
    page = new_context(base_url=house.base_url, java_script_enabled=False).new_page()

    page.goto("/case/")
    eye.sees_without_scripts(page, "enter")
    page.get_by_label("Reference").fill(person.reference)
    sent(page, page.get_by_role("button", name="Send me a code"))
    eye.sees_without_scripts(page, "code")
    page.get_by_label("Code").fill("22222222")
    sent(page, page.get_by_role("button", name="Open my case page"))
    eye.sees_without_scripts(page, "wrong code")
    page.get_by_label("Code").fill(person.code_from(ENTRY_CODE))
    sent(page, page.get_by_role("button", name="Open my case page"))
    sent(page, page.get_by_role("link", name="Withdraw this request"))
    eye.sees_without_scripts(page, "withdraw")
    sent(page, page.get_by_role("button", name="Yes, withdraw it"))
    eye.sees_without_scripts(page, "withdrawn")
    sent(page, page.get_by_role("button", name="Español"))
    eye.sees_without_scripts(page, "case page in Spanish")
    expect(page.locator("html")).to_have_attribute("lang", "es")

    page.goto("/confirm/")
    eye.sees_without_scripts(page, "confirm by hand")
    page.goto(f"/confirm/{person.reference}/22222222/")
    sent(page, page.get_by_role("button").last)
    eye.sees_without_scripts(page, "code refused")
    page.goto("/verify/")
    eye.sees_without_scripts(page, "how to check a bundle")
    page.goto("/nowhere/")
    eye.sees_without_scripts(page, "not found")


def test_a_phone_shows_every_page_whole(house: House, new_context: NewContext) -> None:
    page = new_context(base_url=house.base_url, viewport={"width": 360, "height": 700}).new_page()
    for path in ("/", "/request/", "/request/US-CA/", "/case/", "/confirm/", "/verify/"):
        page.goto(path)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{path} is {overflow} pixels wider than the screen"


def signed_in(new_context: NewContext, house: House, name: str) -> Page:
    """A member of the staff at the desk."""
    page = new_context(base_url=house.base_url).new_page()
    page.goto("/admin/")
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    sent(page, page.locator("button[type=submit]").first)
    return page


def press(desk: Page, move: str, eye: Eye) -> None:
    """Choose a move on the case's page, and make it on its own page."""
    sent(desk, desk.get_by_role("link", name=move, exact=True))
    eye.sees(desk, f"move {move}")
    sent(desk, desk.get_by_role("button", name=move, exact=True))


def sent(page: Page, control: Locator) -> None:
    """Press a button or a link and wait until the next page is there whole: between the two, a look sees neither."""
    with page.expect_navigation():
        control.click()


def press_by_keyboard(page: Page, control: Locator) -> None:
    """Go to a link or a button with Tab, and press it."""
    tab_to(page, control)
    page.keyboard.press("Enter")


def reloaded(page: Page) -> Page:
    """The page as it is now."""
    page.reload()
    return page
