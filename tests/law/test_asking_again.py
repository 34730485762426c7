"""Who opted out is not asked to opt in again for twelve months, by the calendar and not by days."""

from __future__ import annotations

from datetime import date

import pytest

from requests_app.law import packs
from requests_app.law.asking_again import asked_again, last_of
from requests_app.law.lawpack import NoSuchFigure
from requests_app.law.words import Right

CCPA, HOUSE = packs.all_packs()["ccpa"], packs.house()


@pytest.mark.parametrize(
    ("right", "opted_out_on", "since", "because"),
    [
        (Right.OPT_OUT_SALE_SHARE, "2026-11-23", "2027-11-23", "Civ. Code 1798.135(c)(4)"),
        (Right.LIMIT_SENSITIVE, "2026-11-23", "2027-11-23", "Civ. Code 1798.135(c)(4)"),
        (Right.OPT_OUT_SALE_SHARE, "2026-12-31", "2027-12-31", "Civ. Code 1798.135(c)(4)"),
        (Right.OPT_OUT_SALE_SHARE, "2027-03-01", "2028-03-01", "Civ. Code 1798.135(c)(4)"),  # 366 days
        (Right.OPT_OUT_AUTOMATED, "2027-01-01", "2028-01-01", "11 CCR 7221(k)"),
    ],
)
def test_the_wait_ends_on_the_same_day_a_year_later(right: Right, opted_out_on: str, since: str, because: str) -> None:
    again = asked_again(CCPA, right, date.fromisoformat(opted_out_on))
    assert (again.since.isoformat(), again.figure.citation) == (since, because)


def test_after_an_opt_out_on_29_february_nobody_asks_before_the_year_is_over() -> None:
    assert asked_again(CCPA, Right.OPT_OUT_SALE_SHARE, date(2028, 2, 29)).since == date(2029, 2, 28)


def test_the_house_waits_wherever_the_person_lives_and_the_latest_day_counts() -> None:
    virginia = packs.all_packs()["us_va"]
    with pytest.raises(NoSuchFigure):
        asked_again(virginia, Right.OPT_OUT_SALE_SHARE, date(2026, 11, 23))
    again = last_of((virginia, HOUSE), Right.OPT_OUT_SALE_SHARE, date(2026, 11, 23))
    assert again is not None
    assert (again.since, again.figure.citation) == (date(2027, 11, 23), "Privacy policy, general part")


def test_where_no_law_has_a_wait_there_is_none() -> None:
    assert last_of((CCPA, HOUSE), Right.RESTRICT, date(2026, 11, 23)) is None
