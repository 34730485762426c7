"""CSV that no spreadsheet runs and that reads back without loss."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.bundle.spreadsheet import cell, lines, read_cell

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
HARMFUL = ["=1+1", "+49 30", "-5", "@SUM(A1)", "\tx", "\rx", "\nx", "'quoted", "''", "=cmd|' /C calc'!A0", "\uff1d1+1"]


@pytest.mark.parametrize("text", HARMFUL)
def test_a_cell_that_a_spreadsheet_would_run_is_shown_as_text(text: str) -> None:
    assert cell(text) == "'" + text
    assert read_cell(cell(text)) == text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-5, "-5"),
        (2**70, str(2**70)),
        ("12 = 12", "12 = 12"),
        ("Zoë — “…”", "Zoë — “…”"),
        ({"b": 1, "a": [True, None]}, '{"a": [true, null], "b": 1}'),
        (["=1"], '["=1"]'),
        ({"$binary": "iVBO", "bytes": 3}, '{"$binary": "iVBO", "bytes": 3}'),
    ],
)
def test_values_that_are_no_texts_have_one_form(value: object, shown: str) -> None:
    assert cell(value) == shown


@given(st.lists(st.fixed_dictionaries({"a": TEXTS, "b": TEXTS}), max_size=5))
def test_whatever_is_written_is_read_back(records: list[dict[str, str]]) -> None:
    text = b"".join(lines(["a", "b"], [records])).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == ["a", "b"]
    assert [dict(zip(header, map(read_cell, row), strict=True)) for row in rows] == records


def test_a_cell_is_one_wherever_semicolons_stand_between_columns() -> None:
    text = b"".join(lines(["a", "b"], [[{"a": "Hi;=1+1", "b": "x"}]])).decode("utf-8-sig")
    _header, row = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert not [found for found in row if found.startswith("=")]


def test_excel_is_told_that_it_is_unicode() -> None:
    assert b"".join(lines(["Zoë"], [])) == b'\xef\xbb\xbf"Zo\xc3\xab"\r\n'


def test_as_many_records_are_written_at_a_time_as_come() -> None:
    pieces = list(lines(["n"], ([{"n": number}, {"n": -number}] for number in range(600))))
    assert len(pieces) == 601
    assert b"".join(pieces).count(b"\r\n") == 1201


def test_a_missing_field_is_an_empty_cell() -> None:
    assert b"".join(lines(["a", "b"], [[{"b": "x"}]])).endswith(b'\r\n"","x"\r\n')
