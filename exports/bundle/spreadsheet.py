"""Records as CSV that is safe in a spreadsheet and can be read back without loss. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

Value = object

# A spreadsheet runs a cell that begins so; an apostrophe before it shows it as text. Cells that begin with an
# apostrophe get another one, so that reading back is: take one leading apostrophe away. Signs of full width count, too.
RISKY = frozenset("=+-@\t\r\n'\uff1d\uff0b\uff0d\uff20")
BYTE_ORDER_MARK = "\ufeff"  # else Excel reads UTF-8 as something else


def cell(value: Value) -> str:
    """One value as a cell: empty for NULL, JSON for what is no plain value."""
    if isinstance(value, str):
        return _harmless(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return _harmless(json.dumps(value, sort_keys=True, ensure_ascii=False))


def read_cell(text: str) -> str:
    """The text that :func:`cell` was given."""
    return text.removeprefix("'")


def lines(columns: Sequence[str], pieces: Iterable[Sequence[Mapping[str, Value]]]) -> Iterator[bytes]:
    """The file, in pieces: a header, then the records, a line each, as many at a time as they come."""
    yield BYTE_ORDER_MARK.encode() + _written([columns])
    for records in pieces:
        yield _written([_cells(list(map(record.get, columns))) for record in records])


def _cells(values: Sequence[Value]) -> list[str]:
    """A record's cells. Nearly every value of a million rows is a harmless text: it is what it is."""
    return [value if type(value) is str and value[:1] not in RISKY else cell(value) for value in values]


def _written(rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    # Where a semicolon is what stands between columns, an open "a;=1+1" would be two cells, and one of them be run.
    csv.writer(buffer, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(rows)
    return buffer.getvalue().encode()


def _harmless(text: str) -> str:
    return "'" + text if text[:1] in RISKY else text
