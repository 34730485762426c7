"""How far back an answer reaches (Civ. Code 1798.130(a)(2)(B))."""

from __future__ import annotations

from datetime import date

import pytest

from requests_app.law import packs
from requests_app.law.lookback import look_back
from requests_app.law.packs import RightNotGiven
from requests_app.law.words import Right

CCPA = packs.law_pack("ccpa")
OLDER = "ca_130a2_disproportionate"
EVERYTHING = "everything"


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    ("received", "asked", "span", "unless", "because"),
    [
        ("2026-11-23", (None, None), ("2025-11-23", "2026-11-23"), None, "twelve months before receipt"),
        ("2028-02-29", (None, None), ("2027-02-28", "2028-02-29"), None, "back from a leap day"),
        ("2026-11-23", EVERYTHING, ("2022-01-01", "2026-11-23"), OLDER, "everything"),
        ("2026-11-23", ("2020-06-01", None), ("2022-01-01", "2026-11-23"), OLDER, "cut where the reach ends"),
        ("2026-11-23", ("2023-05-01", "2024-04-30"), ("2023-05-01", "2024-04-30"), OLDER, "a range"),
        ("2026-11-23", ("2026-01-01", "2027-01-01"), ("2026-01-01", "2026-11-23"), None, "not past receipt"),
        ("2022-12-31", EVERYTHING, ("2021-12-31", "2022-12-31"), None, "before 2023 twelve months, no more"),
        ("2022-12-31", ("2020-01-01", None), ("2021-12-31", "2022-12-31"), None, "nor by a range"),
    ],
)
def test_california_reaches_back(
    received: str,
    asked: tuple[str | None, str | None] | str,
    span: tuple[str, str],
    unless: str | None,
    because: str,
) -> None:
    found = look_back(
        CCPA,
        Right.KNOW_SPECIFIC,
        received_on=date.fromisoformat(received),
        everything=asked == EVERYTHING,
        from_on=None if asked == EVERYTHING else day(asked[0]),
        to_on=None if asked == EVERYTHING else day(asked[1]),
    )
    assert (found.from_on, found.to_on, found.unless) == (day(span[0]), day(span[1]), unless), because
    assert found.citation.startswith("Civ. Code 1798.130(a)(2)")


def test_the_house_gives_all_it_holds() -> None:
    received = date(2026, 11, 23)
    all_held = look_back(packs.house(), Right.KNOW_SPECIFIC, received_on=received, everything=True)
    assert (all_held.from_on, all_held.to_on, all_held.unless) == (None, received, None)
    ranged = look_back(packs.house(), Right.KNOW_SPECIFIC, received_on=received, from_on=date(2015, 1, 1))
    assert ranged.from_on == date(2015, 1, 1)


def test_a_right_that_is_not_given_reaches_nowhere() -> None:
    with pytest.raises(RightNotGiven):
        look_back(CCPA, Right.RESTRICT, received_on=date(2026, 11, 23))
