"""One extension, with a reason, in the first period, where the law has one (G7)."""

from __future__ import annotations

from datetime import date

import pytest

from requests_app.law import packs
from requests_app.law.extension import ExtensionNotAllowed, may_extend
from requests_app.law.packs import RightNotGiven
from requests_app.law.words import Right
from tests.law.made_up import SINCE, a_law, law_data

CCPA = packs.law_pack("ccpa")
RECEIVED = date(2026, 11, 23)
FIRST_DUE = date(2027, 1, 7)


def extend(
    right: Right = Right.DELETE,
    *,
    law: packs.LawPack = CCPA,
    on: date = FIRST_DUE,
    already: bool = False,
    reason: bool = True,
    received: date = RECEIVED,
) -> date:
    return may_extend(law, right, received_on=received, on=on, already_extended=already, reason_given=reason)


@pytest.mark.parametrize("on", [RECEIVED, date(2026, 12, 24), FIRST_DUE])
@pytest.mark.parametrize("right", [Right.KNOW_CATEGORIES, Right.PORTABILITY, Right.DELETE, Right.CORRECT])
def test_the_answer_may_be_extended_to_ninety_days_from_receipt(right: Right, on: date) -> None:
    assert extend(right, on=on) == date(2027, 2, 21)


@pytest.mark.parametrize("on", [date(2027, 1, 8), date(2026, 11, 22)])
def test_an_extension_must_be_announced_in_the_first_period(on: date) -> None:
    with pytest.raises(
        ExtensionNotAllowed,
        match="The first 45 calendar days run from 23 November 2026 to 7 January 2027; an extension must be announced",
    ) as raised:
        extend(on=on)
    assert raised.value.citation == "Civ. Code 1798.130(a)(2)(A), 1798.145(h)(1)"


def test_there_is_one_extension_only() -> None:
    with pytest.raises(ExtensionNotAllowed, match="extended already, and may be only once"):
        extend(already=True)


def test_an_extension_needs_a_reason() -> None:
    with pytest.raises(ExtensionNotAllowed, match="needs a reason that the person is told"):
        extend(reason=False)


@pytest.mark.parametrize(
    ("right", "received", "citation"),
    [
        (Right.OPT_OUT_SALE_SHARE, RECEIVED, "11 CCR 7026(f)"),
        (Right.LIMIT_SENSITIVE, RECEIVED, "11 CCR 7027(g)"),
        (Right.OPT_OUT_AUTOMATED, date(2027, 2, 1), "11 CCR 7221(n)(1)"),
        (Right.OPT_IN, RECEIVED, "Civ. Code 1798.120, 1798.135; 11 CCR 7028"),
    ],
)
def test_an_opt_out_can_not_be_extended(right: Right, received: date, citation: str) -> None:
    with pytest.raises(
        ExtensionNotAllowed, match=r"CCPA allows no extension for this right .*: keep the date"
    ) as raised:
        extend(right, received=received, on=received)
    assert raised.value.citation == citation


def test_the_house_allows_itself_no_extension() -> None:
    with pytest.raises(ExtensionNotAllowed, match=r"\(Privacy policy, general part\)"):
        extend(law=packs.house())


def test_what_may_be_extended_is_the_answer() -> None:
    rule = {"kind": "recipients_told", "period": "response_days", "extended_period": "extended_total_days"}
    told = rule | {"rights": ["delete"]} | SINCE
    law = a_law(extended_total_days=[{"value": 20, "rights": "all", **SINCE}], duties=[told, *law_data()["duties"]])
    with pytest.raises(ExtensionNotAllowed, match="allows no extension for this right"):
        extend(law=law, on=RECEIVED)


def test_a_right_that_is_not_given_can_not_be_extended() -> None:
    with pytest.raises(RightNotGiven):
        extend(Right.CORRECT, received=date(2022, 12, 31))
