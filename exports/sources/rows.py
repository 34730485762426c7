"""Reading sources that compare nothing themselves: their rows come as a stream, and are compared here.

What `exports.sources.sql.reading` asks a database, this asks of rows, one by one: memory holds a page of them, and of
collections that others are reached from the values that lead there.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol, TypeAlias

from exports.sources.comparing import exact_form, form, wanted
from exports.sources.connector import Identifiers, Mode, Page, Presence, ProbeAnswer, Record, columns_read
from exports.sources.datamap import Collection, DataMap, Join, Keep, Match, Root, Trail
from exports.sources.errors import BrokenDataError, MapDoesNotFitError
from exports.sources.since import Since
from exports.sources.values import Json, Key

MOST_LEADING = 1_000_000  # values of one person that lead from one collection to another
PAGE_LETTERS = 8_000_000  # a page of long texts ends here

Leading: TypeAlias = frozenset[tuple[str, ...]]


class Row(NamedTuple):
    """One row as its source holds it, and its place for a person: a line of a file, or a record of an answer."""

    key: Key
    record: Record
    place: str  # without the number
    number: int

    @property
    def where(self) -> str:
        """The place in words; made when it is needed, for most rows are somebody else's."""
        return f"{self.place} {self.number}"


class Rows(Protocol):
    """Where the rows come from."""

    def rows(self, collection: Collection, identifiers: Identifiers, *, after: Key | None = None) -> Iterator[Row]:
        """Rows of a collection, those of the identifiers among them, in an order that is always the same, from behind
        the key `after`.
        """


@dataclass(frozen=True, slots=True)
class _Way:
    """The forms that columns of a row must have for it to be the person's."""

    of: Root | Join
    forms: Leading

    def leads_to(self, record: Record) -> bool:
        if isinstance(self.of, Root):
            return not self.of.column or (form(self.of.compare, record[self.of.column]),) in self.forms
        return tuple(exact_form(record[own]) for own, _ in self.of.columns) in self.forms


class RowReading:
    """Probe, subjects, presence and pages over rows."""

    def __init__(self, datamap: DataMap, source: Rows) -> None:
        self._datamap = datamap
        self._source = source
        self._leading: dict[tuple[object, ...], Leading] = {}

    def of_person(
        self, collection: Collection, identifiers: Identifiers, *, after: Key | None = None, since: Since | None = None
    ) -> Iterator[Row]:
        """The person's rows of a collection, by any of its ways."""
        return self._found(collection, Trail(), identifiers, after=after, since=since)

    def _found(
        self,
        collection: Collection,
        trail: Trail,
        identifiers: Identifiers,
        *,
        after: Key | None = None,
        since: Since | None = None,
    ) -> Iterator[Row]:
        ways, only = self._ways(collection, trail, identifiers), trail.only(collection)
        if not ways or (only is not None and not only):
            return
        for row in self._source.rows(collection, identifiers, after=after):
            if only is not None and row.key not in only:
                continue
            if any(way.leads_to(row.record) for way in ways) and self._is_since(row, collection.received_at, since):
                yield row

    def _is_since(self, row: Row, column: str | None, since: Since | None) -> bool:
        """Whether a row was received on the day or later; what has no date stays in."""
        if column is None or since is None or row.record[column] in (None, ""):
            return True
        try:
            return since.bounds(self._datamap.zone).reached_by(row.record[column])
        except ValueError:
            raise _no_date(row, column) from None

    def presence(self, collection: Collection, identifiers: Identifiers, since: Since | None) -> Presence:
        """Rows, and rows with something in them by column."""
        rows, held = 0, Counter[str]()
        for row in self.of_person(collection, identifiers, since=since):
            rows += 1
            held.update(name for name in collection.columns if row.record[name] not in (None, ""))
        return Presence(rows, dict(held))

    def past_keeping(self, collection: Collection, identifiers: Identifiers, on: date) -> int:
        """Rows dated before the time that their ground allows; what has no date is not counted."""
        keep = collection.on_delete
        if not isinstance(keep, Keep) or keep.counted_from is None:
            return 0
        name, before = keep.counted_from, keep.over_before(on)
        days = (_day(row, name) for row in self.of_person(collection, identifiers))
        return sum(day is not None and day < before for day in days)

    def subjects(self, identifiers: Identifiers) -> int:
        """People by the collections that hold one row a person; else 1 if anything is there at all."""
        single = [found for found in self._datamap.collections if found.one_per_person]
        most = max((self._count(collection, identifiers) for collection in single), default=0)
        roots = (root for root in self._datamap.root_collections if not root.one_per_person)
        return most or int(any(self._is_any(root, identifiers) for root in roots))

    def _count(self, collection: Collection, identifiers: Identifiers) -> int:
        return sum(1 for _ in self.of_person(collection, identifiers))

    def _is_any(self, collection: Collection, identifiers: Identifiers) -> bool:
        return any(True for _ in self.of_person(collection, identifiers))

    def pages(
        self,
        collection: Collection,
        identifiers: Identifiers,
        *,
        mode: Mode,
        after: Key | None,
        size: int,
        since: Since | None,
        fields: tuple[str, ...],
    ) -> Iterator[Page]:
        """Pages of at most `size` rows and some megabytes."""
        names = columns_read(collection, mode, fields)
        keys: list[Key] = []
        records: list[Record] = []
        letters = 0
        for row in self.of_person(collection, identifiers, after=after, since=since):
            if row.key == after:
                raise MapDoesNotFitError(
                    f"{self._datamap.source}: the key of {collection.name} is not unique; pages would lose rows"
                )
            record: Record = dict(zip(collection.key, row.key, strict=True)) if mode is Mode.PLAN else {}
            record |= {name: row.record[name] for name in names}
            keys.append(row.key)
            records.append(record)
            after = row.key
            letters += sum(_length(value) for value in record.values())
            if len(keys) == size or letters >= PAGE_LETTERS:
                yield Page(keys, records)
                keys, records, letters = [], [], 0
        if keys:
            yield Page(keys, records)

    def probe(self, points: Mapping[str, str]) -> ProbeAnswer:
        """Points that meet in one record of a root collection, in the record where most do."""
        answers = (
            self._met_in_record(collection, kind, points)
            for collection in self._datamap.root_collections
            for kind in points
        )
        return max(answers, key=lambda answer: answer.rank, default=ProbeAnswer())

    def _met_in_record(self, collection: Collection, kind: str, points: Mapping[str, str]) -> ProbeAnswer:
        """The kinds that stand in the best of the records that a point finds, and stands in."""
        asked = [
            (field.column, field.match, wanted(field.match.compare, [points[field.match.kind]]))
            for home, field, _ in self._datamap.probe_fields()
            if home is collection and field.match and field.match.kind in points
        ]
        if not any(match.kind == kind and forms for _, match, forms in asked):
            return ProbeAnswer()
        best = ProbeAnswer()
        for row in self.of_person(collection, {kind: [points[kind]]}):
            met = ProbeAnswer(frozenset(_kinds_met(row.record, asked)))
            if kind in met.kinds:
                best = max(best, met, key=lambda answer: answer.rank)
        return best

    def _ways(self, collection: Collection, trail: Trail, identifiers: Identifiers) -> list[_Way]:
        """The ways that can lead to any row."""
        ways = trail.ways_to(collection)
        found = (_Way(way, self._forms(collection, way, trail, identifiers)) for way in ways)
        return [way for way in found if way.forms]

    def _forms(self, collection: Collection, way: Root | Join, trail: Trail, identifiers: Identifiers) -> Leading:
        if isinstance(way, Root):
            values = way.values(identifiers, chosen=trail.leads_to_chosen)
            return frozenset((text,) for text in wanted(way.compare, values))
        asked = tuple(sorted((kind, tuple(sorted(values))) for kind, values in identifiers.items()))
        beyond = trail.over(way, collection, self._datamap)
        place = (collection.name, way, beyond, asked)
        if place not in self._leading:
            self._leading[place] = self._look_up(way, beyond, identifiers)
        return self._leading[place]

    def _look_up(self, join: Join, trail: Trail, identifiers: Identifiers) -> Leading:
        """The values of the parent's rows of the person."""
        found: set[tuple[str, ...]] = set()
        for row in self._found(self._datamap.collection(join.parent), trail, identifiers):
            values = [exact_form(row.record[up]) for _, up in join.columns]
            known = tuple(value for value in values if value is not None)
            if len(known) == len(values):
                found.add(known)
            if len(found) > MOST_LEADING:
                raise MapDoesNotFitError(
                    f"{self._datamap.source}: {join.parent} leads to more rows of one person than memory holds"
                )
        return frozenset(found)


