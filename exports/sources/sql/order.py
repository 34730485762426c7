"""In which order rows go: whatever points to a row before the row itself, and nothing that goes unasked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.types import NullType

from exports.sources.connector import Action, Page, Record
from exports.sources.datamap import Collection, DataMap, Join
from exports.sources.errors import ChangeRefusedError
from exports.sources.schema import Place, Pointer
from exports.sources.sql.matching import Condition
from exports.sources.sql.pointers import places, read_pointers
from exports.sources.sql.tables import Tables
from exports.sources.values import Key, key_value

Values: TypeAlias = tuple[object, ...]

MAY_NOT_READ = frozenset({1142, 1143})  # MariaDB's numbers; for PostgreSQL the driver has a class


class Hanging:
    """What hangs on the planned collections by the foreign keys of their database, whatever schema it is in."""

    def __init__(
        self, datamap: DataMap, connection: sa.Connection, tables: Tables, actions: Mapping[str, Action]
    ) -> None:
        self._datamap = datamap
        self._connection = connection
        self._tables = tables
        self._actions = actions
        planned = [datamap.collection(name) for name in actions]
        self._places = places(connection, datamap.collections)
        self._pointers = read_pointers(connection)
        self._up = {found.name: [join for join in found.every_join if self._leads_up(found, join)] for found in planned}

    def order(self) -> tuple[str, ...]:
        """The planned collections, children first, by the map's joins and by the database's own foreign keys.

        Raises ChangeRefusedError if there is no order. Collections of one table stand in the order of the joins, or of
        the map from its end: which of their rows hang on which is judged row by row.
        """
        planned = [found for found in reversed(self._datamap.collections) if found.name in self._actions]
        children: dict[str, set[str]] = {found.name: set() for found in planned}
        for child, parent in self._joined():
            children[parent].add(child)
        at = defaultdict(set)
        for name in self._actions:
            at[self._places[name]].add(name)
        for pointer in self._pointers:
            for parent in () if pointer.is_own else at[pointer.parent]:
                children[parent] |= at[pointer.child]
        return _sorted(self._datamap.source, children)

    def goes_before(self, name: str) -> dict[str, tuple[str, ...]]:
        """The planned collections to whose rows those of this one point, with the columns of the foreign key.

        Without columns where no foreign key says so, and the map joins the two.
        """
        found: dict[str, tuple[str, ...]] = {parent: () for child, parent in self._joined() if child == name}
        for pointer in self._pointers:
            if pointer.child == self._places[name] and not pointer.is_own:
                parents = (other for other in self._actions if self._places[other] == pointer.parent)
                found |= dict.fromkeys(parents, pointer.columns)
        return found

    def _joined(self) -> Iterator[tuple[str, str]]:
        """By the map's joins: a planned collection, and one to whose rows its rows point."""
        for name in self._actions:
            for join in self._datamap.collection(name).every_join:
                if join.parent in self._actions:
                    yield (join.parent, name) if join in self._up[name] else (name, join.parent)

    def _leads_up(self, collection: Collection, join: Join) -> bool:
        """Whether its rows are those that the parent's rows point to, and not the other way round.

        So says a foreign key; where none is declared, that what leads there names a row or is part of its key, and
        names none of the parent.
        """
        own, parent = self._places[collection.name], self._places[join.parent]
        pairs = [(up, mine) for mine, up in join.columns]
        if any(_is(pointer, own, parent, join.columns) for pointer in self._pointers):
            return False
        if any(_is(pointer, parent, own, pairs) for pointer in self._pointers):
            return True
        mine, ups = ({pair[side] for pair in join.columns} for side in (0, 1))
        key, key_above = set(collection.key), set(self._datamap.collection(join.parent).key)
        if any(named <= ups for named in (key_above, *self._unique(parent))):
            return False
        return mine <= key or any(named <= mine for named in (key, *self._unique(own)))

    def _unique(self, place: Place) -> list[set[str]]:
        """The columns that name one row of a table, as the database says."""
        inspector, schema = sa.inspect(self._connection), place.schema or None
        every = {"include_auto_indexes": True} if self._tables.backend == "sqlite" else {}  # those of UNIQUE there
        indexes = inspector.get_indexes(place.table, schema, **every)
        found = [list(index["column_names"]) for index in indexes if index["unique"]]
        found += [[*known["column_names"]] for known in inspector.get_unique_constraints(place.table, schema)]
        return [{str(name) for name in names} for names in found if names and None not in names]

    def is_led_up_to(self, collection: Collection) -> bool:
        """Whether it is planned, and some of its rows are found because others point to them."""
        return bool(self._up[collection.name])

    def still_needed(self, collection: Collection, is_one: Condition) -> frozenset[Key]:
        """Of rows that are led up to, the keys of those to which rows still point that are not to go, or did not."""
        up = self._up[collection.name]
        if not up:
            return frozenset()
        columns = self._tables[collection.name].columns
        keys = [sa.type_coerce(columns[name], NullType()) for name in collection.key]
        pointers = {*self._of(collection), *(self._as_pointer(collection, join) for join in up)}
        rows = (row for pointer in pointers for row in self._rows_hanging(pointer, collection, is_one, keys))
        return frozenset(tuple(map(key_value, row)) for row in rows)

    def _as_pointer(self, collection: Collection, join: Join) -> Pointer:
        """The foreign key that a way up goes along, declared or not."""
        own, ups = zip(*join.columns, strict=True)
        return Pointer(self._places[join.parent], ups, self._places[collection.name], own, goes_along=False)

    def are_of_one_table(self, one: Collection, other: Collection) -> bool:
        """Whether two collections are of the same table, however the map names it."""
        return self._places[one.name] == self._places[other.name]

    def check_rows_are_of_tables(self, collection: Collection) -> None:
        """Refuse to delete through a view: what hangs on its rows hangs on those of other tables."""
        place = self._places[collection.name]
        if place.table in sa.inspect(self._connection).get_view_names(place.schema or None):
            raise ChangeRefusedError(
                f"{self._datamap.source}: {collection.name} is a view, and what hangs on its rows can't be seen; name"
                " its table in the map, or keep the rows"
            )

    def check_rows_are_of_one_person(self, collection: Collection) -> None:
        """Refuse to de-identify rows that are led up to: others may point to them, and would lose what is theirs."""
        if self._up[collection.name]:
            raise ChangeRefusedError(
                f"{self._datamap.source}: rows of others may point to those of {collection.name}, so that none is"
                " de-identified; write delete in the map, which leaves what others still need, or keep the rows"
            )

    def family(self, collection: Collection) -> Family | None:
        """For a table whose rows hang on others of the same table: how its rows are put in order."""
        own = [pointer for pointer in self._of(collection) if pointer.is_own]
        return Family(f"{self._datamap.source}: rows of {collection.name}", own) if own else None

    def check_nothing_goes_along(self, collection: Collection, is_one: Condition) -> None:
        """Refuse if rows that are still there would be deleted or emptied with the rows that are to go next.

        Planned rows that hang on them went before: what is left is somebody else's, is kept, or is not in the map.
        """
        for pointer in self._of(collection):
            if pointer.goes_along and self._has_rows(pointer, collection, is_one):
                raise ChangeRefusedError(
                    f"{self._datamap.source}: deleting from {collection.table} would also change rows of"
                    f" {pointer.child.table}, which are not to be deleted; delete those too, or keep both"
                )

    def _of(self, collection: Collection) -> Iterator[Pointer]:
        return (pointer for pointer in self._pointers if pointer.parent == self._places[collection.name])

    def _has_rows(self, pointer: Pointer, collection: Collection, is_one: Condition) -> bool:
        return bool(self._rows_hanging(pointer, collection, is_one, [sa.literal(1)], limit=1))

    def _rows_hanging(
        self,
        pointer: Pointer,
        collection: Collection,
        is_one: Condition,
        columns: Sequence[sa.ColumnElement[Any]],
        limit: int | None = None,
    ) -> Sequence[sa.Row[Any]]:
        """The columns of those rows of the collection on which others hang, once for each that does."""
        parent = self._tables[collection.name]
        names = dict.fromkeys((*pointer.columns, *(collection.key if pointer.is_own else ())))
        child = sa.table(pointer.child.table, *map(sa.column, names), schema=pointer.child.schema).alias("hanging")
        pairs = zip(pointer.parent_columns, pointer.columns, strict=True)
        hangs = sa.and_(*(parent.columns[up] == child.columns[own] for up, own in pairs))
        query = sa.select(*columns).select_from(parent.join(child, hangs)).where(is_one).limit(limit)
        if pointer.is_own:  # a row that points to itself goes with nobody else's
            query = query.where(
                sa.not_(sa.and_(*(parent.columns[name] == child.columns[name] for name in collection.key)))
            )
        if self._tables.backend in ("mysql", "mariadb"):
            query = query.with_for_update(read=True)  # there a plain look shows an older moment than a deletion acts on
        try:
            return self._connection.execute(query).all()
        except exc.DBAPIError as error:
            if not _is_denied(error):
                raise
            raise ChangeRefusedError(
                f"{self._datamap.source}: rows of {pointer.child.table} may hang on those of {collection.table}, and"
                " the writing account may not read them; let it read that table"
            ) from None


