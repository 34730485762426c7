"""How far back an answer reaches (Civ. Code 1798.130(a)(2)(B))."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from requests_app.law import packs
from requests_app.law.lawpack import LawPack
from requests_app.law.lookback import look_back
from requests_app.law.packs import RightNotGiven
from requests_app.law.words import LawError, Right

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
        (
            "2026-11-23",
            (None, "2024-01-01"),
            ("2022-01-01", "2024-01-01"),
            OLDER,
            "without a first day: from the first",
        ),
        ("2022-12-31", (None, "2022-06-30"), ("2021-12-31", "2022-06-30"), None, "nor without a first day"),
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


@pytest.mark.parametrize(
    ("law", "right", "asked", "cure"),
    [
        (CCPA, Right.KNOW_SPECIFIC, ("2021-01-01", "2021-06-01"), "reaches from 1 January 2022 to 23 November 2026"),
        (CCPA, Right.KNOW_SPECIFIC, (None, "2021-12-31"), "reaches from 1 January 2022 to 23 November 2026"),
        (CCPA, Right.KNOW_SPECIFIC, ("2026-11-24", None), "reaches from 1 January 2022 to 23 November 2026"),
        (packs.law_pack("gdpr"), Right.KNOW_SPECIFIC, ("2026-11-24", None), "reaches to 23 November 2026"),
    ],
)
def test_of_days_that_are_not_owed_the_law_says_which_are(
    law: LawPack, right: Right, asked: tuple[str | None, str | None], cure: str
) -> None:
    with pytest.raises(LawError, match=f"^None of these days is owed: .* {cure}, so ask for") as refused:
        look_back(law, right, received_on=date(2026, 11, 23), from_on=day(asked[0]), to_on=day(asked[1]))
    assert refused.value.citation


DAYS = st.none() | st.dates(date(2015, 1, 1), date(2030, 12, 31))


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), DAYS, DAYS, st.booleans())
def test_no_answer_ends_before_it_begins_nor_after_receipt(
    received_on: date, from_on: date | None, to_on: date | None, everything: bool
) -> None:
    for law in (CCPA, packs.house()):
        try:
            found = look_back(
                law, Right.KNOW_SPECIFIC, received_on=received_on, everything=everything, from_on=from_on, to_on=to_on
            )
        except LawError:
            continue
        assert (found.from_on or date.min) <= found.to_on <= received_on


def test_the_house_gives_all_it_holds() -> None:
    received = date(2026, 11, 23)
    all_held = look_back(packs.house(), Right.KNOW_SPECIFIC, received_on=received, everything=True)
    assert (all_held.from_on, all_held.to_on, all_held.unless) == (None, received, None)
    ranged = look_back(packs.house(), Right.KNOW_SPECIFIC, received_on=received, from_on=date(2015, 1, 1))
    assert ranged.from_on == date(2015, 1, 1)


def test_a_right_that_is_not_given_reaches_nowhere() -> None:
    with pytest.raises(RightNotGiven):
        look_back(CCPA, Right.RESTRICT, received_on=date(2026, 11, 23))
