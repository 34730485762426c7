"""The documents that an owner brought, looked through with the mouse: what is drawn is what is blacked out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from dsar.demo.people import Chosen
from requests_app.law.words import Right
from tests.browser.looking import Eye
from tests.browser.test_in_a_real_browser import NewContext, reloaded, sent, signed_in
from tests.browser.test_pages_of_the_desk import fits_a_phone
from tests.exports import papers
from tests.journeys.conftest import Opening
from tests.journeys.house import House, wait_for
from tests.journeys.owner import Owner, add_archive
from tests.journeys.person import Person
from tests.journeys.procedures import reviewed

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]

GROUND = "ca_145k_rights_of_others"
EDGES = ("left", "top", "right", "bottom")


@pytest.fixture(scope="module")
def house(open_house: Opening, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house of its own, with an archive beside the shop."""
    with open_house() as house:
        add_archive(house, tmp_path_factory.mktemp("map"))
        yield house


def test_an_area_is_drawn_with_the_mouse_and_saved_as_drawn(house: House, new_context: NewContext, eye: Eye) -> None:
    desk = signed_in(new_context, house, "analyst")
    address = f"{_with_a_letter(house)}documents/"
    wait_for("the pages", lambda: desk.goto(address) and desk.locator("#picture img").count(), pause=0.5)
    eye.sees_in_both(desk, "document")

    # Drawn from its lower right corner; neither a click nor the other button draws, and nothing leaves the page.
    drag(desk, (0.8, 0.4), (0.1, 0.2))
    drawn = edges(desk)
    assert drawn == pytest.approx((100, 200, 800, 400), abs=3)  # a pixel is more than a thousandth
    drag(desk, (0.5, 0.5), (0.502, 0.502))
    drag(desk, (0.1, 0.5), (0.9, 0.9), button="right")
    assert edges(desk) == drawn
    drag(desk, (0.5, 0.9), (1.3, 0.95))
    assert edges(desk)[2] == 1000
    drag(desk, (0.8, 0.4), (0.1, 0.2))

    # It is saved as it was drawn.
    desk.locator("#area-code").select_option(GROUND)
    desk.get_by_label("Explanation to the person").first.fill("It names a neighbour who wrote in confidence.")
    sent(desk, desk.get_by_role("button", name="Black it out"))
    area = desk.locator(".desk-area").first
    placed = area.evaluate("area => ['left', 'top', 'width', 'height'].map(name => parseFloat(area.style[name]) * 10)")
    left, top, width, height = placed
    assert (left, top, left + width, top + height) == pytest.approx(drawn)
    eye.sees_in_both(desk, "document with an area")

    # Looked at whole, it is released; the list says so.
    desk.get_by_label("Decision").select_option("release")
    sent(desk, desk.get_by_role("button", name="Decide", exact=True))
    expect(reloaded(desk).locator(".desk-places").get_by_text("released")).to_be_visible()
    fits_a_phone(desk, address)


def _with_a_letter(house: House) -> str:
    """A case whose owner has brought a letter; the address below which its pages are."""
    person = Person(house, Chosen.EVERYWHERE)
    person.files(Right.KNOW_SPECIFIC, look_back="everything")
    analyst = reviewed(house, person)
    analyst.makes("start_gathering")
    owner = Owner(house)
    owner.enters(owner.link())
    owner.brings(papers.pdf("Dear Robin Vale"))
    owner.answers("done")
    analyst.waits_until("deciding")
    return f"{house.base_url}{analyst.case}"


def drag(
    desk: Page, start: tuple[float, float], end: tuple[float, float], button: Literal["left", "right"] = "left"
) -> None:
    """Press on the picture, move, release; places are parts of its width and height."""
    picture = desk.locator("#picture img")
    picture.evaluate("picture => picture.scrollIntoView({block: 'center'})")
    box = picture.bounding_box()
    assert box
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    desk.mouse.move(*places[0])
    desk.mouse.down(button=button)
    desk.mouse.move(*places[1], steps=5)
    desk.mouse.up(button=button)


def edges(desk: Page) -> tuple[int, ...]:
    """What stands in the form."""
    return tuple(int(desk.locator(f"#edge-{name}").input_value()) for name in EDGES)