class Family:
    """Planned rows of a table that points to itself; they go a generation at a time, children first."""

    def __init__(self, what: str, own: Sequence[Pointer]) -> None:
        self._what = what
        self._own = own
        self._rows: dict[Key, Record] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """What is to be read of each row."""
        return tuple(dict.fromkeys(name for own in self._own for name in (*own.columns, *own.parent_columns)))

    def add(self, page: Page, keys: Sequence[Key]) -> None:
        """Take in the rows with these keys."""
        by_key = dict(zip(page.keys, page.records, strict=True))
        self._rows |= {key: by_key[key] for key in keys}

    def generations(self) -> Iterator[list[Key]]:
        """The keys, those first on which no other row hangs; ChangeRefusedError if rows point round in a circle."""
        children: dict[Key, set[Key]] = {key: set() for key in self._rows}
        for pointer in self._own:
            owners = {_values(record, pointer.parent_columns): key for key, record in self._rows.items()}
            for key, record in self._rows.items():
                parent = owners.get(_values(record, pointer.columns) or (key, "points nowhere"))
                if parent is not None and parent != key:
                    children[parent].add(key)
        sorter = TopologicalSorter(children)
        try:
            sorter.prepare()
        except CycleError:
            raise ChangeRefusedError(
                f"{self._what} point to each other; deleting them is a task for a person"
            ) from None
        while sorter.is_active():
            generation = sorter.get_ready()
            yield list(generation)
            sorter.done(*generation)


def _is(pointer: Pointer, child: Place, parent: Place, pairs: Iterable[tuple[str, str]]) -> bool:
    """Whether it is the foreign key over these pairs of (the child's column, the parent's)."""
    own = set(zip(pointer.columns, pointer.parent_columns, strict=True))
    return (pointer.child, pointer.parent) == (child, parent) and own == set(pairs)


def _is_denied(error: exc.DBAPIError) -> bool:
    number = error.orig.args[0] if error.orig is not None and error.orig.args else None
    return number in MAY_NOT_READ or type(error.orig).__name__ == "InsufficientPrivilege"


def _values(record: Record, columns: Sequence[str]) -> Values | None:
    """What the columns hold, to be compared; None if one of them holds nothing."""
    found = [record[name] for name in columns]
    return None if None in found else tuple(map(key_value, found))


def _sorted(source: str, children: Mapping[str, set[str]]) -> tuple[str, ...]:
    try:
        return tuple(TopologicalSorter(children).static_order())
    except CycleError as error:
        names = ", ".join(sorted(set(error.args[1])))
        raise ChangeRefusedError(
            f"{source}: {names} point to each other; deleting them is a task for a person"
        ) from None
