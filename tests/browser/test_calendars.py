"""Two people change the calendar of a law, each at his own desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.looking import Eye
from tests.browser.test_in_a_real_browser import NewContext, sent, signed_in
from tests.journeys.house import House

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_one_proposes_a_calendar_and_another_accepts_it(house: House, new_context: NewContext, eye: Eye) -> None:
    desk = signed_in(new_context, house, "analyst")
    desk.goto("/admin/requests_app/housecalendar/")
    eye.sees(desk, "calendars")
    sent(desk, desk.get_by_role("link", name="New calendar"))
    desk.get_by_label("Filled with").select_option("place")
    desk.get_by_label("Place").fill("FR")
    eye.sees(desk, "new calendar")
    sent(desk, desk.get_by_role("button", name="Make the calendar"))
    eye.sees(desk, "calendar")
    sent(desk, desk.get_by_role("link", name="Change the days…"))
    eye.sees(desk, "other days")
    sent(desk, desk.get_by_role("link", name="Leave it"))
    sent(desk, desk.get_by_role("link", name="Count a law with it…"))
    desk.get_by_label("Law", exact=True).select_option("pipeda")  # of which no other test files a request
    desk.get_by_label("Reason").fill("Counsel reads the regulation so.")
    sent(desk, desk.get_by_role("button", name="Show what would move"))
    eye.sees(desk, "preview")
    sent(desk, desk.get_by_role("button", name="Propose it"))
    expect(desk.get_by_text("An approver decides on this: ask one.")).to_be_visible()

    second = signed_in(new_context, house, "approver")
    second.goto(desk.url)
    eye.sees(second, "decide")
    sent(second, second.get_by_role("button", name="Accept"))
    expect(second.get_by_text("Accepted.")).to_be_visible()
