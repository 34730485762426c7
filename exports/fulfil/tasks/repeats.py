"""Rows that came before: of a file that was saved anew, or corrected and sent again, they would count twice.

Rows are compared by what stands in their columns, in whatever encoding, order and format. A row is there already as
often as another file has it: equal rows within one file, such as two lines of a log, are data. What is compared are
digests under a key of the moment, in a database without a name that is gone afterwards, so memory stays small.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

from exports.sources.connector import Record
from exports.sources.files.lines import records_of
from exports.sources.manual import Sheet

NEW = "INSERT INTO rows VALUES (?1, ?2, ?3)"
BEFORE = "INSERT INTO rows SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM rows WHERE digest = ?3)"
COUNTED = """
CREATE TABLE counted AS
SELECT sheet, line, digest, row_number() OVER (PARTITION BY digest, sheet ORDER BY line) AS nth
FROM rows WHERE digest IN (SELECT digest FROM rows GROUP BY digest HAVING min(sheet) < max(sheet))
"""
REPEATED = """
SELECT new.line, min(old.sheet), old.line
FROM counted AS new JOIN counted AS old ON old.digest = new.digest AND old.nth = new.nth AND old.sheet < new.sheet
WHERE new.sheet = ? GROUP BY new.line ORDER BY new.line
"""
MOST_NAMED = 5


class Repeat(NamedTuple):
    """A line of a file, and where its row stands already: in which of all files, counted from 0, on which line."""

    line: int
    sheet: int
    there: int


class Repeats(NamedTuple):
    """How many rows of a file are there already, and the first of them."""

    rows: int
    first: Sequence[Repeat]


def found(before: Sequence[Sheet], brought: Sequence[Sheet], columns: Sequence[str]) -> list[Repeats]:
    """Of each file that is brought, what an earlier one has: one that was sent before, or together with it."""
    if len(before) + len(brought) < 2:
        return [Repeats(0, ())]
    key = secrets.token_bytes(32)
    with closing(sqlite3.connect("")) as database:
        database.execute("CREATE TABLE rows (sheet INTEGER, line INTEGER, digest INTEGER)")
        for place, sheet in enumerate(brought, len(before)):
            database.executemany(NEW, _digests(place, sheet, columns, key))
        database.execute("CREATE INDEX by_digest ON rows (digest, sheet, line)")
        for place, sheet in enumerate(before):
            database.executemany(BEFORE, _digests(place, sheet, columns, key))
        database.execute(COUNTED)
        database.execute("CREATE INDEX by_count ON counted (digest, nth, sheet)")
        return [_of(database, place) for place in range(len(before), len(before) + len(brought))]


def _of(database: sqlite3.Connection, place: int) -> Repeats:
    repeated = database.execute(REPEATED, [place])
    first = [Repeat(*row) for row in islice(repeated, MOST_NAMED)]
    return Repeats(len(first) + sum(1 for _row in repeated), first)


def _digests(place: int, sheet: Sheet, columns: Sequence[str], key: bytes) -> Iterator[tuple[int, int, int]]:
    with sheet.open() as file:
        for line, record in records_of(file, sheet.files, tuple(columns), str):
            digest = blake2b(_as_text(record, columns).encode(), key=key, digest_size=8).digest()
            yield place, line, int.from_bytes(digest, "big", signed=True)


def _as_text(record: Record, columns: Sequence[str]) -> str:
    """A row, however its file is written: CSV knows neither nothing nor numbers, and ends lines as it likes."""
    values = (record[name] for name in columns)
    plain = ("" if one is None else one if isinstance(one, str) else json.dumps(one, sort_keys=True) for one in values)
    return json.dumps([text.replace("\r\n", "\n") for text in plain])
