"""What the law layer is asked wrongly: each time a clear sentence with the rule that says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from requests_app.law import calendars, duties, exemptions, extension, packs
from requests_app.law.words import LawError, Right

CCPA = packs.law_pack("ccpa")
VIRGINIA = packs.law_pack("us_va")
HOUSE = packs.house()
RECEIVED = date(2026, 1, 5)  # the first 45 days end on 19 February


def owed(pack: packs.LawPack, right: Right, on: date) -> object:
    return duties.duties(pack, right, received_on=on, calendar=calendars.WEEKDAYS_ONLY, house=HOUSE)


def extended(pack: packs.LawPack, right: Right, on: date, *, already: bool = False, reason: bool = True) -> object:
    return extension.may_extend(pack, right, received_on=RECEIVED, on=on, already_extended=already, reason_given=reason)


def used(code: str, right: Right, on: date = RECEIVED) -> object:
    return exemptions.usable([CCPA], code, right, on=on)


@pytest.mark.parametrize(
    ("ask", "words", "citation"),
    [
        pytest.param(
            lambda: owed(CCPA, Right.DELETE, date(2019, 12, 31)),
            "CCPA gives the right to deletion since 1 January 2020, not to what was received on 31 December 2019",
            "Civ. Code 1798.105",
            id="before the law",
        ),
        pytest.param(
            lambda: owed(CCPA, Right.RESTRICT, RECEIVED),
            "CCPA gives no right to restriction: choose a right that it gives.",
            "Civ. Code 1798.100",
            id="a right that the law does not know",
        ),
        pytest.param(lambda: CCPA.right_named("fly"), "knows no right 'fly': use one of", "Civ. Code", id="no right"),
        pytest.param(lambda: packs.law_pack("ccpb"), "There is no law 'ccpb': use one of ccpa", "", id="no law"),
        pytest.param(
            lambda: packs.laws_for("Bavaria", Right.DELETE, RECEIVED),
            "'Bavaria' is no place of residence: write a code such as US-CA",
            "",
            id="no place",
        ),
        pytest.param(
            lambda: used("ca_999", Right.DELETE),
            "No law of this case knows the ground 'ca_999': choose one of those that are offered",
            "Civ. Code 1798.100",
            id="no exemption",
        ),
        pytest.param(
            lambda: used("ca_105d1_transaction", Right.KNOW_SPECIFIC),
            "is one against deletion, not against know: specific pieces",
            "Civ. Code 1798.105(d)(1)",
            id="an exemption on the wrong right",
        ),
        pytest.param(
            lambda: used("ca_130a2_before_2022", Right.KNOW_SPECIFIC, date(2022, 12, 31)),
            "is one since 1 January 2023, and the request was received on 31 December 2022",
            "1798.130(a)(2)",
            id="an exemption that came later",
        ),
        pytest.param(
            lambda: extended(CCPA, Right.DELETE, date(2026, 2, 20)),
            "The first 45 calendar days run from 5 January 2026 to 19 February 2026",
            "1798.1",
            id="a late extension",
        ),
        pytest.param(
            lambda: extended(CCPA, Right.DELETE, date(2026, 1, 4)),
            "an extension must be announced within them",
            "1798.1",
            id="an extension before receipt",
        ),
        pytest.param(
            lambda: extended(CCPA, Right.DELETE, date(2026, 2, 1), already=True),
            "The period was extended already, and may be only once",
            "1798.1",
            id="a second extension",
        ),
        pytest.param(
            lambda: extended(CCPA, Right.DELETE, date(2026, 2, 1), reason=False),
            "An extension needs a reason that the person is told",
            "1798.1",
            id="an extension without a reason",
        ),
        pytest.param(
            lambda: extended(CCPA, Right.OPT_OUT_SALE_SHARE, date(2026, 1, 8)),
            "allows no extension for this right (opt-out of sale and sharing)",
            "11 CCR 7026",
            id="an extension that the law does not have",
        ),
    ],
)
def test_what_is_asked_wrongly_is_answered_with_the_rule(ask: Callable[[], object], words: str, citation: str) -> None:
    with pytest.raises(LawError) as refusal:
        ask()
    assert words in refusal.value.sentence
    assert citation in refusal.value.citation
    assert str(refusal.value).endswith(f"({refusal.value.citation})" if citation else ".")


@pytest.mark.parametrize(
    ("residence", "right", "on", "words"),
    [
        ("US-VA", Right.DELETE, date(2019, 6, 1), "gives the right to deletion since 1 January 2023"),
        ("US-CA", Right.DELETE, date(2019, 12, 31), "CCPA gives the right to deletion since 1 January 2020"),
        ("US-CA", Right.APPEAL_AUTOMATED, RECEIVED, "since 1 January 2027"),
        ("US-WY", Right.SHINE_THE_LIGHT, RECEIVED, "gives no right to Shine the Light"),
    ],
)
def test_why_a_right_is_not_given_is_told_by_the_law_that_comes_nearest(
    residence: str, right: Right, on: date, words: str
) -> None:
    assert not packs.laws_for(residence, right, on)
    refusal = packs.why_not_given(residence, right, on)
    assert words in refusal.sentence
    assert refusal.citation
