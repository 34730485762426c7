"""By what else the rows are found of which a flag is taken off: it is one for a whole record, whoever leads to it.

An address leads to the row, and so does the account number beside it, by which somebody else may have had the flag set;
and the address of a household leads to the rows of all of them. Read where the flag stands, before it is taken off, and
held in memory alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exports.sources.connector import Connector, Identifiers, Mode
from exports.sources.datamap import Collection, DataMap
from requests_app.law.words import Right
from requests_app.services import people


@dataclass(frozen=True, slots=True, repr=False)
class FoundRow:
    """A row with the flag, or one that leads to such a row, and the identifiers by which it is found."""

    collection: str
    found_by: frozenset[tuple[str, str]]

    def is_found_by(self, identifiers: Identifiers) -> bool:
        """Whether any of these leads to it."""
        return not _as_compared(self.found_by).isdisjoint(_as_compared(_pairs(identifiers)))


def rows_of(connector: Connector, right: Right, identifiers: Identifiers, *, lifts: bool = False) -> list[FoundRow]:
    """The rows of the flags of a right to which identifiers lead, and those by way of which they do.

    None where a person looks into the source: nobody is asked for that.
    """
    data_map = connector.datamap
    if data_map.owner is not None:
        return []
    flagged = [found for found in data_map.collections if found.suppression(right, lifts=lifts)]
    leading = {one.name: one for found in flagged for one in _with_parents(data_map, found)}
    return [row for found in leading.values() for row in _rows(connector, found, identifiers)]


def all_of(identifiers: Identifiers, rows: list[FoundRow]) -> dict[str, list[str]]:
    """The identifiers, and those by which the rows are found besides."""
    known = {kind: dict.fromkeys(values) for kind, values in identifiers.items()}
    for kind, value in sorted({pair for row in rows for pair in row.found_by}):
        known.setdefault(kind, {})[value] = None
    return {kind: list(values) for kind, values in known.items()}


def _with_parents(data_map: DataMap, collection: Collection) -> Iterator[Collection]:
    for join in collection.joins:
        yield from _with_parents(data_map, data_map.collection(join.parent))
    yield collection


def _rows(connector: Connector, collection: Collection, identifiers: Identifiers) -> Iterator[FoundRow]:
    ways = sorted(set(_columns_leading_to(collection)))
    if not ways:
        return
    columns = tuple({column: None for _kind, column in ways})
    for page in connector.pages(collection.name, identifiers, mode=Mode.PLAN, fields=columns):
        for record in page.records:
            held = ((kind, record[column]) for kind, column in ways)
            found_by = frozenset((kind, str(value)) for kind, value in held if value not in (None, ""))
            yield FoundRow(collection.name, found_by)


def _columns_leading_to(collection: Collection) -> Iterator[tuple[str, str]]:
    """Kinds of identifier, and the columns that hold them; where no way names one, those that hold the same kind."""
    for root in collection.roots:
        if root.shared:
            continue
        if root.column:
            yield root.by, root.column
            continue
        yield from ((given.kind, given.column) for given in collection.gives if given.kind == root.by)
        for field in collection.fields:
            if field.match and field.match.kind == root.by:
                yield root.by, field.column


def _pairs(identifiers: Identifiers) -> Iterator[tuple[str, str]]:
    return ((kind, value) for kind, values in identifiers.items() for value in values)


def _as_compared(pairs: Iterator[tuple[str, str]] | frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(kind, people.as_compared(kind, value)) for kind, value in pairs}
