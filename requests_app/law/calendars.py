"""Business days, months, and the date of receipt: dates in, dates out, never hours.

The day of receipt is day 0 and not counted (Gov. Code 6800; Civ. Code 10; Reg. 1182/71 Art. 3).
"""

from __future__ import annotations

import calendar as months_of_year
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

WEEKEND = "weekend"
ONE_DAY = timedelta(days=1)
SATURDAY, SUNDAY = 5, 6


@dataclass(frozen=True)
class Calendar:
    """Which days are no business days: weekdays by number (Monday is 0), and single dates with their names.

    A version never changes; an edited calendar is a new version.
    """

    name: str
    version: str
    weekend: frozenset[int] = frozenset({SATURDAY, SUNDAY})
    holidays: Mapping[date, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if not self.weekend < frozenset(range(7)):
            raise ValueError("weekend: weekday numbers from 0 (Monday) to 6, not all seven")


# The strictest reading of "business day", which 11 CCR does not define: every weekday counts (rulebook 5.5).
WEEKDAYS_ONLY = Calendar("weekdays_only", "1")


class Counted(NamedTuple):
    """A day that was counted to, and the days that were passed over with the reason: ``weekend``, or the holiday.

    ``moved`` are the days at the end on which the period could not end.
    """

    result: date
    skipped: tuple[tuple[date, str], ...]
    moved: tuple[tuple[date, str], ...] = ()


def add_business_days(start: date, number: int, calendar: Calendar) -> Counted:
    """The day that is ``number`` business days after ``start``, which is not counted itself."""
    if number < 0:
        raise ValueError("business days are counted forwards")
    weekend, holidays = calendar.weekend, calendar.holidays
    day, left, skipped = start, number, []
    while left:
        day += ONE_DAY
        if day.weekday() in weekend:
            skipped.append((day, WEEKEND))
        elif day in holidays:
            skipped.append((day, holidays[day]))
        else:
            left -= 1
    return Counted(day, tuple(skipped))


def next_working_day(day: date, calendar: Calendar) -> Counted:
    """The day itself, or the first working day after it (Reg. 1182/71 Art. 3(4)), and the days passed over."""
    skipped = []
    while day.weekday() in calendar.weekend or day in calendar.holidays:
        skipped.append((day, WEEKEND if day.weekday() in calendar.weekend else calendar.holidays[day]))
        day += ONE_DAY
    return Counted(day, tuple(skipped))


def months_after(day: date, number: int) -> date:
    """The day of the same number so many months later; the last of the month where there is none (rulebook 5.7)."""
    years, month = divmod(day.month - 1 + number, 12)
    year = day.year + years
    last = months_of_year.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def months_before(day: date, number: int) -> date:
    """The day of the same number so many months earlier; the last of the month where there is none."""
    return months_after(day, -number)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The date of receipt: the local date of arrival where the business is, weekend or not (rulebook 5.1, 5.2)."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone has no local day")
    return moment.astimezone(zone).date()
