"""Pictures, papers and other bytes as files of a bundle, named in their records. Pure.

Short bytes stay in their record: hashes and binary numbers that rows are known by are no files to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exports.bundle.paths import safe_name
from exports.sources.values import Json, bytes_of

Record = Mapping[str, Any]

IN_A_LINE = b'{"$binary":'
SHORT = 64  # bytes: what a SHA-512 has
LONGEST_NAME = 60  # letters of a column's name in a path: Windows takes 260 for all of it
# What begins so is opened by everybody; whatever else it is, is bytes.
ENDINGS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), ".png"),
    (re.compile(rb"\xff\xd8\xff"), ".jpg"),
    (re.compile(rb"GIF8[79]a"), ".gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), ".webp"),
    (re.compile(rb"%PDF-"), ".pdf"),
)
UNKNOWN = ".bin"


@dataclass(frozen=True, repr=False)
class Extracted:
    """Bytes that lie as a file of their own."""

    path: str
    content: bytes


class Files:
    """Where the bytes of a table's records lie: in a folder of the table's name, by the number of the record.

    Columns in `keys` tell rows apart, and keep their values.
    """

    def __init__(self, table: str, columns: Sequence[str], keys: Sequence[str]) -> None:
        self._table = table
        self._names = _file_names([column for column in columns if column not in keys])

    def pointed(self, number: int, record: Record) -> Record:
        """The record, the first of which has the number 1, with `{"$file": path, "bytes": length}` for such bytes."""
        found = {
            column: {"$file": extracted.path, "bytes": len(extracted.content)}
            for column, extracted in self._of(number, record)
        }
        return {**record, **found} if found else record

    def extracted(self, number: int, record: Record) -> Iterator[Extracted]:
        """The files that the record points to."""
        return (extracted for _column, extracted in self._of(number, record))

    def _of(self, number: int, record: Record) -> Iterator[tuple[str, Extracted]]:
        for column, name in self._names.items():
            content = bytes_of(record.get(column))
            if content is not None and (ending := _ending(content)):
                yield column, Extracted(f"{self._table}/{number}-{name}{ending}", content)


def path_of(value: Json, table: str) -> str:
    """Where the bytes lie that a value of this table points to; empty if it points to none.

    A JSON of the source's own may look alike, and say anything: only what `Files` writes is a path.
    """
    if not isinstance(value, dict) or value.keys() != {"$file", "bytes"}:
        return ""
    path = str(value["$file"])
    return path if re.fullmatch(rf"{re.escape(table)}/[0-9]+-[a-z0-9_-]+\.[a-z]+", path) else ""


def _ending(content: bytes) -> str | None:
    """The ending of the file that the bytes make; None if they make none."""
    known = next((ending for begins, ending in ENDINGS if begins.match(content)), None)
    return known or (UNKNOWN if len(content) > SHORT else None)


def _file_names(columns: Sequence[str]) -> dict[str, str]:
    """A name for each column that every system can unpack; no two are equal."""
    names: dict[str, str] = {}
    for column in columns:
        plain = safe_name(re.sub(r"[^a-z0-9_]+", "_", column.lower()).strip("_")[:LONGEST_NAME] or "value")
        taken = set(names.values())
        names[column] = next(
            name
            for name in (plain, *(f"{plain}-{number}" for number in range(2, len(columns) + 2)))
            if name not in taken
        )
    return names
