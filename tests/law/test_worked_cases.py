"""The worked cases: tables by law and kind under ``cases/``, each row with its facts, its answer and its citation.

Rows of a table ``…_own.json`` are our own, and may name keys that the answer must not have (``absent``); those of the
states of the US stand together in ``us_states_…``. A kind is one test: a row that fails is named with its citation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from requests_app.law import packs
from requests_app.law.solving import KINDS, solve, solve_all

TODAY = date(2026, 11, 23)  # the day for which situations without a date of receipt are told
TABLES = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "cases").glob("*.json"))
}
CASES = [case for table in TABLES.values() for case in table]
CITED = re.compile(r"\(.*(\d|policy).*\)")


def as_sets(answer: dict[str, Any]) -> dict[str, Any]:
    """Lists say no order."""
    return {key: sorted(value) if isinstance(value, list) else value for key, value in answer.items()}


def faults(case: dict[str, Any]) -> Iterator[str]:
    """What the answer to a row lacks, has too much of, or doesn't explain."""
    solved = solve(case, today=TODAY)
    if "error" in solved:
        yield solved["error"]
        return
    answer, working, kind = solved["answer"], solved["working"], KINDS[case["type"]]
    for key, expected in as_sets(case["expect"]).items():
        if key not in answer:
            yield f"{key} is not determined"
        elif as_sets(answer)[key] != expected:
            yield f"{key} is {answer[key]}, not {expected}: {working}"
    for key in case.get("absent", []):
        if key in answer:
            yield f"{key} is {answer[key]}, and should not be determined: {working}"
    if not any(CITED.search(sentence) for sentence in working):
        yield f"cites nothing: {working}"
    if not all(sentence.endswith((".", "?")) and "  " not in sentence for sentence in working):
        yield f"is no sentence: {working}"
    if set(answer) - set(kind.keys):
        yield f"has keys that are none of its type: {set(answer) - set(kind.keys)}"


@pytest.mark.parametrize("kind", KINDS)
def test_the_law_answers(kind: str) -> None:
    assert not [
        f"{case['id']} ({case['cite']}) {case.get('note', '')}: {fault}"
        for case in CASES
        if case["type"] == kind
        for fault in faults(case)
    ]


def test_tables_hold_what_their_names_say() -> None:
    for name, table in TABLES.items():
        for case in table:
            law = "us_states" if name.startswith("us_states") else case["law"]
            assert name.removesuffix("_own") == f"{law}_{case['type']}", case["id"]
            assert case["basis"] in ("text", "interpretation", "from_memory")
            assert set(case["expect"]) <= set(KINDS[case["type"]].keys), case["id"]
            assert set(case["facts"]) <= set(KINDS[case["type"]].facts), case["id"]
            assert set(case.get("absent", ())) <= set(KINDS[case["type"]].keys), case["id"]


def test_no_id_stands_twice() -> None:
    assert len({case["id"] for case in CASES}) == len(CASES)


def test_every_type_has_cases() -> None:
    assert {case["type"] for case in CASES} == set(KINDS)


def test_every_key_of_every_type_is_expected_somewhere() -> None:
    expected = {(case["type"], key) for case in CASES for key in case["expect"]}
    assert not {(name, key) for name, kind in KINDS.items() for key in kind.keys} - expected


def test_every_fact_of_every_type_stands_somewhere() -> None:
    told = {(case["type"], fact) for case in CASES for fact in case["facts"]}
    assert not {(name, fact) for name, kind in KINDS.items() for fact in kind.facts} - told


def test_every_law_but_the_house_s_own_has_cases() -> None:
    assert set(packs.all_packs()) - {case["law"] for case in CASES} <= {packs.HOUSE}


def test_all_are_answered_as_each_is() -> None:
    together = solve_all(CASES, today=TODAY)
    assert [solved["id"] for solved in together] == [case["id"] for case in CASES]
    assert together[0] == solve(CASES[0], today=TODAY)
