"""An auditor looks at the figures of a year, and takes them home as a file."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from requests_app.law.words import Right
from tests.browser.looking import Eye
from tests.browser.test_in_a_real_browser import NewContext, sent, signed_in
from tests.journeys.house import House
from tests.journeys.person import Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_figures_of_a_law_are_shown_and_fetched(house: House, new_context: NewContext, eye: Eye) -> None:
    Person(house, "LO-100109").files(Right.COMPLAINT)
    desk = signed_in(new_context, house, "auditor")
    sent(desk, desk.get_by_role("link", name="Figures of a year"))
    desk.get_by_label("Law").select_option("ccpa")
    sent(desk, desk.get_by_role("button", name="Show", exact=True))
    expect(desk.get_by_role("heading", name="California Consumer Privacy Act")).to_be_visible()
    expect(desk.get_by_text("11 CCR 7102; verified")).to_be_visible()
    eye.sees(desk, "figures")
    with desk.expect_download() as fetched:
        desk.get_by_role("link", name="Download as CSV").click()
    assert fetched.value.suggested_filename.endswith("-ccpa.csv")
