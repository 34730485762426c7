"""Reads a bundle's CSV back as docs/bundle.md says, with nothing of the program that wrote it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

CELL = re.compile(r'(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)')
BARE: dict[str, object] = {"": None, "null": None, "true": True, "false": False}
WITHHELD = "█████"


def records_of(content: bytes) -> list[dict[str, object]]:
    """The records of a CSV file, each value as it was."""
    header, *rows = _rows(content.decode("utf-8-sig"))
    names = [_text(cell) for cell in header]
    return [
        {name: _value(cell) for name, cell in zip(names, row, strict=True) if cell != (None, WITHHELD)} for row in rows
    ]


def _rows(text: str) -> Iterator[list[tuple[str | None, str]]]:
    """Rows of cells, each as what stood within quotes (None if there were none) and what stood without."""
    row, at = [], 0
    while at < len(text):
        found = CELL.match(text, at)
        assert found, f"no cell at {at}"
        quoted, bare, end = found.groups()
        row.append((quoted if quoted is None else quoted.replace('""', '"'), bare or ""))
        at = found.end()
        if end != ",":
            yield row
            row = []


def _text(cell: tuple[str | None, str]) -> str:
    quoted, _ = cell
    assert quoted is not None
    return quoted.removeprefix("'")


def _value(cell: tuple[str | None, str]) -> object:
    quoted, bare = cell
    if quoted is None:
        return BARE[bare] if bare in BARE else int(bare)
    return json.loads(quoted) if quoted[:1] in ("{", "[") else _text(cell)
