"""The rolling, half-open count of submissions with information provided (rulebook 1.6, 5.8)."""

from __future__ import annotations

from datetime import date

import pytest

from requests_app.law import limits, packs
from requests_app.law.limits import LimitCount, Provided
from requests_app.law.words import Right, Window
from tests.law.made_up import SINCE, a_law, another_law

CCPA = packs.law_pack("ccpa")
NOW = date(2026, 11, 23)
KNOW = frozenset({Right.KNOW_SPECIFIC})
ERASED = frozenset({Right.DELETE})
NOTHING: frozenset[Right] = frozenset()


def counted(received: str, *earlier: str, right: Right = Right.KNOW_SPECIFIC) -> LimitCount:
    history = [Provided(f"s{number}", date.fromisoformat(day), KNOW) for number, day in enumerate(earlier)]
    count = limits.count(date.fromisoformat(received), history, packs=[CCPA], right=right)
    assert count
    return count


@pytest.mark.parametrize(
    ("received", "earlier", "inside", "because"),
    [
        ("2026-11-23", "2025-11-23", False, "the same date a year ago is outside"),
        ("2026-11-23", "2025-11-24", True, "the day after is inside"),
        ("2026-11-23", "2026-11-23", True, "the day of receipt is inside"),
        ("2026-11-23", "2026-11-24", False, "what comes later does not count"),
        ("2025-02-28", "2024-02-29", True, "a leap day is inside on 28 February"),
        ("2025-03-01", "2024-02-29", False, "and outside on 1 March"),
        ("2028-02-29", "2027-02-28", False, "a year before a leap day is 28 February"),
        ("2028-02-29", "2027-03-01", True, "the day after is inside"),
        ("2027-01-02", "2026-01-03", True, "no calendar year"),
    ],
)
def test_the_window_is_rolling_and_half_open(received: str, earlier: str, inside: bool, because: str) -> None:
    assert counted(received, earlier).counted == inside, because


@pytest.mark.parametrize(("number", "reached"), [(0, False), (1, False), (2, True), (3, True)])
def test_two_answers_in_twelve_months_are_enough(number: int, reached: bool) -> None:
    count = counted("2026-11-23", *["2026-05-01"] * number)
    assert (count.counted, count.allowed, count.reached) == (number, 2, reached)


@pytest.mark.parametrize("right", [Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC, Right.PORTABILITY])
def test_the_rights_that_are_limited(right: Right) -> None:
    assert counted("2026-11-23", "2026-05-01", "2026-06-01", right=right).reached


@pytest.mark.parametrize(
    "right", [Right.DELETE, Right.CORRECT, Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE, Right.OPT_IN]
)
def test_the_rights_that_are_not_limited(right: Right) -> None:
    assert limits.count(NOW, [], packs=[CCPA], right=right) is None


def test_only_submissions_with_information_provided_count_and_each_once() -> None:
    day = date(2026, 5, 1)
    history = [
        Provided("categories and specific pieces", day, KNOW),
        Provided("categories and specific pieces", day, KNOW),
        Provided("refused", day, NOTHING),
    ]
    count = limits.count(NOW, history, packs=[CCPA], right=Right.KNOW_SPECIFIC)
    assert count == LimitCount(
        "ccpa", date(2025, 11, 23), NOW, ("categories and specific pieces",), 2, "Civ. Code 1798.130(b)"
    )


def test_the_count_is_a_sentence_with_its_citation() -> None:
    count = counted("2026-11-23", "2026-05-01")
    assert count.sentence("en") == (
        "Information was provided 1 of 2 times after 23 November 2025 and up to 23 November 2026"
        " (Civ. Code 1798.130(b))."
    )
    assert count.sentence("es") == (
        "Se facilitó información 1 de 2 veces después del 23 de noviembre de 2025 y hasta el 23 de noviembre de 2026"
        " (Civ. Code 1798.130(b))."
    )


def limited(allowed: int) -> list[dict[str, object]]:
    return [{"allowed": allowed, "months": 12, "rights": ["delete"], **SINCE}]