class OfPerson:
    """Whether a row holds what it was asked for by; where a way names no column, who found it is believed."""

    def __init__(self, collection: Collection, identifiers: Identifiers) -> None:
        ways = [(root, wanted(root.compare, root.values(identifiers))) for root in collection.roots]
        self._ways = [(root, forms) for root, forms in ways if forms]

    def is_sure_of(self, record: Record) -> bool:
        """Whether one of the ways leads to it."""
        return any(not root.column or form(root.compare, record[root.column]) in forms for root, forms in self._ways)


def columns_needed(datamap: DataMap, collection: Collection) -> tuple[str, ...]:
    """Every column that a row of the collection must have: its fields, its key, and what leads to or from it."""
    names = [*collection.columns, *(root.column for root in collection.roots if root.column)]
    names += [own for join in collection.every_join for own, _ in join.columns]
    children = (join for child in datamap.collections for join in child.every_join if join.parent == collection.name)
    names += [up for join in children for _, up in join.columns]
    names += [column for flags in collection.suppress for column, _ in flags.columns]
    names += [name for name in (collection.received_at, collection.came_at, collection.soft_deleted_at) if name]
    if isinstance(collection.on_delete, Keep) and collection.on_delete.counted_from:
        names.append(collection.on_delete.counted_from)
    return tuple(dict.fromkeys(names))


def _kinds_met(record: Record, asked: Iterable[tuple[str, Match, frozenset[str]]]) -> Iterator[str]:
    return (match.kind for column, match, forms in asked if form(match.compare, record[column]) in forms)


def _day(row: Row, column: str) -> date | None:
    """The day that a column holds, alone or with a moment behind it; None if it is empty."""
    try:
        return day_in(row.record[column])
    except ValueError:
        raise _no_date(row, column) from None


def _no_date(row: Row, column: str) -> BrokenDataError:
    return BrokenDataError(f"{row.where}: {column!r} is no date such as 2026-01-31")


def day_in(value: Json) -> date | None:
    """The day that a value holds, alone or with a moment behind it; None if it is empty. Raises ValueError."""
    return None if value in (None, "") else _day_of(str(value)[:10])


_day_of = functools.lru_cache(maxsize=1000)(date.fromisoformat)


def _length(value: Json) -> int:
    return len(value) if isinstance(value, str) else len(str(value)) if isinstance(value, list | dict) else 8
