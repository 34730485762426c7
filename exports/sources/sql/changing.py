"""Changing a source: delete, correct, suppress. Each is one transaction, undone as a whole if anything differs."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.types import NullType

from exports.sources.connector import (
    Action,
    Correction,
    Deletion,
    DeletionPlan,
    DoneCollection,
    Identifiers,
    KeySet,
    Mode,
    Page,
    PlannedCollection,
    Record,
)
from exports.sources.datamap import Collection, DataMap, Deidentify, Replacement
from exports.sources.errors import ChangeRefusedError, DataChangedError
from exports.sources.masks import Hashing, NotMaskableError, masked, needs_value
from exports.sources.sql.dialects import Dialect
from exports.sources.sql.engines import guarded
from exports.sources.sql.matching import Condition, Matching
from exports.sources.sql.order import Family, Hanging
from exports.sources.sql.reading import Shape
from exports.sources.sql.tables import Tables
from exports.sources.sql.taking_back import check_taken_back
from exports.sources.sql.windows import parts_of
from exports.sources.unchanged import Compared, Masks, check_same
from exports.sources.values import Json, Key
from requests_app.law.words import Right

BATCH = 500  # keys of one statement; SQLite takes no expression with 1,000 alternatives


@dataclass(frozen=True, slots=True, repr=False)
class _Step:
    """A collection of the plan, and how its rows are found."""

    planned: PlannedCollection
    collection: Collection
    condition: Condition | None
    keys: tuple[Key, ...] | None = None  # read beforehand, where what leads to the rows goes before them


class Changing:
    """Changes to one source over one engine that may write."""

    def __init__(  # noqa: PLR0917 - what one source is made of
        self,
        datamap: DataMap,
        engine: sa.Engine,
        tables: Tables,
        matching: Matching,
        dialect: Dialect,
        hashing: Hashing | None,
    ) -> None:
        self._datamap = datamap
        self._hashing = hashing
        self._dialect = dialect
        isolation = dialect.isolation(engine)
        self._engine = engine if isolation is None else engine.execution_options(isolation_level=isolation)
        self._tables = tables
        self._matching = matching

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with guarded(self._datamap.source, changing=True), self._connected() as connection, connection.begin():
            yield connection

    def _connected(self) -> sa.Connection:
        """What a driver raises as the isolation is set, SQLAlchemy leaves as it is: the server went since the last."""
        try:
            return self._engine.connect()
        except self._engine.dialect.loaded_dbapi.Error as error:
            raise exc.DBAPIError(None, None, error) from None

    # deletion

    def delete(
        self,
        plan: DeletionPlan,
        *,
        repeated: bool,
        before_batch: Callable[[], None],
        before_commit: Callable[[], None],
    ) -> Deletion:
        """Do exactly what is planned, all or nothing; `repeated` if an earlier try may have done it."""
        steps = [self._step(planned, plan.identifiers) for planned in plan.collections]
        with self._transaction() as connection:
            touched = (step.collection for step in steps if step.planned.action is not Action.KEEP)
            check_taken_back(self._datamap.source, connection, self._dialect, touched)
            actions = {step.planned.name: step.planned.action for step in steps}
            hanging = Hanging(self._datamap, connection, self._tables, actions)
            order = hanging.order()
            if repeated and self._is_done(connection, steps, hanging):
                return Deletion(tuple(_nothing_left(step.planned) for step in steps), found_done=True)
            self._check_unchanged(connection, steps, plan, repeated=repeated)
            self._check_apart(connection, steps, hanging)
            by_name = self._fixed(connection, steps, order)
            done = Deletion(tuple(self._act(connection, by_name[name], hanging, before_batch) for name in order))
            before_commit()
            return done

    def _step(self, planned: PlannedCollection, identifiers: Identifiers) -> _Step:
        collection = self._datamap.collection(planned.name)
        if planned.action is Action.DEIDENTIFY and not isinstance(collection.on_delete, Deidentify):
            raise ChangeRefusedError(
                f"{self._datamap.source}: the map does not say how to de-identify {planned.name}; delete or keep it"
            )
        return _Step(planned, collection, self._matching.of_person(collection, identifiers))

    def _fixed(self, connection: sa.Connection, steps: Sequence[_Step], order: Sequence[str]) -> Mapping[str, _Step]:
        """The steps by name, those with their keys whose rows could not be found any more when it is their turn."""
        by_name = {step.planned.name: step for step in steps}
        changed = {name for name, step in by_name.items() if step.planned.action is not Action.KEEP}
        for place, name in enumerate(order):
            if changed.intersection(order[:place]) & self._leading_to(by_name[name].collection):
                keys = tuple(key for page in self._keys(connection, by_name[name]) for key in page)
                by_name[name] = replace(by_name[name], keys=keys)
        return by_name

    def _leading_to(self, collection: Collection) -> set[str]:
        """The collections over which its rows are found, and over which those are."""
        found, waiting = set[str](), [collection]
        while waiting:
            parents = {join.parent for join in waiting.pop().every_join} - found
            found |= parents
            waiting += map(self._datamap.collection, parents)
        return found

    def _pages(self, connection: sa.Connection, step: _Step, fields: tuple[str, ...] = ()) -> Iterator[Page]:
        """Rows as they are now, in batches; each is read in full before it is given, so that its rows may go."""
        if step.condition is None:
            return
        if step.keys is not None:
            yield from self._with_keys(connection, step.collection, step.keys, fields)
            return
        shape = Shape(self._tables, step.collection, Mode.PLAN, fields)
        after: Key | None = None
        while True:
            rows = connection.execute(shape.query(step.condition, after, limit=BATCH))
            pages = list(shape.cut(parts_of(rows), size=BATCH, after=after))
            yield from pages
            after = pages[-1].last_key if pages else None
            if sum(len(page.keys) for page in pages) < BATCH:
                return

    def _with_keys(
        self,
        connection: sa.Connection,
        collection: Collection,
        keys: Sequence[Key],
        fields: tuple[str, ...] = (),
        *,
        locked: bool = False,
    ) -> Iterator[Page]:
        """Rows by their keys; `locked` so that nobody changes them before they go.

        MariaDB alone deletes what is there by then, whatever the transaction saw: elsewhere who changes a row that was
        looked at lets its deletion fail (PostgreSQL), or waits for us anyway (SQLite).
        """
        shape = Shape(self._tables, collection, Mode.PLAN, fields)
        locks = locked and self._tables.backend in ("mysql", "mariadb")
        for first in range(0, len(keys), BATCH):
            query = shape.query(self._is_one_of(collection, keys[first : first + BATCH]), None, limit=BATCH)
            rows = connection.execute(query.with_for_update() if locks else query)
            yield from list(shape.cut(parts_of(rows), size=BATCH, after=None))

    def _keys(self, connection: sa.Connection, step: _Step) -> Iterator[list[Key]]:
        return (page.keys for page in self._pages(connection, step))

    def _is_done(self, connection: sa.Connection, steps: Sequence[_Step], hanging: Hanging) -> bool:
        """Whether there was something to do, and of it nothing is left but what is spared, or still needed."""
        acting = [step for step in steps if step.planned.action is not Action.KEEP]
        if all(step.planned.rows == len(step.planned.spared) for step in acting):
            return False
        return all(self._is_gone(connection, step, hanging) for step in acting)

    def _is_gone(self, connection: sa.Connection, step: _Step, hanging: Hanging) -> bool:
        """Rows that are de-identified may still be found, by a column that the map leaves them."""
        masks = Masks(step.planned, step.collection, self._hashing)
        for page in self._pages(connection, step, masks.columns):
            rows = zip(page.keys, page.records, strict=True)
            left = [key for key, row in rows if key not in step.planned.spared and not masks.are_on(row)]
            if left and step.planned.action is Action.DEIDENTIFY:
                return False
            if left and not hanging.still_needed(step.collection, self._is_one_of(step.collection, left)) >= {*left}:
                return False
        return True

    def that_stayed(self, collection: Collection, keys: Iterable[Sequence[Key]]) -> frozenset[Key]:
        """Of rows that are led up to and were to go, those that are there after a deletion."""
        with self._transaction() as connection:
            if not Hanging(self._datamap, connection, self._tables, {collection.name: Action.DELETE}).is_led_up_to(
                collection
            ):
                return frozenset()
            pages = (page for batch in keys for page in self._with_keys(connection, collection, batch))
            return frozenset(key for page in pages for key in page.keys)

    def _check_unchanged(
        self, connection: sa.Connection, steps: Sequence[_Step], plan: DeletionPlan, *, repeated: bool
    ) -> None:
        """The rows are those that were planned, and hold what they held, before anything is touched."""
        looked_at = []
        for step in steps:
            compared = Compared(plan, step.planned, step.collection, self._hashing)
            looked_at.append(compared)
            now, spared = KeySet(), 0
            for keys in self._keys(connection, step):
                if compared.is_known:
                    self._compare(connection, step, keys, now.rows, compared, repeated=repeated)
                now.add(keys)
                spared += len(step.planned.spared.intersection(keys))
            as_planned = step.planned.rows, step.planned.digest, len(step.planned.spared)
            if (now.rows, now.hexdigest(), spared) != as_planned:
                raise DataChangedError(
                    f"{self._datamap.source}: the rows in {step.planned.name} are not those that were planned;"
                    " plan again"
                )
        check_same(self._datamap.source, looked_at)

    def _compare(
        self,
        connection: sa.Connection,
        step: _Step,
        keys: Sequence[Key],
        first: int,
        compared: Compared,
        *,
        repeated: bool,
    ) -> None:
        """Look whether these rows, from a place of the plan on, hold what they held when they were planned."""
        pages = self._with_keys(connection, step.collection, keys, compared.columns, locked=True)
        held = {key: record for page in pages for key, record in zip(page.keys, page.records, strict=True)}
        for place, key in enumerate(keys, first):
            compared.look(place, key, held.get(key), repeated=repeated)

    def _check_apart(self, connection: sa.Connection, steps: Sequence[_Step], hanging: Hanging) -> None:
        """No row of one table is planned twice, or it would be kept by one collection and deleted by another."""
        for one, other in combinations(steps, 2):
            if hanging.are_of_one_table(one.collection, other.collection) and self._share_rows(connection, one, other):
                raise ChangeRefusedError(
                    f"{self._datamap.source}: {one.planned.name} and {other.planned.name} are of one table and share"
                    " rows of this person; describe the table as one collection"
                )

    def _share_rows(self, connection: sa.Connection, one: _Step, other: _Step) -> bool:
        if one.condition is None or other.condition is None:
            return False
        if one.planned.action is other.planned.action is Action.KEEP:
            return False
        mine, theirs = self._tables[one.collection.name], self._tables[other.collection.name]
        key = other.collection.key
        keys = sa.select(*(theirs.columns[name] for name in key)).where(other.condition)
        both = self._matching.are_among([mine.columns[name] for name in key], keys)
        query = sa.select(sa.literal(1)).select_from(mine).where(one.condition, both).limit(1)
        return connection.execute(query).first() is not None

    def _act(
        self, connection: sa.Connection, step: _Step, hanging: Hanging, before_batch: Callable[[], None]
    ) -> DoneCollection:
        found, changed, needed = KeySet(), 0, set[Key]()
        deletes = step.planned.action is Action.DELETE and step.planned.rows
        if deletes:
            hanging.check_rows_are_of_tables(step.collection)
        if step.planned.action is Action.DEIDENTIFY and step.planned.rows:
            hanging.check_rows_are_of_one_person(step.collection)
        family = hanging.family(step.collection) if deletes else None
        for page in self._pages(connection, step, family.columns if family else _columns_needed(step)):
            found.add(page.keys)
            going = [key for key in page.keys if key not in step.planned.spared]
            if family:  # what of them is still needed shows when those are gone that point to them
                family.add(page, going)
                continue
            if deletes:
                needed |= self._still_needed(step.collection, going, hanging)
                going = [key for key in going if key not in needed]
            if step.planned.action is Action.DEIDENTIFY:
                before_batch()
                changed += self._deidentify(connection, step, page)
            else:
                before_batch()
                changed += self._act_on(connection, step, going, hanging)
        for keys in _in_batches(family) if family else ():
            needed |= self._still_needed(step.collection, keys, hanging)
            before_batch()
            changed += self._act_on(connection, step, [key for key in keys if key not in needed], hanging)
        spared = len(step.planned.spared)
        expected = 0 if step.planned.action is Action.KEEP else step.planned.rows - spared - len(needed)
        if (found.hexdigest(), changed) != (step.planned.digest, expected):
            raise DataChangedError(f"{self._datamap.source}: rows in {step.planned.name} changed meanwhile; plan again")
        return DoneCollection(
            step.planned.name, step.planned.action, changed, spared, found.hexdigest(), frozenset(needed)
        )

    def _still_needed(self, collection: Collection, keys: list[Key], hanging: Hanging) -> frozenset[Key]:
        """An address that others need stays, and is no longer the person's; who somebody is stays theirs."""
        staying = hanging.still_needed(collection, self._is_one_of(collection, keys)) if keys else frozenset()
        if staying and collection.one_per_person:
            raise ChangeRefusedError(
                f"{self._datamap.source}: rows that stay point to {collection.name}, where each row is a person: the"
                " map finds not all that is theirs, or keeps it; have that put right first"
            )
        return staying

    def _act_on(self, connection: sa.Connection, step: _Step, keys: list[Key], hanging: Hanging) -> int:
        if not keys or step.planned.action is Action.KEEP:
            return 0
        table, is_one = self._tables[step.collection.name], self._is_one_of(step.collection, keys)
        hanging.check_nothing_goes_along(step.collection, is_one)
        return self._changed(connection, table.delete(), is_one)

    def _changed(self, connection: sa.Connection, statement: sa.Update | sa.Delete, which: Condition) -> int:
        """Change these rows; how many they were."""
        rows = 0
        if not self._dialect.counts_changed:
            rows = connection.execute(sa.select(sa.func.count()).select_from(statement.table).where(which)).scalar_one()
        done = connection.execute(statement.where(which))
        return done.rowcount if self._dialect.counts_changed else rows

    def _deidentify(self, connection: sa.Connection, step: _Step, page: Page) -> int:
        """Row by row, for each has tokens of its own, or values of its own to mask."""
        collection, changed = step.collection, 0
        assert isinstance(collection.on_delete, Deidentify)  # noqa: S101 - checked before anything was done
        table = self._tables[collection.name]
        for key, record in zip(page.keys, page.records, strict=True):
            if key not in step.planned.spared:
                values = {
                    column: self._replaced(collection, column, by, record)
                    for column, by in collection.on_delete.columns
                }
                is_row = self._is_one_of(collection, [key])
                changed += self._changed(connection, table.update().values(values), is_row)
        return changed

    def _replaced(self, collection: Collection, column: str, by: Replacement, record: Record) -> object:
        try:
            value = masked(by, record.get(column), self._hashing)
        except NotMaskableError as error:
            raise ChangeRefusedError(
                f"{self._datamap.source}: {collection.name}.{column} can't be masked as the map says: {error}"
            ) from None
        if needs_value(by) and value == record[column]:  # it may be one that a program could not write there
            return self._tables.column(collection.name, column)
        return self._tables.writable(collection.name, column, value)

    def _is_one_of(self, collection: Collection, keys: Sequence[Key]) -> Condition:
        columns = [self._tables.key_column(collection.name, name) for name in collection.key]
        bound = [
            [
                self._tables.key_bound(collection.name, name, part)
                for name, part in zip(collection.key, key, strict=True)
            ]
            for key in keys
        ]
        if len(columns) == 1:
            return columns[0].in_([part for (part,) in bound])
        return sa.or_(*(sa.and_(*map(operator.eq, columns, parts)) for parts in bound))

    # correction

    def correct(
        self, corrections: Sequence[Correction], identifiers: Identifiers, *, before_commit: Callable[[], None]
    ) -> None:
        """Change fields of the person's rows from what each held to what is right, all or nothing.

        What holds the new values already counts as written. Rows in which something is left to write must still be the
        person's: that is asked before the first of them is written to, for what is corrected may be what leads there.
        """
        values = [self._tables.writable(one.collection, one.field, one.new) for one in corrections]
        touched = {one.collection: self._datamap.collection(one.collection) for one in corrections}
        with self._transaction() as connection:
            check_taken_back(self._datamap.source, connection, self._dialect, touched.values())
            left = [
                (one, value, self._left_to_write(connection, one, value))
                for one, value in zip(corrections, values, strict=True)
            ]
            for name, collection in touched.items():
                keys_left = dict.fromkeys(key for one, _value, keys in left if one.collection == name for key in keys)
                self._check_theirs(connection, collection, list(keys_left), identifiers)
            for one, value, keys in left:
                for key in keys:
                    self._write(connection, one, key, value)
            if any(keys for _one, _value, keys in left):
                before_commit()

    def _left_to_write(self, connection: sa.Connection, one: Correction, value: object) -> list[Key]:
        """The rows that hold what they held; each is locked as it is compared."""
        wanted = self._tables.reader(one.collection, one.field)(value)
        left = []
        for key, old in one.rows:
            now = self._held(connection, one, key)
            is_written = self._tables.are_same(one.collection, one.field, now, wanted)
            if not is_written and not self._tables.are_same(one.collection, one.field, now, old):
                raise DataChangedError(
                    f"{self._where(one)} no longer holds what it held when the correction was decided"
                )
            if not is_written:
                left.append(key)
        return left

    def _check_theirs(
        self, connection: sa.Connection, collection: Collection, keys: Sequence[Key], identifiers: Identifiers
    ) -> None:
        """See that locked rows are still found as the person's: one that changed hands holds what it held."""
        of_person, table = self._matching.of_person(collection, identifiers), self._tables[collection.name]
        theirs = 0
        for first in range(0, len(keys), BATCH):
            if of_person is not None:
                is_theirs = sa.and_(self._is_one_of(collection, keys[first : first + BATCH]), of_person)
                query = sa.select(sa.literal(1)).select_from(table).where(is_theirs)
                # Locked once more, MariaDB looks at them as they are, and not as they were when this began.
                theirs += len(connection.execute(query.with_for_update() if self._dialect.locks_rows else query).all())
        if theirs != len(keys):
            raise DataChangedError(f"{self._datamap.source}: rows of {collection.name} are not this person's any more")

    def _write(self, connection: sa.Connection, one: Correction, key: Key, value: object) -> None:
        """Written, and read back."""
        collection = self._datamap.collection(one.collection)
        table, is_row = self._tables[collection.name], self._is_one_of(collection, [key])
        connection.execute(table.update().where(is_row).values({one.field: value}))
        wanted = self._tables.reader(one.collection, one.field)(value)
        if not self._tables.are_same(one.collection, one.field, self._held(connection, one, key), wanted):
            raise ChangeRefusedError(f"{self._where(one)} does not take the new value as it was given")

    def _held(self, connection: sa.Connection, one: Correction, key: Key) -> Json:
        column = sa.type_coerce(self._tables.column(one.collection, one.field), NullType())
        query = sa.select(column).where(self._is_one_of(self._datamap.collection(one.collection), [key]))
        rows = connection.execute(query.with_for_update() if self._dialect.locks_rows else query).all()
        if len(rows) != 1:
            raise DataChangedError(f"{self._where(one)}: the row is not there any more")
        return self._tables.reader(one.collection, one.field)(rows[0][0])

    def _where(self, one: Correction) -> str:
        return f"{self._datamap.source}: {one.collection}.{one.field}"

    # suppression

    def suppress(self, right: Right, identifiers: Identifiers, *, lifts: bool = False) -> Mapping[str, int]:
        """Set the columns that carry the right out; the rows that stand so now, by collection."""
        done = {}
        with self._transaction() as connection:
            for collection in self._datamap.collections:
                flags = collection.suppression(right, lifts=lifts)
                condition = self._matching.of_person(collection, identifiers)
                if flags and condition is not None:
                    values = {
                        column: self._tables.writable(collection.name, column, value) for column, value in flags.columns
                    }
                    table = self._tables[collection.name]
                    done[collection.name] = self._changed(connection, table.update().values(values), condition)
        return done


def _in_batches(family: Family) -> Iterator[list[Key]]:
    """Each generation by itself, for a server may check row by row."""
    for generation in family.generations():
        for first in range(0, len(generation), BATCH):
            yield generation[first : first + BATCH]


def _columns_needed(step: _Step) -> tuple[str, ...]:
    """The columns whose masks are made from what they hold."""
    how = step.collection.on_delete
    if step.planned.action is not Action.DEIDENTIFY or not isinstance(how, Deidentify):
        return ()
    return tuple(column for column, by in how.columns if needs_value(by))


def _nothing_left(planned: PlannedCollection) -> DoneCollection:
    return DoneCollection(planned.name, planned.action, 0, len(planned.spared), planned.digest)
