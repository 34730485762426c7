"""Reading a source: probe, subjects, presence, pages. Nothing here can write; the sessions are read-only."""

from __future__ import annotations

import operator
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, date
from functools import reduce
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import NullType

from exports.sources.connector import (
    MAILBOX,
    Action,
    Identifiers,
    Mode,
    Page,
    Presence,
    ProbeAnswer,
    Record,
    Step,
    columns_read,
)
from exports.sources.datamap import Collection, DataMap, Keep
from exports.sources.errors import MapDoesNotFitError
from exports.sources.since import Since
from exports.sources.sql.columns import Reader
from exports.sources.sql.dialects import Dialect
from exports.sources.sql.engines import guarded
from exports.sources.sql.matching import Condition, Matching
from exports.sources.sql.order import Hanging
from exports.sources.sql.tables import Tables
from exports.sources.sql.taking_back import changed, kept_half_done
from exports.sources.sql.windows import Part, streamed, whole
from exports.sources.values import KEY_PARTS, PLAIN, Json, Key, KeyPart, json_value, key_value

FEW = 100  # rows of a parent that are named one by one
PAGE_LETTERS = 8_000_000  # a page of long texts or pictures ends here


class Reading:
    """Questions to one source over one engine."""

    def __init__(
        self,
        datamap: DataMap,
        engine: sa.Engine,
        tables: Tables,
        matching: Matching,
        dialect: Dialect,
        *,
        look: Callable[[], None],
    ) -> None:
        self._look = look
        self._datamap = datamap
        self._dialect = dialect
        self._engine = engine
        self._tables = tables
        self._matching = matching

    def never_empty(self, collection: str, columns: Sequence[str]) -> tuple[str, ...]:
        """Those of the columns that let no row hold nothing."""
        return tuple(column for column in columns if not self._tables.may_be_empty(collection, column))

    def deletion_order(self, names: Sequence[str]) -> tuple[Step, ...]:
        """Children first, each with what it goes before and why."""
        with guarded(self._datamap.source), self._engine.connect() as connection:
            hanging = Hanging(self._datamap, connection, self._tables, dict.fromkeys(names, Action.DELETE))
            return tuple(Step(name, hanging.goes_before(name)) for name in hanging.order())

    def not_promised(self) -> tuple[str, ...]:
        """What holds of known kinds of database, and not of this one."""
        with guarded(self._datamap.source):
            return self._dialect.not_promised(self._engine)

    def stays_half_done(self) -> tuple[str, ...]:
        """Of what a change that fails would stay half done."""
        with guarded(self._datamap.source), self._engine.connect() as connection:
            return tuple(kept_half_done(connection, self._dialect, changed(self._datamap.collections)))

    def check_value(self, collection: str, column: str, value: Json) -> None:
        """Raise ChangeRefusedError if the column can't hold such a value, or not all its letters."""
        self._tables.writable(collection, column, value)

    def probe(self, points: Mapping[str, str]) -> ProbeAnswer:
        """Points that meet in one record of a root collection, in the record where most do."""
        answers = (self._best_record(collection, points) for collection in self._datamap.root_collections)
        return max(answers, key=lambda answer: answer.rank, default=ProbeAnswer())

    def _best_record(self, collection: Collection, points: Mapping[str, str]) -> ProbeAnswer:
        """The kinds that stand in the record where most do; of several such, in one that holds the mailbox."""
        met = self._points_met(collection, points)
        ways = [self._finds(collection, kind, points[kind], condition) for kind, condition in met.items()]
        finding = [way for way in ways if way is not None]
        if not finding:
            return ProbeAnswer()
        flags = {kind: sa.case((met[kind], 1), else_=0) for kind in sorted(met, key=lambda kind: kind != MAILBOX)}
        most = reduce(operator.add, flags.values())
        query = sa.select(*(flag.label(f"met{place}") for place, flag in enumerate(flags.values())))
        query = query.select_from(self._tables[collection.name]).where(sa.or_(*finding))
        query = query.order_by(most.desc(), *(flag.desc() for flag in flags.values())).limit(1)
        with guarded(self._datamap.source), self._engine.connect() as connection:
            record = connection.execute(query).first()
        return ProbeAnswer(frozenset(kind for kind, stands in zip(flags, record or (), strict=False) if stands))

    def _finds(self, collection: Collection, kind: str, value: str, met: Condition) -> Condition | None:
        """Records in which the point stands and that it leads to; None if it leads to none here."""
        way = self._matching.of_person(collection, {kind: [value]})
        return None if way is None else sa.and_(met, way)

    def _points_met(self, collection: Collection, points: Mapping[str, str]) -> dict[str, Condition]:
        """One condition a kind of point: any reliable field of its kind equals it."""
        ways: dict[str, list[Condition]] = {}
        for home, field, match in self._datamap.probe_fields():
            if home is collection and match.kind in points:
                condition = self._matching.same(collection, field.column, match.compare, [points[match.kind]])
                if condition is not None:
                    ways.setdefault(match.kind, []).append(condition)
        return {kind: sa.or_(*conditions) for kind, conditions in ways.items()}

    def subjects(self, identifiers: Identifiers) -> int:
        """People by the collections that hold one row a person; else 1 if anything is there at all."""
        most = 0
        for collection in self._datamap.collections:
            if collection.one_per_person:
                most = max(most, self.presence(collection, identifiers).rows)
        roots = (root for root in self._datamap.root_collections if not root.one_per_person)
        return most or int(any(self._is_any(root, identifiers) for root in roots))

    def _is_any(self, collection: Collection, identifiers: Identifiers) -> bool:
        condition = self._matching.of_person(collection, identifiers)
        if condition is None:
            return False
        rows = sa.select(sa.literal(1)).select_from(self._tables[collection.name]).where(condition).limit(1)
        return self._number(rows) > 0

    def _number(self, query: sa.Select[Any]) -> int:
        with guarded(self._datamap.source), self._engine.connect() as connection:
            return int(connection.execute(query).scalar() or 0)

    def presence(self, collection: Collection, identifiers: Identifiers, since: Since | None = None) -> Presence:
        """Rows, and rows with something in them by column, in one statement."""
        condition = self._condition(collection, identifiers, since)
        if condition is None:
            return Presence(0, {})
        table = self._tables[collection.name]
        counted = [sa.func.count(self._dialect.held(table.columns[name])) for name in collection.columns]
        query = sa.select(sa.func.count(), *counted).select_from(table).where(condition)
        with guarded(self._datamap.source), self._engine.connect() as connection:
            rows, *held = connection.execute(query).one()
        return Presence(rows, {name: count for name, count in zip(collection.columns, held, strict=True) if count})

    def past_keeping(self, collection: Collection, identifiers: Identifiers, on: date) -> int:
        """Rows dated before the time that their ground allows; none without a date, or with something in its place."""
        condition, keep = self._condition(collection, identifiers, None), collection.on_delete
        if condition is None or not isinstance(keep, Keep) or keep.counted_from is None:
            return 0
        counted_from = self._tables.column(collection.name, keep.counted_from)
        first_kept = Since(keep.over_before(on), UTC).bounds(UTC)
        past = sa.not_(sa.or_(counted_from.is_(None), self._dialect.reaches(counted_from, first_kept)))
        return self._number(
            sa.select(sa.func.count()).select_from(self._tables[collection.name]).where(condition, past)
        )

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
        """Pages cut from statements of many rows each, which follow each other by key."""
        condition = self._condition(collection, identifiers, since)
        if condition is None:
            return
        yield from self._walk(condition, Shape(self._tables, collection, mode, fields), after, size)

    def every_row(self, collection: Collection, *, fields: tuple[str, ...], size: int) -> Iterator[Page]:
        """All rows of a table, whosesoever."""
        yield from self._walk(sa.true(), Shape(self._tables, collection, Mode.PLAN, fields), None, size)

    def _walk(self, condition: Condition, shape: Shape, after: Key | None, size: int) -> Iterator[Page]:
        with closing(self._parts(condition, shape, after)) as parts:
            yield from shape.cut(parts, size=size, after=after)

    def _parts(self, condition: Condition, shape: Shape, after: Key | None) -> Generator[Part]:
        """The rows behind a key, in statements that follow each other by key."""

        def ask(after: Key | None, limit: int) -> sa.Select[Any]:
            return shape.query(condition, after, limit=limit)

        if self._dialect.waits_for_readers:
            found = streamed(self._engine, ask, shape.last_key, after)
        else:
            found = whole(self._engine, ask, shape.last_key, after, self._dialect.leave)
        with guarded(self._datamap.source), closing(found) as parts:
            for part in parts:
                self._look()  # each fetch may have taken as long as a statement
                yield part

    def _condition(self, collection: Collection, identifiers: Identifiers, since: Since | None) -> Condition | None:
        condition = self._matching.of_person(collection, identifiers, self._few)
        if condition is None or since is None or collection.received_at is None:
            return condition
        column = self._tables.column(collection.name, collection.received_at)
        reaches = self._dialect.reaches(column, since.bounds(self._datamap.zone))
        return sa.and_(condition, sa.or_(column.is_(None), reaches))

    def _few(self, query: sa.Select[Any]) -> Sequence[object] | None:
        """The one column of the query's rows, if they are few."""
        with guarded(self._datamap.source), self._engine.connect() as connection:
            found = connection.execute(query.distinct().limit(FEW + 1)).scalars().all()
        return found if len(found) <= FEW else None


