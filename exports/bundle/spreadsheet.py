"""Records as CSV that is safe in a spreadsheet and can be read back without loss; docs/bundle.md has its rules. Pure.

What is text stands in quotes, and what is none without: PostgreSQL writes and reads NULL so, and Python's
``csv.QUOTE_STRINGS`` both. Spreadsheets show the same either way. Only JSON has to be quoted for its commas.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import cast

Value = object

# A spreadsheet runs a cell that begins so; an apostrophe before it shows it as text. Cells that begin with an
# apostrophe get another one, so that reading back is: take one leading apostrophe away. Signs of full width count, too.
# A text that begins as a JSON does gets one as well, so that whatever else begins so is JSON.
MARKED = frozenset("=+-@\t\r\n'{[\uff1d\uff0b\uff0d\uff20")
BYTE_ORDER_MARK = "\ufeff"  # else Excel reads UTF-8 as something else
WITHHELD = "\u2588" * 5  # without quotes: a field that the record lacks, for it stays back
ABSENT = object()
NOTHING = ""
NOTHING_ALONE = "null"  # where a line without a sign would be none
LINE_END = "\r\n"
first_letter = itemgetter(slice(1))


def cell(value: Value) -> str:
    """One value as a cell: empty for NULL, JSON for what is no plain value."""
    if isinstance(value, str):
        return _harmless(value)
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def lines(columns: Sequence[str], pieces: Iterable[Sequence[Mapping[str, Value]]]) -> Iterator[bytes]:
    """The file, in pieces: a header, then the records, a line each, as many at a time as they come."""
    yield (BYTE_ORDER_MARK + ",".join(map(_written, columns)) + LINE_END).encode()
    nothing = NOTHING if len(columns) > 1 else NOTHING_ALONE
    for records in pieces:
        cells = [_cells([record.get(name, ABSENT) for record in records], nothing) for name in columns]
        yield "".join([line + LINE_END for line in map(",".join, zip(*cells, strict=True))]).encode()


def _cells(values: list[Value], nothing: str) -> list[str]:
    """A column's cells as they stand in the file. Most columns of a million rows hold nothing but harmless texts."""
    if set(map(type, values)) == {str}:
        texts = cast("list[str]", values)
        if MARKED.isdisjoint(map(first_letter, texts)) and '"' not in "".join(texts):
            return [f'"{text}"' for text in texts]
    return [nothing if value is None else WITHHELD if value is ABSENT else _written(value) for value in values]


def _written(value: Value) -> str:
    """A cell as it stands in the file: in quotes, but for truth and numbers.

    JSON is quoted for its commas, and a text always: where a semicolon is what stands between columns, an open "a;=1+1"
    would be two cells, and one of them be run.
    """
    shown = cell(value)
    return shown if isinstance(value, int) else '"' + shown.replace('"', '""') + '"'


def _harmless(text: str) -> str:
    return "'" + text if text[:1] in MARKED else text
