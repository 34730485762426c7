"""In which order rows go: whatever points to a row before the row itself, and nothing that goes unasked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import sqlalchemy as sa

from exports.sources.connector import Action, ChangeRefusedError
from exports.sources.datamap import DataMap

Place = tuple[str | None, str]  # schema and table


@dataclass(frozen=True, slots=True)
class _Pointer:
    """A foreign key from one table to another."""

    child: Place
    parent: Place
    goes_along: bool  # the database itself deletes or empties the child's rows


def deletion_order(datamap: DataMap, connection: sa.Connection, actions: Mapping[str, Action]) -> tuple[str, ...]:
    """The planned collections, children first, by the map's joins and by the database's own foreign keys.

    Raises ChangeRefusedError if deleting would take along rows that the plan does not delete, or if there is no order.
    """
    places = {c.name: (c.schema, c.table) for c in datamap.collections}
    deleted = {places[name] for name, action in actions.items() if action is Action.DELETE}
    children: dict[str, set[str]] = {name: set() for name in actions}
    for collection in datamap.collections:
        for join in collection.joins:
            if collection.name in actions and join.parent in actions:
                children[join.parent].add(collection.name)
    planned = defaultdict(set)
    for name in actions:
        planned[places[name]].add(name)
    for pointer in _pointers(connection, {schema for schema, _ in places.values()}):
        if pointer.parent in deleted and pointer.goes_along and pointer.child not in deleted:
            raise ChangeRefusedError(
                f"{datamap.source}: deleting from {pointer.parent[1]} would also change {pointer.child[1]}, which is"
                " not to be deleted; delete that too, or keep both"
            )
        for parent in planned[pointer.parent]:
            children[parent] |= planned[pointer.child] - {parent}
    return _sorted(datamap.source, children)


def _pointers(connection: sa.Connection, schemas: set[str | None]) -> Iterator[_Pointer]:
    read = _sqlite_keys if connection.dialect.name == "sqlite" else _inspected_keys
    for schema in schemas:
        for child, parent, rule in read(connection, schema):
            yield _Pointer((schema, child), parent, rule.upper() in ("CASCADE", "SET NULL", "SET DEFAULT"))


def _inspected_keys(connection: sa.Connection, schema: str | None) -> Iterator[tuple[str, Place, str]]:
    for (_, table), keys in sa.inspect(connection).get_multi_foreign_keys(schema).items():
        for key in keys:
            rule = str(key.get("options", {}).get("ondelete") or "")
            yield table, (key["referred_schema"], key["referred_table"]), rule


def _sqlite_keys(connection: sa.Connection, schema: str | None) -> Iterator[tuple[str, Place, str]]:
    """Asked of SQLite itself: SQLAlchemy reads rules from the table's text and misses those written in a column."""
    tables = f"{connection.dialect.identifier_preparer.quote_schema(schema or 'main')}.sqlite_master"
    found = connection.exec_driver_sql(
        f"""SELECT DISTINCT child.name, coalesce(parent.name, key."table"), key.on_delete
            FROM {tables} AS child JOIN pragma_foreign_key_list(child.name, ?) AS key
            LEFT JOIN {tables} AS parent ON parent.type = 'table' AND lower(parent.name) = lower(key."table")
            WHERE child.type = 'table'""",  # noqa: S608 - a quoted name, from the accepted map
        (schema or "main",),
    )
    for child, parent, rule in found:
        yield child, (schema, parent), rule


def _sorted(source: str, children: Mapping[str, set[str]]) -> tuple[str, ...]:
    try:
        return tuple(TopologicalSorter(children).static_order())
    except CycleError as error:
        names = ", ".join(sorted(set(error.args[1])))
        raise ChangeRefusedError(
            f"{source}: {names} point to each other; deleting them is a task for a person"
        ) from None
