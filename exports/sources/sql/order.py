"""In which order rows go: whatever points to a row before the row itself, and nothing that goes unasked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy import exc

from exports.sources.connector import Action, ChangeRefusedError, Page, Record
from exports.sources.datamap import Collection, DataMap
from exports.sources.schema import Pointer
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
        self._places = places(connection, [datamap.collection(name) for name in actions])
        self._pointers = read_pointers(connection)

    def order(self) -> tuple[str, ...]:
        """The planned collections, children first, by the map's joins and by the database's own foreign keys.

        Raises ChangeRefusedError if there is no order. Collections of one table stand in the order of the joins, or of
        the map from its end: which of their rows hang on which is judged row by row.
        """
        planned = [found for found in reversed(self._datamap.collections) if found.name in self._actions]
        children: dict[str, set[str]] = {found.name: set() for found in planned}
        for collection in planned:
            for join in collection.joins:
                if join.parent in children:
                    children[join.parent].add(collection.name)
        at = defaultdict(set)
        for name, place in self._places.items():
            at[place].add(name)
        for pointer in self._pointers:
            for parent in () if pointer.is_own else at[pointer.parent]:
                children[parent] |= at[pointer.child]
        return _sorted(self._datamap.source, children)

    def goes_before(self, name: str) -> dict[str, tuple[str, ...]]:
        """The planned collections to whose rows those of this one point, with the columns of the foreign key.

        Without columns where no foreign key says so, and the map joins the two.
        """
        joins = (join.parent for join in self._datamap.collection(name).joins)
        found: dict[str, tuple[str, ...]] = {parent: () for parent in joins if parent in self._places}
        for pointer in self._pointers:
            if pointer.child == self._places[name] and not pointer.is_own:
                parents = (other for other, place in self._places.items() if place == pointer.parent)
                found |= dict.fromkeys(parents, pointer.columns)
        return found

    def are_of_one_table(self, one: Collection, other: Collection) -> bool:
        """Whether two collections are of the same table, however the map names it."""
        return self._places[one.name] == self._places[other.name]

    def check_rows_are_of_tables(self, collection: Collection) -> None:
        """Refuse to delete through a view: what hangs on its rows hangs on those of other tables."""
        place = self._places[collection.name]
        if place.table in sa.inspect(self._connection).get_view_names(place.schema):
            raise ChangeRefusedError(
                f"{self._datamap.source}: {collection.name} is a view, and what hangs on its rows can't be seen; name"
                " its table in the map, or keep the rows"
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
        parent = self._tables[collection.name]
        names = dict.fromkeys((*pointer.columns, *(collection.key if pointer.is_own else ())))
        child = sa.table(pointer.child.table, *map(sa.column, names), schema=pointer.child.schema).alias("hanging")
        pairs = zip(pointer.parent_columns, pointer.columns, strict=True)
        hangs = sa.and_(*(parent.columns[up] == child.columns[own] for up, own in pairs))
        query = sa.select(sa.literal(1)).select_from(parent.join(child, hangs)).where(is_one).limit(1)
        if pointer.is_own:  # a row that points to itself goes with nobody else's
            query = query.where(
                sa.not_(sa.and_(*(parent.columns[name] == child.columns[name] for name in collection.key)))
            )
        if self._tables.backend in ("mysql", "mariadb"):
            query = query.with_for_update(read=True)  # there a plain look shows an older moment than a deletion acts on
        try:
            return self._connection.execute(query).first() is not None
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
