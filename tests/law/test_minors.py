"""No sale of data of children without an opt-in, by the right one: Civ. Code 1798.120(c), 11 CCR 7070-7072."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import pytest

from requests_app.law import packs
from requests_app.law.minors import OptedIn, OptsIn, asked_again_from, sale_of

PARENT, CONSUMER = OptsIn.PARENT, OptsIn.CONSUMER
ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("born_on", "opted_in", "opted_out", "allowed", "who", "because"),
    [
        ("2014-11-23", (), False, False, PARENT, "12: nothing without a parent"),
        ("2014-11-23", (CONSUMER,), False, False, PARENT, "12: the child's own word is none"),
        ("2014-11-23", (PARENT,), False, True, PARENT, "12: the parent's opt-in"),
        ("2014-11-23", (PARENT,), True, False, PARENT, "12: an opt-out outweighs it"),
        ("2013-11-24", (PARENT,), False, True, PARENT, "the day before the 13th birthday"),
        ("2013-11-23", (PARENT,), False, False, CONSUMER, "13 today: a parent's opt-in is over"),
        ("2013-11-23", (CONSUMER,), False, True, CONSUMER, "13: the own opt-in"),
        ("2010-11-24", (), False, False, CONSUMER, "the day before the 16th birthday"),
        ("2010-11-23", (), False, True, None, "16 today: sold unless opted out"),
        ("2010-11-23", (), True, False, None, "16: the earlier refusal stays"),
        ("1980-01-01", (), False, True, None, "a grown-up"),
    ],
)
def test_whose_opt_in_it_takes(  # noqa: PLR0917 - a row of the table
    born_on: str, opted_in: Collection[OptsIn], opted_out: bool, allowed: bool, who: OptsIn | None, because: str
) -> None:
    rule = packs.all_packs()["ccpa"].minors_rule(ON)
    assert rule is not None
    given = [OptedIn(by, ON) for by in opted_in]
    sale = sale_of(rule, date.fromisoformat(born_on), ON, opted_in=given, opted_out=opted_out)
    assert (sale.allowed, sale.who) == (allowed, who), because
    assert sale.rule.citation == "Civ. Code 1798.120(c); 11 CCR 7070-7072"


@pytest.mark.parametrize(
    ("said_on", "allowed"),
    [(date(2023, 5, 1), False), (date(2026, 4, 30), False), (date(2026, 5, 1), True), (date(2026, 5, 2), True)],
)
def test_a_young_person_s_own_word_counts_if_it_was_given_from_the_13th_birthday_on(
    said_on: date, allowed: bool
) -> None:
    rule = packs.all_packs()["ccpa"].minors_rule(ON)
    assert rule is not None
    sale = sale_of(rule, date(2013, 5, 1), ON, opted_in=[OptedIn(CONSUMER, said_on)], opted_out=False)
    assert (sale.age, sale.allowed) == (13, allowed)


@pytest.mark.parametrize(
    ("born_on", "declined_on", "again", "because"),
    [
        (date(2013, 5, 1), date(2026, 11, 23), date(2027, 11, 23), "twelve months later"),
        (date(2011, 5, 1), date(2026, 11, 23), date(2027, 5, 1), "the 16th birthday comes first"),
        (date(2012, 2, 29), date(2027, 6, 1), date(2028, 2, 29), "born on 29 February, 16 in a leap year"),
    ],
)
def test_who_did_not_consent_is_left_alone(born_on: date, declined_on: date, again: date, because: str) -> None:
    rule = packs.all_packs()["ccpa"].minors_rule(ON)
    assert rule is not None
    assert asked_again_from(rule, born_on, declined_on) == again, because
