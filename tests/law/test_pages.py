"""The pages that counsel reads: a law in words, the proof of all, what changes between two days."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest

from requests_app.law import comparing, packs, presenting
from requests_app.law.describing import spell_dating, spell_out
from requests_app.law.presenting import WIDTH
from requests_app.law.words import LawError
from tests.law.made_up import SAID, SINCE, TWICE, a_ground, a_law

NOW = date(2026, 11, 23)
DAYS = {"rights": ["delete"], **SAID}
SHORTER: dict[str, Any] = {
    "response_days": [
        {"value": 10, "since": date(2020, 1, 1), "until": date(2027, 1, 1), **DAYS},
        {"value": 5, "since": date(2027, 1, 1), **DAYS},
    ]
}


def test_a_law_is_shown_as_it_is_on_a_day_with_dates_citation_and_sureness() -> None:
    page = presenting.show(a_law(**SHORTER), NOW)
    assert page == (
        "words (made_up)\n"
        "words; applies to XX; since 1 January 2020\n"
        "Made-up Act s.1; verified, read on 23 November 2026; weekdays only\n"
        "\n"
        "As of 23 November 2026:\n"
        "\n"
        "RIGHTS\n"
        "  right: deletion\n"
        "    slugs: erasure\n"
        "    route: full\n"
        "    name: “words”\n"
        "    explanation: “words”\n"
        "      since 1 January 2020; Made-up Act s.1; verified, read on 23 November 2026\n"
        "\n"
        "RESPONSE DAYS\n"
        "  10 calendar days\n"
        "    rights: all rights\n"
        "      since 1 January 2020 until 1 January 2027; Made-up Act s.1; verified, read on 23 November 2026\n"
        "\n"
        "DUTIES\n"
        "  kind: answer\n"
        "    period: response_days\n"
        "    arises: receipt\n"
        "    rights: all rights\n"
        "      since 1 January 2020; Made-up Act s.1; verified, read on 23 November 2026\n"
        "\n"
        "DEGREES\n"
        "  degree: reasonable\n"
        "    rights: all rights\n"
        "      since 1 January 2020; Made-up Act s.1; verified, read on 23 November 2026\n"
        "\n"
        "EVIDENCE\n"
        "  degree: reasonable\n"
        "    data points: 1\n"
        "      since 1 January 2020; Made-up Act s.1; verified, read on 23 November 2026\n"
        "  degree: reasonably high\n"
        "    data points: 2\n"
        "      since 1 January 2020; Made-up Act s.1; verified, read on 23 November 2026\n"
        "\n"
        "BEGINS LATER\n"
        "  response days: 5 calendar days; rights: all rights\n"
        "      since 1 January 2027; Made-up Act s.1; verified, read on 23 November 2026\n"
    )


def test_a_law_is_not_shown_for_a_day_before_it_applied() -> None:
    with pytest.raises(
        LawError, match=r"applies since 1 January 2020, not on 31 December 2019: write that day\. \(Made"
    ):
        presenting.show(a_law(), date(2019, 12, 31))


@pytest.mark.slow
def test_every_law_is_shown_whole_in_lines_that_fit() -> None:
    for pack in packs.all_packs().values():
        page = presenting.show(pack, max(NOW, pack.since))
        assert all(len(line) <= WIDTH for line in page.splitlines()), pack.slug
        shown = " ".join(page.split())
        missing = [place for place, value in pack.values() if value.until is None and spell_dating(value) not in shown]
        assert not missing, pack.slug


def test_every_value_says_something_of_each_of_its_keys() -> None:
    values = [(pack, *placed) for pack in packs.all_packs().values() for placed in pack.values()]
    for pack, place, value in values:
        lines = spell_out(value, pack.all_rights)
        assert lines, place
        assert not any("<" in line or "frozenset" in line or "Text(" in line for line in lines), lines
        given = [
            field.name for field in dataclasses.fields(value) if getattr(value, field.name) not in (None, False, ())
        ]
        assert len(lines) >= len(given) - 7, place


def test_the_house_s_policy_is_for_everybody_and_some_laws_count_with_the_calendar_of_a_place() -> None:
    assert "applies to everybody" in presenting.show(packs.house(), NOW)
    page = presenting.show(packs.law_pack("gdpr"), NOW)
    assert "calendar of the place where the house must act" in " ".join(page.split())
    assert "moves to working day\n" in page


def test_the_proof_counts_the_values_of_each_law_by_how_sure_they_are() -> None:
    said = SINCE | {"sureness": "from_memory"}
    guessed = [{"value": 10, "rights": "all"} | said]
    page = presenting.proof({"made_up": a_law(response_days=guessed)})
    assert page.splitlines() == [
        "law      values  verified  commentary  interpretation  from memory       since",
        "made_up       6         5           0               0            1  2020-01-01",
        "all           6         5           0               0            1",
        "1 packs can be used.",
    ]


def test_a_changed_figure_shows_what_was_and_what_is() -> None:
    page = comparing.difference(a_law(**SHORTER), NOW, date(2027, 1, 1))
    assert page == (
        "words (made_up): what changes from 23 November 2026 to 1 January 2027\n"
        "\n"
        "RESPONSE DAYS\n"
        "  changes\n"
        "      rights: all rights\n"
        "    - 10 calendar days\n"
        "    + 5 calendar days\n"
        "        was: since 1 January 2020 until 1 January 2027; Made-up Act s.1; verified, read on 23\n"
        "          November 2026\n"
        "        now: since 1 January 2027; Made-up Act s.1; verified, read on 23 November 2026\n"
    )


def test_what_begins_and_what_ends_is_told_by_section() -> None:
    ends = a_ground("ends", until=date(2027, 1, 1))
    begins = a_ground("begins") | {"since": date(2027, 1, 1)}
    changes = comparing.compare(a_law(exemptions=[ends, begins, a_ground("stays")]), NOW, date(2027, 6, 1))
    assert [(change.section, len(change.before), len(change.after)) for change in changes] == [
        ("exemptions", 1, 0),
        ("exemptions", 0, 1),
    ]
    page = comparing.difference(a_law(exemptions=[ends, begins]), NOW, date(2027, 6, 1))
    assert page.count("EXEMPTIONS") == 1
    assert page.index("  ends\n") < page.index("code: ends") < page.index("  begins\n") < page.index("code: begins")


def test_values_that_share_rights_change_together() -> None:
    rights = [
        {"right": right, "slugs": [right], "route": "full", "name": TWICE, "explanation": TWICE, **SINCE}
        for right in ("delete", "correct", "portability")
    ]
    figures = [
        {"value": 10, "rights": ["delete", "correct"], "until": date(2027, 1, 1), **SINCE},
        {"value": 9, "rights": ["portability"], "until": date(2027, 1, 1), **SINCE},
        {"value": 5, "rights": ["delete"], **SINCE, "since": date(2027, 1, 1)},
        {"value": 6, "rights": ["correct"], **SINCE, "since": date(2027, 1, 1)},
        {"value": 7, "rights": ["portability"], **SINCE, "since": date(2027, 1, 1)},
    ]
    law = a_law(rights=rights, response_days=figures, degrees=[{"degree": "reasonable", "rights": "all", **SINCE}])
    changes = comparing.compare(law, NOW, date(2027, 1, 1))
    assert [(len(change.before), len(change.after)) for change in changes] == [(1, 2), (1, 1)]


def test_a_day_is_not_compared_with_an_earlier_one_and_the_same_day_changes_nothing() -> None:
    with pytest.raises(LawError, match="22 November 2026 lies before 23 November 2026: write the earlier day first"):
        comparing.compare(a_law(), NOW, date(2026, 11, 22))
    assert comparing.difference(a_law(), NOW, NOW) == (
        "words (made_up): nothing changes from 23 November 2026 to 23 November 2026.\n"
    )


def test_what_california_and_the_united_kingdom_changed() -> None:
    page = comparing.difference(packs.law_pack("ccpa"), date(2025, 12, 31), date(2026, 1, 1))
    assert "+ display status" in page
    assert "kind: kept corrected" in page
    page = comparing.difference(packs.law_pack("uk_gdpr"), date(2026, 2, 4), date(2026, 2, 5))
    assert "on: identity shown and fee paid" in page