class Shape:
    """What is read of a row, and what becomes of it."""

    def __init__(self, tables: Tables, collection: Collection, mode: Mode, fields: tuple[str, ...]) -> None:
        self._tables = tables
        self._collection = collection
        self._table = tables[collection.name]
        self._names = columns_read(collection, mode, fields)
        self._keys_named = collection.key if mode is Mode.PLAN else ()
        self._key_readers = [tables.key_reader(collection.name, name) for name in collection.key]
        self._readers = [tables.reader(collection.name, name) for name in self._names]

    def query(self, condition: Condition, after: Key | None, *, limit: int) -> sa.Select[Any]:
        """Key columns, then the others, as the driver gives them."""
        keys = [self._table.columns[name] for name in self._collection.key]
        raw = [sa.type_coerce(column, NullType()) for column in keys]
        raw += [sa.type_coerce(self._table.columns[name], NullType()) for name in self._names]
        labels: list[sa.ColumnElement[Any]] = [column.label(f"c{place}") for place, column in enumerate(raw)]
        query: sa.Select[Any] = sa.select(*labels).where(condition)
        if after is not None:
            query = query.where(self._behind(after))
        return query.order_by(*keys).limit(limit)

    def _behind(self, after: Key) -> Condition:
        """Rows after the key, in the order of the key: the first part lets an index find them."""
        name, names = self._collection.name, self._collection.key
        keys = [self._tables.key_column(name, key) for key in names]
        bounds = [self._tables.key_bound(name, key, part) for key, part in zip(names, after, strict=True)]
        later = keys[-1] > bounds[-1]
        for column, bound in list(zip(keys, bounds, strict=True))[-2::-1]:
            later = sa.or_(column > bound, sa.and_(column == bound, later))
        return later if len(keys) == 1 else sa.and_(keys[0] >= bounds[0], later)

    def cut(self, parts: Iterable[Part], *, size: int, after: Key | None) -> Iterator[Page]:
        """Pages of at most `size` rows and some megabytes."""
        keys: list[Key] = []
        records: list[Record] = []
        letters = 0
        for part in parts:
            more, read = self._read(part.columns)
            if any(map(operator.eq, chain((after,), more), more)):
                place = f"{self._tables.source}: the key of {self._collection.name}"
                raise MapDoesNotFitError(f"{place} is not unique; pages would lose rows")
            after, begin = more[-1], 0
            while begin < len(more):
                end = part.end_of_page(begin, most=size - len(keys), letters=PAGE_LETTERS - letters)
                keys += more[begin:end]
                records += read[begin:end]
                letters += part.between(begin, end)
                begin = end
                if len(keys) == size or letters >= PAGE_LETTERS:
                    yield Page(keys, records)
                    keys, records, letters = [], [], 0
        if keys:
            yield Page(keys, records)

    def _read(self, columns: Sequence[Sequence[Any]]) -> tuple[list[Key], list[Record]]:
        """The rows' keys, and the rows as JSON: read by column, which takes half the time."""
        width = len(self._collection.key)
        keys = list(zip(*map(self._key_parts, columns[:width], self._key_readers), strict=True))
        read = [_as_json(column, reader) for column, reader in zip(columns[width:], self._readers, strict=True)]
        if self._keys_named:
            read = [*zip(*keys, strict=True), *read]
        names = (*self._keys_named, *self._names)
        records: list[Record] = [dict(zip(names, row, strict=True)) for row in zip(*read, strict=True)]
        return keys, records

    def last_key(self, part: Part) -> Key:
        """The key of the last row."""
        pairs = zip(part.columns, self._key_readers, strict=False)
        return tuple(self._key_parts(column[-1:], reader)[0] for column, reader in pairs)

    def _key_parts(self, column: Sequence[Any], reader: Callable[[object], KeyPart]) -> Sequence[KeyPart]:
        if reader is key_value and KEY_PARTS.issuperset(map(type, column)):
            return column
        try:
            return [reader(value) for value in column]
        except ValueError as error:
            raise MapDoesNotFitError(f"{self._tables.source}: {self._collection.name}: {error}") from None


def _as_json(column: Sequence[Any], reader: Reader) -> Sequence[Json]:
    """The values of a column; nearly all of a million are JSON already."""
    if reader is not json_value:
        return [reader(value) for value in column]
    return column if PLAIN.issuperset(map(type, column)) else [json_value(value) for value in column]
