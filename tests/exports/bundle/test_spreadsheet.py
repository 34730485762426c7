"""CSV that no spreadsheet runs and that reads back without loss."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.bundle.spreadsheet import cell, lines
from tests.exports.csv_text import records_of

HARMFUL = ["=1+1", "+49 30", "-5", "@SUM(A1)", "\tx", "\rx", "\nx", "'quoted", "''", "=cmd|' /C calc'!A0", "\uff1d1+1"]
ODD = ["", "'", "true", "null", "5", "-5", "{}", "[1]", "'{}", '"', '""', ",", ";", "\0", "\r\n", "\u2028", "█████", "﻿"]
TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from([*HARMFUL, *ODD])
SINGLE = TEXTS | st.none() | st.booleans() | st.integers()
VALUES = st.recursive(
    SINGLE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
NAMES = st.lists(TEXTS, min_size=1, max_size=4, unique=True)


def written(columns: list[str], records: list[dict[str, object]]) -> bytes:
    return b"".join(lines(columns, [records]))


@pytest.mark.parametrize("text", HARMFUL)
def test_a_cell_that_a_spreadsheet_would_run_is_shown_as_text(text: str) -> None:
    assert cell(text) == "'" + text


def test_a_name_of_a_column_is_shown_as_text_too() -> None:
    content = written(["=1+1", "b"], [{"=1+1": "x", "b": "y"}])
    assert content == b'\xef\xbb\xbf"\'=1+1","b"\r\n"x","y"\r\n'
    assert records_of(content) == [{"=1+1": "x", "b": "y"}]


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


@pytest.mark.slow
@given(st.data())
def test_whatever_is_written_is_read_back(data: st.DataObject) -> None:
    """Any values under any names; fields may be missing where they stay back."""
    columns = data.draw(NAMES)
    records = data.draw(st.lists(st.dictionaries(st.sampled_from(columns), VALUES), max_size=4))
    content = written(columns, records)
    found = records_of(content)
    assert [dict(sorted(record.items())) for record in found] == [dict(sorted(record.items())) for record in records]
    assert list(map(typed, found)) == list(map(typed, records))


def typed(value: object) -> object:
    """With the types of everything in it: to Python, True is 1."""
    if isinstance(value, Mapping):
        return {name: typed(inner) for name, inner in value.items()}
    return [typed(inner) for inner in value] if isinstance(value, list) else (type(value), value)


@pytest.mark.slow
@given(st.lists(st.fixed_dictionaries({"a": VALUES, "b": VALUES}), max_size=4))
def test_any_program_counts_the_same_cells_and_none_of_them_runs(records: list[dict[str, object]]) -> None:
    text = written(["a", "b"], records).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert [len(row) for row in rows] == [2] * (len(records) + 1)
    for row, record in zip(rows[1:], records, strict=True):
        for shown, value in zip(row, (record["a"], record["b"]), strict=True):
            assert type(value) is int or shown[:1] not in set("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20") - {""}


@pytest.mark.parametrize(
    ("one", "other"), [(None, ""), (True, "true"), (5, "5"), ({}, "{}"), ([1], "[1]"), (None, "null"), ("'", "''")]
)
@pytest.mark.parametrize("columns", [["a"], ["a", "b"]])
def test_what_looks_alike_is_written_apart(one: object, other: object, columns: list[str]) -> None:
    assert written(columns, [dict.fromkeys(columns, one)]) != written(columns, [dict.fromkeys(columns, other)])


def test_nothing_stands_without_quotes_and_an_empty_text_within() -> None:
    assert written(["a", "b", "c"], [{"a": None, "b": "", "c": 7}]).endswith(b'\r\n,"",7\r\n')


@pytest.mark.parametrize("neighbour", ["harmless", "=1+1", None, 7])
def test_quotes_within_a_text_are_doubled_whatever_else_the_column_holds(neighbour: object) -> None:
    records = [{"a": 'Say "Hi", and go', "b": '"'}, {"a": neighbour, "b": "x"}]
    content = written(["a", "b"], records)
    assert content.split(b"\r\n")[1] == b'"Say ""Hi"", and go",""""'
    assert records_of(content) == records


@pytest.mark.parametrize("neighbour", ["harmless", None, 7])
def test_a_harmful_text_is_shown_as_text_whatever_else_the_column_holds(neighbour: object) -> None:
    content = written(["a", "b"], [{"a": neighbour, "b": "x"}, {"a": "=1+1", "b": "\t"}])
    assert content.split(b"\r\n")[2] == b'"\'=1+1","\'\t"'


def test_a_table_of_one_column_has_a_line_for_nothing_too() -> None:
    assert written(["a"], [{"a": None}, {"a": ""}]).endswith(b'\r\nnull\r\n""\r\n')


def test_a_field_that_stays_back_is_black_and_no_empty_cell() -> None:
    content = written(["a", "b"], [{"b": "x"}, {"a": "█████", "b": None}])
    assert content.decode().endswith('\r\n█████,"x"\r\n"█████",\r\n')
    assert records_of(content) == [{"b": "x"}, {"a": "█████", "b": None}]


def test_a_cell_is_one_wherever_semicolons_stand_between_columns() -> None:
    text = written(["a", "b"], [{"a": "Hi;=1+1", "b": "x"}]).decode("utf-8-sig")
    _header, row = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert not [found for found in row if found.startswith("=")]


def test_excel_is_told_that_it_is_unicode() -> None:
    assert b"".join(lines(["Zoë"], [])) == b'\xef\xbb\xbf"Zo\xc3\xab"\r\n'


def test_it_is_written_in_as_many_pieces_as_records_come() -> None:
    pieces = list(lines(["n"], ([{"n": number}, {"n": -number}] for number in range(600))))
    assert len(pieces) == 601
    assert b"".join(pieces).count(b"\r\n") == 1201
