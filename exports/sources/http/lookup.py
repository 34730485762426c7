"""Asking a service for rows, and reading its answers strictly: what breaks the contract is named, and not used.

A row of somebody else is such a fault: it stops the search.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from exports.sources.bookmark import Bookmark
from exports.sources.connector import Identifiers
from exports.sources.datamap import E164, Collection, DataMap
from exports.sources.errors import BrokenDataError, SourceUnavailableError
from exports.sources.http.calls import Caller
from exports.sources.http.walking import NEW_TEXT, AnswerWalk, Found
from exports.sources.rows import OfPerson, Row, columns_needed
from exports.sources.telephones import e164
from exports.sources.values import Json, Key, key_value

LIMIT = 1000  # rows of one answer
LIMIT_NEAR = 50  # of one that shows near misses: more than ten are never kept
LONGEST_WITHOUT_REST = 30.0  # seconds, after which what came is handed out, be it ever so little


class ServiceRows:
    """The rows that a service finds by identifiers."""

    def __init__(self, datamap: DataMap, caller: Caller) -> None:
        self._datamap = datamap
        self._caller = caller
        self.look: Callable[[], None] = lambda: None  # called before each question

    def rows(self, collection: Collection, identifiers: Identifiers, *, after: Key | None = None) -> Iterator[Row]:
        """The person's rows in the service's order, from behind the key `after`."""
        return (row for row in self.walk(collection, identifiers, after=after) if row is not None)

    def walk(
        self,
        collection: Collection,
        identifiers: Identifiers,
        *,
        after: Key | None = None,
        bookmark: Bookmark | None = None,
    ) -> Iterator[Row | None]:
        """The person's rows, and None behind each answer; from the bookmark on where the service takes its cursor.

        Else it is walked anew up to the key `after`.
        """
        asked = _asked(collection, identifiers)
        if not asked:
            return iter(())
        path, question = self._question(collection, asked)
        columns = tuple(dict.fromkeys((*collection.key, *columns_needed(self._datamap, collection))))
        question |= {"collection": collection.name, "columns": columns}
        of_person = OfPerson(collection, identifiers)

        def ask(cursor: str | None, number: int) -> Found:
            self.look()
            answer = self._caller.ask(path, question | {"cursor": cursor})
            where = f"{self._datamap.source}: {collection.name}, answer {number}"
            entries = enumerate(_records(answer, where, question["limit"]))
            rows = [_row(entry, collection, columns, f"{where}, record", place) for place, entry in entries]
            for row in rows:
                if not of_person.is_sure_of(row.record):
                    raise BrokenDataError(f"{row.where} is a row of somebody else than was asked for")
            return Found(rows, _next(answer, where), where)

        name = f"{self._datamap.source}: {collection.name}"
        return AnswerWalk(ask, name, _digest(path, question), after=after, bookmark=bookmark).rows()

    def _question(self, collection: Collection, asked: dict[str, list[str]]) -> tuple[str, dict[str, Any]]:
        """Whose rows are wanted; or, of near misses, which values may stand in which column."""
        if not self._datamap.is_loosened:
            return "/lookup", {"identifiers": asked, "limit": LIMIT}
        ways = [{"column": root.column, "values": asked[root.by]} for root in collection.roots if asked.get(root.by)]
        return "/near", {"ways": ways, "limit": LIMIT_NEAR}


class BookmarkedRows:
    """The rows of one walk along a bookmark; where the service goes down they end, and ``broke`` says so.

    Where it takes its time they end as well, behind an answer, and ``rests`` says so: asked again, they go on.
    So whoever reads them hands out what came before.
    """

    def __init__(self, service: ServiceRows, bookmark: Bookmark) -> None:
        self._service = service
        self._bookmark = bookmark
        self._walk: Iterator[Row | None] | None = None
        self.broke: SourceUnavailableError | None = None
        self.rests = False

    def rows(self, collection: Collection, identifiers: Identifiers, *, after: Key | None = None) -> Iterator[Row]:
        """As `ServiceRows.rows`."""
        self._walk = self._walk or self._service.walk(collection, identifiers, after=after, bookmark=self._bookmark)
        self.rests, began = False, time.monotonic()
        try:
            for row in self._walk:
                if row is not None:
                    yield row
                elif time.monotonic() - began >= LONGEST_WITHOUT_REST:
                    self.rests = True
                    return
        except SourceUnavailableError as error:
            self.broke = error


def _asked(collection: Collection, identifiers: Identifiers) -> dict[str, list[str]]:
    """What the service is asked by; numbers that are compared as E.164 in that form, if they are numbers at all."""
    asked: dict[str, set[str]] = {}
    for root in collection.roots:
        values = root.values(identifiers)
        if isinstance(root.compare, E164):
            values = tuple(filter(None, (e164(value, root.compare.country) for value in values)))
        asked.setdefault(root.by, set()).update(values)
    return {kind: sorted(values) for kind, values in sorted(asked.items()) if values}


def _digest(path: str, question: Mapping[str, object]) -> str:
    """By which a cursor is kept for this question, and used for no other."""
    return hashlib.sha256(json.dumps([path, question], sort_keys=True).encode()).hexdigest()


def _next(answer: dict[str, Json], where: str) -> str | None:
    cursor = answer["next"]
    if cursor is None or (isinstance(cursor, str) and cursor):
        return cursor
    raise BrokenDataError(f"{where}: {NEW_TEXT}")


def _records(answer: dict[str, Json], where: str, limit: int) -> list[Json]:
    if answer.keys() != {"records", "next"}:
        raise BrokenDataError(f"{where}: an answer has 'records' and 'next', and nothing else")
    records = answer["records"]
    if not isinstance(records, list) or len(records) > limit:
        raise BrokenDataError(f"{where}: 'records' is a list of at most {limit}")
    return records


def _row(entry: Json, collection: Collection, columns: tuple[str, ...], place: str, number: int) -> Row:
    if not isinstance(entry, dict) or entry.keys() != set(columns):
        missing = sorted(set(columns) - (entry.keys() if isinstance(entry, dict) else set()))
        how = f"lacks {', '.join(missing)}" if missing else "has columns that were not asked for"
        raise BrokenDataError(f"{place} {number} {how}")
    try:
        key = tuple(key_value(entry[name]) for name in collection.key)
    except ValueError as error:
        raise BrokenDataError(f"{place} {number}: {error}") from None
    return Row(key, entry, place, number)
