"""The foreign keys of a database, those of all its schemas: which rows hang on which, and which go along with them.

Asked of the server's own catalogue: what SQLAlchemy reflects is one schema at a time, and names it by the search path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import ObjectKind

from exports.sources.datamap import Collection
from exports.sources.schema import Place, Pointer

SERVERS_OWN = frozenset({"information_schema", "sys", "pg_catalog"})
GOES_ALONG = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})


class _Column(NamedTuple):
    """One column of a foreign key, as the catalogue has it; columns of one key stand together, in its order."""

    key: str
    child_schema: str
    child: str
    column: str
    parent_schema: str
    parent: str
    parent_column: str
    rule: str


# A key that points to its parent's primary key without naming it has no `to`. Names are compared as SQLite does.
SQLITE = """
SELECT child.name || '/' || key.id, 'main', child.name, key."from", 'main', parent.name, known.name, key.on_delete
FROM sqlite_master AS child
JOIN pragma_foreign_key_list(child.name, 'main') AS key
JOIN sqlite_master AS parent ON parent.type = 'table' AND lower(parent.name) = lower(key."table")
JOIN pragma_table_xinfo(parent.name, 'main') AS known
    ON lower(known.name) = lower(key."to") OR (key."to" IS NULL AND known.pk = key.seq + 1)
WHERE child.type = 'table'
ORDER BY child.name, key.id, key.seq
"""
POSTGRESQL = """
SELECT CAST(key.oid AS text), child_schema.nspname, child.relname, own.attname,
    parent_schema.nspname, parent.relname, other.attname,
    CASE key.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE '' END
FROM pg_constraint AS key
JOIN pg_class AS child ON child.oid = key.conrelid
JOIN pg_namespace AS child_schema ON child_schema.oid = child.relnamespace
JOIN pg_class AS parent ON parent.oid = key.confrelid
JOIN pg_namespace AS parent_schema ON parent_schema.oid = parent.relnamespace
CROSS JOIN LATERAL unnest(key.conkey, key.confkey) WITH ORDINALITY AS pair (own, other, place)
JOIN pg_attribute AS own ON own.attrelid = key.conrelid AND own.attnum = pair.own
JOIN pg_attribute AS other ON other.attrelid = key.confrelid AND other.attnum = pair.other
WHERE key.contype = 'f'
ORDER BY key.oid, pair.place
"""
MARIADB = """
SELECT concat_ws('.', pair.table_schema, pair.table_name, pair.constraint_name),
    pair.table_schema, pair.table_name, pair.column_name,
    pair.referenced_table_schema, pair.referenced_table_name, pair.referenced_column_name, rule.delete_rule
FROM information_schema.key_column_usage AS pair
JOIN information_schema.referential_constraints AS rule
    ON rule.constraint_schema = pair.constraint_schema AND rule.constraint_name = pair.constraint_name
    AND rule.table_name = pair.table_name
WHERE pair.referenced_table_name IS NOT NULL
ORDER BY 1, pair.ordinal_position
"""
CATALOGUE = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "mysql": MARIADB, "mariadb": MARIADB}

# A name without a schema means the first table of that name on the search path.
POSTGRESQL_SCHEMA = """
SELECT space.nspname FROM pg_class AS found JOIN pg_namespace AS space ON space.oid = found.relnamespace
WHERE found.relname = :table AND pg_table_is_visible(found.oid)
"""


def read_pointers(connection: sa.Connection) -> tuple[Pointer, ...]:
    """Every foreign key that the connection may see."""
    if connection.dialect.name not in CATALOGUE:
        return tuple(_reflected(connection))
    rows = (_Column(*map(str, row)) for row in connection.execute(sa.text(CATALOGUE[connection.dialect.name])))
    return tuple(_pointer(list(columns)) for _, columns in groupby(rows, key=lambda column: column.key))


def places(connection: sa.Connection, collections: Iterable[Collection]) -> Mapping[str, Place]:
    """Where the table of each collection really is: the map may name its schema, or leave it to the server."""
    return {
        found.name: Place(found.schema or _schema_of(connection, found.table), found.table) for found in collections
    }


def _pointer(columns: list[_Column]) -> Pointer:
    first = columns[0]
    return Pointer(
        child=Place(first.child_schema, first.child),
        columns=tuple(column.column for column in columns),
        parent=Place(first.parent_schema, first.parent),
        parent_columns=tuple(column.parent_column for column in columns),
        goes_along=first.rule.upper() in GOES_ALONG,
    )


def default_schema(dialect: sa.Dialect) -> str:
    """What a name without a schema means; some servers have none."""
    return dialect.default_schema_name or ""


def _reflected(connection: sa.Connection) -> Iterator[Pointer]:
    """Those that a dialect of SQLAlchemy tells of. Whether rows go along is not always told, so all might."""
    inspector, default = sa.inspect(connection), default_schema(connection.dialect)
    for schema in {default, *_schemas(inspector)}:
        asked = None if schema == default else schema
        keys = inspector.get_multi_foreign_keys(asked, kind=ObjectKind.TABLE)
        for (_, table), found in keys.items():
            for key in found:
                parent = Place(key["referred_schema"] or schema, key["referred_table"])
                own, others = tuple(key["constrained_columns"]), tuple(key["referred_columns"])
                yield Pointer(Place(schema, table), own, parent, others, goes_along=True)


def _schemas(inspector: sa.Inspector) -> Iterable[str]:
    try:
        return [name for name in inspector.get_schema_names() if name.lower() not in SERVERS_OWN]
    except NotImplementedError:
        return []


def _schema_of(connection: sa.Connection, table: str) -> str:
    if connection.dialect.name == "postgresql":
        return str(connection.execute(sa.text(POSTGRESQL_SCHEMA), {"table": table}).scalar_one())
    return default_schema(connection.dialect)
