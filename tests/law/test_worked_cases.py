"""The worked cases: one table a law and kind under ``cases/``, each row with its facts, its answer and its citation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.law.solving import SOLVERS, solve

TABLES = sorted((Path(__file__).parent / "cases").glob("*.json"))
CASES = [case for table in TABLES for case in json.loads(table.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("case", CASES, ids=[f"{case['law']}-{case['type']}-{case['id']}" for case in CASES])
def test_the_law_answers(case: dict[str, Any]) -> None:
    answer = solve(case["law"], case["type"], case["facts"])
    assert {key: answer[key] for key in case["expect"]} == case["expect"], f"{case['cite']} {case.get('note', '')}"


def test_every_kind_that_can_be_solved_has_cases() -> None:
    assert {case["type"] for case in CASES} == set(SOLVERS)
