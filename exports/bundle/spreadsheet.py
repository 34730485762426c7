"""Records as CSV that is safe in a spreadsheet and can be read back without loss; docs/bundle.md has its rules. Pure.

What is text stands in quotes, and what is none without: PostgreSQL writes and reads NULL so, and Python's
``csv.QUOTE_STRINGS`` both. Spreadsheets show the same either way. Only JSON has to be quoted for its commas.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

Value = object

# A spreadsheet runs a cell that begins so; an apostrophe before it shows it as text. Cells that begin with an
# apostrophe get another one, so that reading back is: take one leading apostrophe away. Signs of full width count, too.
# A text that begins as a JSON does gets one as well, so that whatever else begins so is JSON.
MARKED = frozenset("=+-@\t\r\n'{[\uff1d\uff0b\uff0d\uff20")
BYTE_ORDER_MARK = "\ufeff"  # else Excel reads UTF-8 as something else
WITHHELD = "\u2588" * 5  # without quotes: a field that the record lacks, for it stays back


class _Bare(int):
    """Something that the writer takes for a number, and so puts into no quotes."""

    word: str

    def __new__(cls, word: str) -> _Bare:
        bare = super().__new__(cls)
        bare.word = word
        return bare

    def __str__(self) -> str:
        return self.word


BARE: Mapping[object, int] = {None: _Bare(""), True: _Bare("true"), False: _Bare("false")}
ABSENT = _Bare(WITHHELD)
ALONE = _Bare("null")  # nothing, where a line without a sign would be none


def cell(value: Value) -> str:
    """One value as a cell: empty for NULL, JSON for what is no plain value."""
    if isinstance(value, str):
        return _harmless(value)
    if value is None or isinstance(value, bool):
        return str(BARE[value])
    if isinstance(value, int):
        return str(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def lines(columns: Sequence[str], pieces: Iterable[Sequence[Mapping[str, Value]]]) -> Iterator[bytes]:
    """The file, in pieces: a header, then the records, a line each, as many at a time as they come."""
    yield BYTE_ORDER_MARK.encode() + _written([list(map(_harmless, columns))])
    bare = BARE if len(columns) > 1 else {**BARE, None: ALONE}
    for records in pieces:
        yield _written([_cells(record, columns, bare) for record in records])


def _cells(record: Mapping[str, Value], columns: Sequence[str], bare: Mapping[object, int]) -> list[str | int]:
    """A record's cells. Nearly every value of a million rows is a harmless text: it is what it is."""
    if len(record) < len(columns):
        return [_cell(record[name], bare) if name in record else ABSENT for name in columns]
    return [
        value if type(value) is str and value[:1] not in MARKED else _cell(value, bare)
        for value in map(record.get, columns)
    ]


def _cell(value: Value, bare: Mapping[object, int]) -> str | int:
    """A text, which is quoted, or a number, which is not."""
    if value is None or isinstance(value, bool):
        return bare[value]
    return value if isinstance(value, int) else cell(value)


def _written(rows: Iterable[Sequence[str | int]]) -> bytes:
    buffer = io.StringIO()
    # Where a semicolon is what stands between columns, an open "a;=1+1" would be two cells, and one of them be run.
    csv.writer(buffer, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return buffer.getvalue().encode()


def _harmless(text: str) -> str:
    return "'" + text if text[:1] in MARKED else text
