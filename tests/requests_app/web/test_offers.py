"""The form offers what the law of the place gives on that day, with the dates by which it will be owed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from requests_app.law import packs
from requests_app.law.words import Right
from requests_app.models import CalendarChoice
from requests_app.services import calendars, filling
from requests_app.web.offers import offers
from tests.law.us_table import EVERY, STATES, State, first
from tests.requests_app.factories import ANALYST, a_case, the_organisation

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

AT = datetime(2026, 11, 23, 18, tzinfo=UTC)  # the Monday before Thanksgiving


def opt_out_by() -> date | None:
    """By when the form says that an opt-out is carried out."""
    found = offers(the_organisation(), "US-CA", "en", at=AT)
    return next(offer.due_on for offer in found if offer.right is Right.OPT_OUT_SALE_SHARE)


@pytest.mark.usefixtures("house")
def test_a_chosen_calendar_counts_in_the_form_and_then_in_the_case() -> None:
    assert opt_out_by() == date(2026, 12, 14)
    calendar = calendars.make(the_organisation(), filling.fill("ca_state_paid", [2026]), by=ANALYST, at=AT)
    CalendarChoice.objects.create(organisation=the_organisation(), law="ccpa", calendar=calendar)
    assert opt_out_by() == date(2026, 12, 16)
    assert a_case(Right.OPT_OUT_SALE_SHARE, at=AT).duties.get(kind="opt_out_done").due_on == date(2026, 12, 16)


def by_law(residence: str, law: str, on: date) -> dict[Right, date | None]:
    """What the form offers there in the words of this law, and by when it is done."""
    title = packs.law_pack(law).short_title.in_language("en")
    at = datetime.combine(on, time(18), tzinfo=UTC)
    found = offers(the_organisation(), residence, "en", at=at)
    return {offer.right: offer.due_on for offer in found if offer.law == title}


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("on", [date(2026, 11, 27), date(2026, 12, 31), date(2027, 1, 1), date(2027, 5, 1)], ids=str)
def test_each_state_s_form_offers_the_rights_that_its_law_gives_on_that_day(on: date) -> None:
    def rights(state: State) -> dict[Right, date]:
        letters = state.rights.split() if first(state) <= on else []
        return {EVERY[letter]: on + timedelta(days=state.days) for letter in letters}

    def offered(state: State) -> dict[Right, date | None]:
        found = by_law(state.law.replace("_", "-").upper(), state.law, on)
        return {right: due for right, due in found.items() if right in EVERY.values()}

    assert {state.law: offered(state) for state in STATES} == {state.law: rights(state) for state in STATES}


@pytest.mark.usefixtures("house")
def test_california_s_form_offers_automated_decisions_from_2027_on() -> None:
    before, since = (by_law("US-CA", "ccpa", on) for on in (date(2026, 12, 31), date(2027, 1, 1)))
    assert set(since) - set(before) == {Right.ACCESS_AUTOMATED, Right.OPT_OUT_AUTOMATED}
    assert set(before) == {
        Right.KNOW_SPECIFIC,
        Right.KNOW_CATEGORIES,
        Right.PORTABILITY,
        Right.CORRECT,
        Right.DELETE,
        Right.OPT_OUT_SALE_SHARE,
        Right.LIMIT_SENSITIVE,
        Right.OPT_IN,
    }
    assert since[Right.ACCESS_AUTOMATED] == date(2027, 2, 15)  # 45 calendar days
    assert since[Right.OPT_OUT_AUTOMATED] == date(2027, 1, 22)  # 15 business days
