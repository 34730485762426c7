"""How the figures of a year are added up: the days in the middle and on average, and which ground counts as which."""

from __future__ import annotations

from random import Random
from statistics import mean, median

import pytest

from requests_app.law.packs import all_packs
from requests_app.law.yearly import Days, Ended, Figures, denied_on

GROUNDS = {ground.code: ground for pack in all_packs().values() for ground in pack.exemptions}


@pytest.mark.parametrize(
    ("days", "middle", "average"),
    [([], None, None), ([7], 7, 7), ([3, 4], 3.5, 3.5), ([3, 10, 44, 45, 88], 44, 38), ([0, 0, 0, 90], 0, 22.5)],
)
def test_the_days_in_the_middle_and_on_average(days: list[int], middle: float | None, average: float | None) -> None:
    counted = Days(days)
    assert (counted.median, counted.mean, len(counted)) == (middle, average, len(days))


def test_any_days_have_the_median_and_mean_that_statistics_give_them() -> None:
    rounds = Random(7)
    for _ in range(200):
        days = [rounds.randrange(100) for _ in range(rounds.randrange(1, 40))]
        assert (Days(days).median, Days(days).mean) == (median(days), pytest.approx(mean(days)))


def test_figures_of_two_rights_are_those_of_both_together() -> None:
    one, other = Figures(), Figures()
    one.ended.update([Ended.IN_WHOLE, Ended.DUPLICATE])
    other.ended.update([Ended.EXEMPT])
    one.days.add(3)
    other.days.add(10)
    both = one + other
    assert (both.received, both.denied, both.days.median) == (2, 1, 6.5)
    assert (one.received, len(one.days)) == (1, 1)
    assert [both.of(ended) for ended in (Ended.IN_WHOLE, Ended.EXEMPT, Ended.WITHDRAWN)] == [1, 1, 0]


@pytest.mark.parametrize(
    ("code", "ended"),
    [
        ("ca_7021_not_verified", Ended.NOT_VERIFIABLE),
        ("gdpr_12_6_identity", Ended.NOT_VERIFIABLE),
        ("ca_140_not_consumer", Ended.NOT_BY_A_CONSUMER),
        ("va_not_consumer", Ended.NOT_BY_A_CONSUMER),
        ("ca_105d8_legal_obligation", Ended.EXEMPT),
        ("gdpr_17_3_e_legal_claims", Ended.EXEMPT),
        ("ca_145b_privilege", Ended.EXEMPT),
        ("ca_106_accurate", Ended.OTHER_GROUND),
        ("ca_7063_agent_no_proof", Ended.OTHER_GROUND),
        ("ca_7070_parent_not_shown", Ended.OTHER_GROUND),
        ("ca_145h3_unfounded_excessive", Ended.OTHER_GROUND),
        ("ca_130b_twice", Ended.OTHER_GROUND),
        ("ca_7026e_fraud", Ended.OTHER_GROUND),
    ],
)
def test_a_denial_is_counted_by_the_kind_of_its_ground(code: str, ended: Ended) -> None:
    assert denied_on(GROUNDS[code]) == ended


def test_a_ground_that_no_pack_knows_is_another_ground() -> None:
    assert denied_on(None) == Ended.OTHER_GROUND


def test_every_ground_that_somebody_is_no_consumer_is_marked_as_one() -> None:
    by_name = {code for code in GROUNDS if code.endswith("_not_consumer")}
    assert by_name
    assert {code for code, ground in GROUNDS.items() if ground.not_a_consumer} == by_name
