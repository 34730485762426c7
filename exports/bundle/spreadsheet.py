"""Records as CSV that is safe in a spreadsheet and can be read back without loss. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

Value = object

# A spreadsheet runs a cell that begins so; an apostrophe before it shows it as text. Cells that begin with an
# apostrophe get another one, so that reading back is: take one leading apostrophe away.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
BYTE_ORDER_MARK = "\ufeff"  # else Excel reads UTF-8 as something else


def cell(value: Value) -> str:
    """One value as a cell: empty for NULL, JSON for what is no plain value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return "'" + text if text.startswith(RISKY) else text


def read_cell(text: str) -> str:
    """The text that :func:`cell` was given."""
    return text.removeprefix("'")


def lines(columns: Sequence[str], records: Iterable[Mapping[str, Value]]) -> Iterator[bytes]:
    """The file, in pieces of about 64 KiB: a header, then a line a record."""
    buffer = io.StringIO()
    buffer.write(BYTE_ORDER_MARK)
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    for record in records:
        writer.writerow([cell(record.get(column)) for column in columns])
        if buffer.tell() > 65536:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()
