"""California's holidays, by year: those that state offices keep, and the longer list of all holidays of the state.

The two lists differ, and neither is the federal one: only Veterans Day moves from a Saturday to the Friday before it.
These rules fill a calendar once; what is counted with are the dates, which the privacy team edits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from requests_app.law.calendars import SATURDAY, SUNDAY
from requests_app.law.words import LawError

MONDAY, THURSDAY, FRIDAY = 0, 3, 4
PAID_CITATION = "Cal. Gov. Code § 19853(a), (b)"
LONG_CITATION = "Cal. Gov. Code §§ 6700, 6701"

Rule = Callable[[int], date]


class DateNotKnown(LawError):
    """A holiday of the moon's calendar falls on a day of that year that is not written down here."""


@dataclass(frozen=True)
class Holiday:
    """A holiday: the day on which it falls, the first year of the law that has it, and how it moves."""

    name: str
    falls: Rule
    since: int = 2000
    to_monday: bool = False  # from a Sunday
    to_friday: bool = False  # from a Saturday

    def days(self, year: int) -> Iterator[tuple[date, str]]:
        """The day itself, and the other day on which it is kept."""
        day = self.falls(year)
        yield day, self.name
        if self.to_monday and day.weekday() == SUNDAY:
            yield day + timedelta(days=1), f"{self.name} (observed)"
        if self.to_friday and day.weekday() == SATURDAY:
            yield day - timedelta(days=1), f"{self.name} (observed)"


def _on(month: int, day: int) -> Rule:
    return lambda year: date(year, month, day)


def _nth(number: int, weekday: int, month: int) -> Rule:
    """The so-and-so-manieth weekday of a month."""

    def falls(year: int) -> date:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))

    return falls


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _day_after_thanksgiving(year: int) -> date:
    return THANKSGIVING.falls(year) + timedelta(days=1)


def _written_down(name: str, dates: Collection[date]) -> Rule:
    """A day that follows the moon: no rule here, but the dates."""
    by_year = {day.year: day for day in dates}

    def falls(year: int) -> date:
        if year not in by_year:
            raise DateNotKnown(
                f"The day of {name} is not known here for {year}: fill up to {max(by_year)}, and add the later days"
                " by hand.",
                LONG_CITATION,
            )
        return by_year[year]

    return falls


LUNAR_NEW_YEARS = (
    date(2023, 1, 22), date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17), date(2027, 2, 6), date(2028, 1, 26),
    date(2029, 2, 13), date(2030, 2, 3), date(2031, 1, 23), date(2032, 2, 11), date(2033, 1, 31), date(2034, 2, 19),
    date(2035, 2, 8),
)  # fmt: skip
DIWALIS = (
    date(2026, 11, 8), date(2027, 10, 29), date(2028, 10, 17), date(2029, 11, 5), date(2030, 10, 26),
    date(2031, 11, 14), date(2032, 11, 2), date(2033, 10, 22), date(2034, 11, 10), date(2035, 10, 30),
)  # fmt: skip

NEW_YEAR = Holiday("New Year's Day", _on(1, 1), to_monday=True)
KING = Holiday("Martin Luther King Jr. Day", _nth(3, MONDAY, 1))
PRESIDENTS = Holiday("Presidents' Day", _nth(3, MONDAY, 2))
FARMWORKERS = Holiday("Farmworkers Day (Cesar Chavez Day)", _on(3, 31), to_monday=True)
MEMORIAL = Holiday("Memorial Day", _last_monday_of_may)
INDEPENDENCE = Holiday("Independence Day", _on(7, 4), to_monday=True)
LABOR = Holiday("Labor Day", _nth(1, MONDAY, 9))
VETERANS = Holiday("Veterans Day", _on(11, 11), to_monday=True, to_friday=True)
THANKSGIVING = Holiday("Thanksgiving Day", _nth(4, THURSDAY, 11))
CHRISTMAS = Holiday("Christmas Day", _on(12, 25), to_monday=True)

# Gov. Code 19853(a): the days on which state offices are closed. Not Columbus Day, not Juneteenth, Lunar New Year,
# Genocide Remembrance Day, Native American Day or Diwali, which an employee may only choose to take.
PAID = (
    NEW_YEAR,
    KING,
    PRESIDENTS,
    FARMWORKERS,
    MEMORIAL,
    INDEPENDENCE,
    LABOR,
    VETERANS,
    THANKSGIVING,
    Holiday("Day after Thanksgiving", _day_after_thanksgiving),
    CHRISTMAS,
)
# Gov. Code 6700(a): every holiday of the state but Sundays, and Good Friday, which is one from noon to 3 p.m. only.
# Thanksgiving is one as a day that the President appoints. Which of them move to a Monday is said by 6701.
LONG = (
    NEW_YEAR,
    KING,
    Holiday("Lunar New Year", _written_down("Lunar New Year", LUNAR_NEW_YEARS), since=2023),
    Holiday("Lincoln Day", _on(2, 12), to_monday=True),
    PRESIDENTS,
    FARMWORKERS,
    Holiday("Genocide Remembrance Day", _on(4, 24), since=2023),
    MEMORIAL,
    Holiday("Juneteenth", _on(6, 19), since=2023),
    INDEPENDENCE,
    LABOR,
    Holiday("Admission Day", _on(9, 9), to_monday=True),
    Holiday("Native American Day", _nth(4, FRIDAY, 9)),
    Holiday("Columbus Day", _nth(2, MONDAY, 10)),
    Holiday("Diwali", _written_down("Diwali", DIWALIS), since=2026),
    VETERANS,
    THANKSGIVING,
    CHRISTMAS,
)


def paid_holidays(years: Collection[int]) -> dict[date, str]:
    """The days on which state offices are closed (Gov. Code 19853)."""
    return _days(PAID, years)


def all_holidays(years: Collection[int]) -> dict[date, str]:
    """Every holiday of the state (Gov. Code 6700, 6701). Raises DateNotKnown for a year too far ahead."""
    return _days(LONG, years)


def _days(holidays: Collection[Holiday], years: Collection[int]) -> dict[date, str]:
    found: dict[date, str] = {}
    for year in years:
        for holiday in holidays:
            if year >= holiday.since:
                for day, name in holiday.days(year):
                    found[day] = f"{found[day]}; {name}" if day in found else name
    return dict(sorted(found.items()))
