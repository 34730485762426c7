"""Asking a service for rows, and reading its answers strictly: what breaks the contract is named, and not used.

A row of somebody else is such a fault: it stops the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exports.sources.connector import BrokenDataError, Identifiers
from exports.sources.datamap import E164, Collection, DataMap
from exports.sources.http.calls import Caller
from exports.sources.http.seen import KeysSeen
from exports.sources.rows import OfPerson, Row, columns_needed
from exports.sources.telephones import e164
from exports.sources.values import Json, Key, key_value

LIMIT = 1000  # rows of one answer
LIMIT_NEAR = 50  # of one that shows near misses: more than ten are never kept
MOST_ANSWERS = 20_000  # of one lookup
ONE_ORDER = "a service gives each record once, in an order by a unique key that stands still from page to page"


class ServiceRows:
    """The rows that a service finds by identifiers."""

    def __init__(self, datamap: DataMap, caller: Caller) -> None:
        self._datamap = datamap
        self._caller = caller

    def rows(self, collection: Collection, identifiers: Identifiers, *, after: Key | None = None) -> Iterator[Row]:
        """The person's rows in the service's order. After a break it is walked anew up to the key `after`."""
        asked = _asked(collection, identifiers)
        if not asked:
            return
        is_behind = after is None
        of_person = OfPerson(collection, identifiers)
        for row in self._all(collection, asked):
            if not of_person.is_sure_of(row.record):
                raise BrokenDataError(f"{row.where} is a row of somebody else than was asked for")
            if is_behind:
                yield row
            is_behind = is_behind or row.key == after
        if not is_behind:
            raise BrokenDataError(
                f"{self._datamap.source}: {collection.name} no longer has the row behind which to go on; gather again"
            )

    def _all(self, collection: Collection, identifiers: dict[str, list[str]]) -> Iterator[Row]:
        columns = tuple(dict.fromkeys((*collection.key, *columns_needed(self._datamap, collection))))
        path, question = self._question(collection, identifiers)
        question |= {"collection": collection.name, "columns": columns}
        cursor, cursors, seen = None, set[str](), KeysSeen()
        for page in range(1, MOST_ANSWERS + 1):
            answer = self._caller.ask(path, question | {"cursor": cursor})
            where = f"{self._datamap.source}: {collection.name}, answer {page}"
            for place, entry in enumerate(_records(answer, where, question["limit"])):
                row = _row(entry, collection, columns, f"{where}, record", place)
                if not seen.add(row.key):  # pages that moved repeat a row, and lose another one
                    raise BrokenDataError(f"{row.where} has come before: {ONE_ORDER}")
                yield row
            cursor = answer["next"]
            if cursor is None:
                return
            if not isinstance(cursor, str) or not cursor or cursor in cursors:
                raise BrokenDataError(f"{where}: 'next' is a new text, or null at the end")
            cursors.add(cursor)
        raise BrokenDataError(f"{self._datamap.source}: {collection.name} has no end after {MOST_ANSWERS} answers")

    def _question(self, collection: Collection, asked: dict[str, list[str]]) -> tuple[str, dict[str, Any]]:
        """Whose rows are wanted; or, of near misses, which values may stand in which column."""
        if not self._datamap.is_loosened:
            return "/lookup", {"identifiers": asked, "limit": LIMIT}
        ways = [{"column": root.column, "values": asked[root.by]} for root in collection.roots if asked.get(root.by)]
        return "/near", {"ways": ways, "limit": LIMIT_NEAR}


def _asked(collection: Collection, identifiers: Identifiers) -> dict[str, list[str]]:
    """What the service is asked by; numbers that are compared as E.164 in that form, if they are numbers at all."""
    asked: dict[str, set[str]] = {}
    for root in collection.roots:
        values = root.values(identifiers)
        if isinstance(root.compare, E164):
            values = tuple(filter(None, (e164(value, root.compare.country) for value in values)))
        asked.setdefault(root.by, set()).update(values)
    return {kind: sorted(values) for kind, values in sorted(asked.items()) if values}


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
