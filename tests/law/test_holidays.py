"""California's holidays beside what the ``holidays`` library says of them: every difference, date by date.

The library keeps no list of Government Code 19853 or 6700, and moves California's holidays as federal ones are moved.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import holidays
import pytest

from requests_app.law import california

YEARS = range(2025, 2030)


def library(subdivision: str | None = None) -> dict[date, str]:
    """What the library says: of the United States, or of California."""
    return dict(holidays.country_holidays("US", subdiv=subdivision, years=YEARS))


def weekdays(days: Iterable[date]) -> list[str]:
    """The dates that matter to a calendar whose weekend is Saturday and Sunday."""
    return [day.isoformat() for day in sorted(days) if day.weekday() < 5]


def test_state_offices_keep_other_days_than_the_library_says() -> None:
    law, theirs = california.paid_holidays(YEARS), library("CA")
    assert weekdays(set(law) - set(theirs)) == []
    assert weekdays(set(theirs) - set(law)) == [
        "2025-06-19",  # Juneteenth: an employee may choose it, offices are open (19853)
        "2026-06-19",
        "2026-07-03",  # 4 July 2026 is a Saturday: kept on Friday federally, in California not moved
        "2027-06-18",
        "2027-10-29",  # Diwali: a day to choose since 2026
        "2027-12-24",  # Christmas 2027 is a Saturday
        "2027-12-31",  # so is 1 January 2028
        "2028-02-15",  # Susan B. Anthony Day: for schools (Educ. Code 37222.13)
        "2028-06-19",
        "2028-10-17",
        "2029-02-15",
        "2029-06-19",
        "2029-11-05",
    ]


def test_the_long_list_has_days_that_the_library_lacks() -> None:
    law, theirs = california.all_holidays(YEARS), library("CA")
    assert [f"{day} {law[day]}" for day in map(date.fromisoformat, weekdays(set(law) - set(theirs)))] == [
        "2025-01-29 Lunar New Year",
        "2025-02-12 Lincoln Day",
        "2025-04-24 Genocide Remembrance Day",
        "2025-09-09 Admission Day",
        "2025-09-26 Native American Day",
        "2025-10-13 Columbus Day",
        "2026-02-12 Lincoln Day",
        "2026-02-17 Lunar New Year",
        "2026-04-24 Genocide Remembrance Day",
        "2026-09-09 Admission Day",
        "2026-09-25 Native American Day",
        "2026-10-12 Columbus Day",
        "2027-02-12 Lincoln Day",
        "2027-09-09 Admission Day",
        "2027-09-24 Native American Day",
        "2027-10-11 Columbus Day",
        "2028-01-26 Lunar New Year",
        "2028-04-24 Genocide Remembrance Day",
        "2028-09-22 Native American Day",
        "2028-10-09 Columbus Day",
        "2029-02-12 Lincoln Day",
        "2029-02-13 Lunar New Year",
        "2029-04-24 Genocide Remembrance Day",
        "2029-09-10 Admission Day (observed)",
        "2029-09-28 Native American Day",
        "2029-10-08 Columbus Day",
    ]
    assert weekdays(set(theirs) - set(law)) == [
        "2025-11-28",  # the day after Thanksgiving is in 19853 alone
        "2026-07-03",
        "2026-11-27",
        "2027-06-18",
        "2027-11-26",
        "2027-12-24",
        "2027-12-31",
        "2028-02-15",
        "2028-11-24",
        "2029-02-15",
        "2029-11-23",
    ]


def test_the_federal_days_differ_from_both() -> None:
    federal, paid = library(), california.paid_holidays(YEARS)
    assert {day[5:7] for day in weekdays(set(federal) - set(paid))} == {"06", "07", "10", "12"}
    assert {day[5:7] for day in weekdays(set(paid) - set(federal))} == {"03", "11"}  # 31 March, after Thanksgiving


@pytest.mark.parametrize(
    ("kept", "because"),
    [
        ("2026-07-04", "a Saturday: the day itself, and no other"),
        ("2027-07-05", "4 July 2027 is a Sunday: Monday too"),
        ("2028-11-10", "Veterans Day 2028 is a Saturday: the one that moves to Friday"),
        ("2029-11-12", "Veterans Day 2029 is a Sunday"),
        ("2030-04-01", "31 March 2030 is a Sunday"),
        ("2026-11-27", "the day after Thanksgiving"),
    ],
)
def test_state_offices_are_closed(kept: str, because: str) -> None:
    assert date.fromisoformat(kept) in california.paid_holidays(range(2025, 2031)), because


@pytest.mark.parametrize(
    ("worked", "because"),
    [
        ("2026-07-03", "4 July is not moved to a Friday"),
        ("2026-10-12", "no Columbus Day in 19853"),
        ("2026-06-19", "Juneteenth is a day to choose"),
        ("2027-12-24", "Christmas is not moved to a Friday"),
    ],
)
def test_state_offices_are_open(worked: str, because: str) -> None:
    assert date.fromisoformat(worked) not in california.paid_holidays(range(2025, 2031)), because


def test_diwali_is_a_holiday_since_2026_and_does_not_move_from_a_sunday() -> None:
    days = california.all_holidays([2025, 2026])
    assert [day.isoformat() for day, name in days.items() if "Diwali" in name] == ["2026-11-08"]  # not in 6701


def test_two_holidays_on_one_day_are_both_named() -> None:
    assert california.all_holidays([2034])[date(2034, 11, 10)] == "Diwali; Veterans Day (observed)"


def test_the_days_of_the_moon_are_those_of_the_library() -> None:
    years = range(2023, 2036)
    found = holidays.country_holidays("SG", years=years)
    first = {day.year: day for day, name in sorted(found.items(), reverse=True) if "Chinese New Year" in name}
    assert list(california.LUNAR_NEW_YEARS) == sorted(first.values())
    theirs = holidays.country_holidays("US", subdiv="CA", years=years)
    assert list(california.DIWALIS) == [day for day, name in sorted(theirs.items()) if "Diwali" in name]


def test_a_year_whose_moon_is_not_written_down_is_refused() -> None:
    assert california.paid_holidays([2036])
    with pytest.raises(california.DateNotKnown, match=r"Lunar New Year is not known here for 2036: fill up to 2035"):
        california.all_holidays([2036])
