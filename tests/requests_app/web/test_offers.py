"""The dates in the form are counted with the calendar by which they will be owed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from requests_app.law.words import Right
from requests_app.models import CalendarChoice
from requests_app.services import calendars, filling
from requests_app.web.offers import offers
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
