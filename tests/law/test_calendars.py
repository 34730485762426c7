"""Business days, months and receipt dates at their edges."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from requests_app.law.calendars import (
    WEEKDAYS_ONLY,
    Calendar,
    add_business_days,
    local_day,
    months_after,
    months_before,
)

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
THANKSGIVING = Calendar(
    "california",
    "1",
    holidays={date(2026, 11, 26): "Thanksgiving", date(2026, 11, 27): "day after", date(2026, 11, 28): "on a Saturday"},
)


@pytest.mark.parametrize(
    ("start", "number", "result", "because"),
    [
        ("2026-11-20", 1, "2026-11-23", "the weekend is passed over"),
        ("2026-11-21", 1, "2026-11-23", "received on a Saturday"),
        ("2026-11-22", 10, "2026-12-04", "received on a Sunday: Monday is the first day"),
        ("2026-11-23", 0, "2026-11-23", "nothing to count"),
        ("2026-11-23", 5, "2026-11-30", "a week"),
        ("2028-02-25", 3, "2028-03-01", "29 February is a business day"),
        ("2026-12-31", 1, "2027-01-01", "weekdays only: New Year counts"),
    ],
)
def test_business_days_without_holidays(start: str, number: int, result: str, because: str) -> None:
    counted = add_business_days(date.fromisoformat(start), number, WEEKDAYS_ONLY)
    assert counted.result == date.fromisoformat(result), because


def test_days_passed_over_are_listed_with_their_reason() -> None:
    assert add_business_days(date(2026, 11, 25), 1, THANKSGIVING)[:2] == (
        date(2026, 11, 30),
        (
            (date(2026, 11, 26), "Thanksgiving"),
            (date(2026, 11, 27), "day after"),
            (date(2026, 11, 28), "weekend"),
            (date(2026, 11, 29), "weekend"),
        ),
    )


def test_a_calendar_may_have_another_weekend() -> None:
    friday_only = Calendar("friday", "1", weekend=frozenset({4}))
    assert add_business_days(date(2026, 11, 26), 1, friday_only).result == date(2026, 11, 28)


@pytest.mark.parametrize("weekend", [frozenset(range(7)), frozenset({7})])
def test_a_week_needs_a_business_day(weekend: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="weekday numbers from 0"):
        Calendar("never", "1", weekend=weekend)


def test_business_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        add_business_days(date(2026, 11, 23), -1, WEEKDAYS_ONLY)


@pytest.mark.parametrize(
    ("day", "months", "result", "because"),
    [
        ("2026-01-31", 1, "2026-02-28", "no 31 February: the last of the month"),
        ("2028-01-31", 1, "2028-02-29", "leap year"),
        ("2026-01-31", 2, "2026-03-31", "counted from the start, not from the end of February"),
        ("2026-11-30", 3, "2027-02-28", "over the year's end"),
        ("2026-12-15", 1, "2027-01-15", "December to January"),
        ("2028-02-29", 24, "2030-02-28", "24 months from a leap day"),
        ("2026-06-15", 0, "2026-06-15", "nothing to count"),
        ("2025-02-28", -12, "2024-02-28", "not the leap day"),
        ("2025-03-01", -12, "2024-03-01", "the day after the leap day"),
        ("2028-02-29", -12, "2027-02-28", "back from a leap day"),
        ("2026-01-15", -1, "2025-12-15", "January to December"),
        ("2026-03-31", -1, "2026-02-28", "no 31 February, backwards"),
    ],
)
def test_months_keep_the_number_of_the_day_where_they_can(day: str, months: int, result: str, because: str) -> None:
    start, expected = date.fromisoformat(day), date.fromisoformat(result)
    assert months_after(start, months) == expected, because
    assert months_before(start, -months) == expected, because


@pytest.mark.parametrize(
    ("moment", "day", "because"),
    [
        ("2026-11-23T07:59:59+00:00", "2026-11-22", "23:59:59 on Sunday in winter time"),
        ("2026-11-23T08:00:00+00:00", "2026-11-23", "midnight in winter time"),
        ("2026-03-08T09:59:59+00:00", "2026-03-08", "a second before the clocks go forward"),
        ("2026-03-09T06:59:59+00:00", "2026-03-08", "summer time has begun"),
        ("2026-11-01T08:30:00+00:00", "2026-11-01", "the hour that comes twice, first"),
        ("2026-11-01T09:30:00+00:00", "2026-11-01", "the hour that comes twice, again"),
    ],
)
def test_the_date_of_receipt_is_the_local_one(moment: str, day: str, because: str) -> None:
    assert local_day(datetime.fromisoformat(moment), LOS_ANGELES) == date.fromisoformat(day), because


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        local_day(datetime(2026, 11, 23), LOS_ANGELES)  # noqa: DTZ001