def test_a_limit_needs_every_law_that_gives_the_right() -> None:
    history = [Provided("one", date(2026, 5, 1), KNOW | ERASED)]
    once, twice, free = a_law(limits=limited(1)), another_law(limits=limited(2)), another_law()

    def count(*laws: packs.LawPack) -> LimitCount | None:
        return limits.count(NOW, history, packs=laws, right=Right.DELETE)

    assert count(once, free) is None
    for laws in ((once, twice), (twice, once)):
        found = count(*laws)
        assert found
        assert (found.law, found.reached) == ("other", False), "the law that is more generous decides"
    assert limits.count(NOW, history, packs=[once, CCPA], right=Right.KNOW_SPECIFIC) is not None
    assert limits.count(NOW, history, packs=[once], right=Right.CORRECT) is None


def test_the_house_sets_no_limit() -> None:
    assert limits.count(NOW, [], packs=[packs.house()], right=Right.KNOW_SPECIFIC) is None


def test_what_was_answered_under_another_right_does_not_count() -> None:
    history = [Provided("deletion", date(2026, 5, 1), ERASED), Provided("known", date(2026, 6, 1), KNOW)]
    found = limits.count(NOW, history, packs=[CCPA], right=Right.KNOW_SPECIFIC)
    assert found
    assert found.submissions == ("known",)


@pytest.mark.parametrize(
    ("received", "earlier", "reached", "because"),
    [
        ("2026-11-23", "2026-01-01", True, "the first day of the year is inside"),
        ("2026-11-23", "2025-12-31", False, "the year before is outside"),
        ("2027-01-02", "2026-12-20", False, "a new calendar year, however short ago"),
    ],
)
def test_shine_the_light_is_answered_once_a_calendar_year(
    received: str, earlier: str, reached: bool, because: str
) -> None:
    asked = frozenset({Right.SHINE_THE_LIGHT})
    found = limits.count(
        date.fromisoformat(received),
        [
            Provided("earlier", date.fromisoformat(earlier), asked),
            Provided("known", date.fromisoformat(received), KNOW),
        ],
        packs=[packs.law_pack("shine_the_light")],
        right=Right.SHINE_THE_LIGHT,
    )
    assert found
    assert found.reached is reached, because


@pytest.mark.parametrize(
    ("window", "times", "english", "spanish"),
    [
        (Window.CALENDAR_YEAR, 1, "once in the calendar year 2026", "una vez en el año natural 2026"),
        (Window.CALENDAR_YEAR, 2, "2 times in the calendar year 2026", "2 veces en el año natural 2026"),
        (
            Window.ROLLING,
            2,
            "2 times in the twelve months up to 23 November 2026",
            "2 veces en los doce meses hasta el 23 de noviembre de 2026",
        ),
        (
            Window.ROLLING,
            1,
            "once in the twelve months up to 23 November 2026",
            "una vez en los doce meses hasta el 23 de noviembre de 2026",
        ),
    ],
)
def test_what_stands_in_the_way_is_told_by_its_own_window(
    window: Window, times: int, english: str, spanish: str
) -> None:
    submissions = tuple(f"s{number}" for number in range(times))
    found = LimitCount("a law", date(2025, 12, 31), NOW, submissions, times, "A law 1", window)
    assert found.already_provided() == f"Information was already provided {english}."
    assert found.already_provided("es") == f"Ya se facilitó información {spanish}."


def free(allowed: int) -> list[dict[str, object]]:
    return [{"allowed": allowed, "months": 12, "beyond": "fee", "rights": ["delete"], **SINCE}]


def test_beyond_the_free_answers_a_fee_may_be_asked_but_nothing_declined() -> None:
    history = [Provided("one", date(2026, 5, 1), ERASED)]
    law = a_law(limits=free(1))
    assert limits.count(NOW, history, packs=[law], right=Right.DELETE) is None
    (found,) = limits.free_answers(NOW, history, packs=[law, another_law()], right=Right.DELETE)
    assert (found.law, found.reached) == ("made_up", True)
    assert found.sentence("en").startswith("Information was provided 1 of 1 times free of charge after")
    assert limits.free_answers(NOW, history, packs=[law], right=Right.CORRECT) == ()


def test_a_law_may_count_free_answers_beside_the_answers_that_it_makes_us_give() -> None:
    history = [Provided("one", date(2026, 5, 1), ERASED)]
    both = a_law(limits=[*limited(2), *free(1)])
    found = limits.count(NOW, history, packs=[both], right=Right.DELETE)
    assert found
    assert (found.allowed, found.reached) == (2, False)
    (at_no_charge,) = limits.free_answers(NOW, history, packs=[both], right=Right.DELETE)
    assert (at_no_charge.allowed, at_no_charge.reached) == (1, True)
