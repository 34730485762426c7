"""The schema of a source, by reflection; and samples of its values, for a draft only."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.engine import Inspector, ObjectKind, ObjectScope
from sqlalchemy.exc import CompileError, SAWarning

from exports.sources.errors import MapDoesNotFitError
from exports.sources.schema import Column, Kind, Place, Schema, Table
from exports.sources.sql.columns import ColumnType, unwrapped
from exports.sources.sql.engines import guarded
from exports.sources.sql.pointers import CATALOGUE, default_schema, read_pointers

SAMPLE_LETTERS = 200  # of one value: enough to see what it looks like
OWN_SCHEMAS = ("information_schema", "pg_")  # the server's
# Their rows are rows of the table that they are parts of, or that they inherit all of their columns from.
PARTITIONS = """
SELECT part.relname FROM pg_class AS part JOIN pg_namespace AS space ON space.oid = part.relnamespace
WHERE space.nspname = :schema AND EXISTS (SELECT FROM pg_inherits WHERE inhrelid = part.oid)
AND (part.relispartition OR NOT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = part.oid AND attnum > 0 AND attislocal AND NOT attisdropped
))
"""
FIND_EQUAL = frozenset({"btree", "hash"})  # PostgreSQL's kinds of index, of whatever its columns hold
OF_OTHER_USE = frozenset({"prefix", "columnstore", "invalid"})  # for words and places in MariaDB, for sums, for nothing
NO_LETTERS = re.compile(r"\W")
KINDS: tuple[tuple[tuple[type[ColumnType], ...], Kind], ...] = (
    ((types.Boolean,), Kind.TRUTH),
    ((types.Date, types.DateTime), Kind.DATE),
    ((types.Integer, types.Numeric), Kind.NUMBER),
    ((types.LargeBinary, types.BINARY, types.VARBINARY), Kind.BINARY),
    ((postgresql.INET, postgresql.CIDR, postgresql.MACADDR), Kind.NETWORK),
    ((types.String, types.Uuid), Kind.TEXT),
)


def read_schema(engine: sa.Engine, source: str, schemas: Collection[str] = ()) -> Schema:
    """Every table and view of the schemas named, or of all that are not the server's own.

    MariaDB and SQLite show the database of the URL. Raises MapDoesNotFitError if a schema named is not there.
    """
    with warnings.catch_warnings(), guarded(source), engine.connect() as connection:
        warnings.simplefilter("ignore", SAWarning)  # what SQLAlchemy does not know is described as far as it goes
        inspector = sa.inspect(connection)
        default = default_schema(inspector.dialect)
        there = _schemas(inspector, default, schemas)
        for missing in sorted(set(schemas) - set(there)):
            raise MapDoesNotFitError(f"{source}: there is no schema {missing!r}; there is {', '.join(there)}")
        wanted = [schema for schema in there if not schemas or schema in schemas]
        tables = tuple(table for schema in wanted for table in _tables(schema, inspector, connection))
        seen = {table.place for table in tables}
        pointers = [key for key in read_pointers(connection) if {key.child, key.parent} <= seen]
    ordered = tuple(sorted(pointers, key=lambda key: (key.child, key.columns, key.parent)))
    return Schema(default, tables, ordered, tuple(schema for schema in there if schema not in wanted))


def _schemas(inspector: Inspector, default: str, named: Collection[str]) -> list[str]:
    if inspector.dialect.name not in CATALOGUE and named:
        return [default, *sorted(set(inspector.get_schema_names()) & set(named) - {default})]
    if inspector.dialect.name != "postgresql":
        return [default]
    return sorted(name for name in inspector.get_schema_names() if not name.startswith(OWN_SCHEMAS))


def _tables(schema: str, inspector: Inspector, connection: sa.Connection) -> Iterator[Table]:
    asked = None if schema == default_schema(inspector.dialect) else schema
    every: dict[str, Any] = {"kind": ObjectKind.ANY, "scope": ObjectScope.ANY}
    views, partitions = set(inspector.get_view_names(asked)), set[str]()
    if inspector.dialect.name == "postgresql":
        views |= set(inspector.get_materialized_view_names(asked))
        partitions = set(connection.execute(sa.text(PARTITIONS), {"schema": schema}).scalars())
    keys = _by_table(inspector.get_multi_pk_constraint(asked, **every))
    unique = _by_table(_told(inspector.get_multi_unique_constraints, asked, **every))
    indexes = _by_table(_told(inspector.get_multi_indexes, asked, **every))
    for name, reflected in sorted(_by_table(inspector.get_multi_columns(asked, **every)).items()):
        if name in partitions:
            continue
        columns = tuple(_column(column, inspector.dialect) for column in reflected)
        primary = tuple(keys.get(name, {}).get("constrained_columns", ()))
        uniques = [tuple(one["column_names"]) for one in unique.get(name, ())]
        uniques += [_plain(index["column_names"]) for index in indexes.get(name, ()) if _is_whole(index)]
        serving = (_plain(index["column_names"]) for index in indexes.get(name, ()) if _finds_equal(index))
        found = {primary, *uniques, *serving} - {()}
        key = primary or _key(columns, uniques)
        yield Table(Place(schema, name), name in views, columns, key, tuple(sorted(found)))


def _told(question: Callable[..., Any], schema: str | None, **every: Any) -> Any:
    """What a dialect tells; nothing where it has no answer to such a question."""
    try:
        return question(schema, **every)
    except NotImplementedError:
        return {}


def _by_table(reflected: Any) -> dict[str, Any]:
    """What SQLAlchemy found, by the name of the table alone."""
    return {name: found for (_schema, name), found in reflected.items() if found}


def _is_whole(index: Mapping[str, Any]) -> bool:
    """Whether an index says of every row that its plain columns are unique."""
    options = _options(index)
    is_partial = options.get("where") is not None
    return bool(index["unique"]) and None not in index["column_names"] and not is_partial and "invalid" not in options


def _finds_equal(index: Mapping[str, Any]) -> bool:
    """Whether an index finds all rows that hold some value: it may leave out those that hold nothing, and no others."""
    options = _options(index)
    if options.get("using", "btree") not in FIND_EQUAL or options.keys() & OF_OTHER_USE:
        return False
    first, where = next(iter(index["column_names"]), None), options.get("where")
    return where is None or _letters(where) == _letters(f"{first} IS NOT NULL")


def _letters(condition: object) -> str:
    return NO_LETTERS.sub("", str(condition)).casefold()


def _options(index: Mapping[str, Any]) -> dict[str, Any]:
    """What a dialect tells of an index beside the columns, by its name without the dialect's."""
    return {name.partition("_")[2]: told for name, told in index.get("dialect_options", {}).items()}


def _plain(names: Iterable[str | None]) -> tuple[str, ...]:
    """The columns with which an index begins, up to the first expression."""
    found = []
    for name in names:
        if name is None:
            break
        found.append(name)
    return tuple(found)


def _key(columns: Sequence[Column], uniques: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The shortest unique columns that are never NULL."""
    filled = {column.name for column in columns if not column.nullable}
    return min(
        (names for names in uniques if names and filled.issuperset(names)), key=lambda n: (len(n), n), default=()
    )


def _column(column: Mapping[str, Any], dialect: sa.Dialect) -> Column:
    type_: ColumnType = column["type"]
    try:
        written = type_.compile(dialect=dialect)
    except CompileError:
        written = "of a type of its own"
    return Column(column["name"], written, _kind(type_), bool(column.get("nullable", True)), _names_no_zone(type_))


def _names_no_zone(type_: ColumnType) -> bool:
    """Of moments; MariaDB's TIMESTAMP is an instant."""
    plain = unwrapped(type_)
    return isinstance(plain, types.DateTime) and not plain.timezone and not isinstance(plain, mysql.TIMESTAMP)


def _kind(type_: ColumnType) -> Kind:
    if isinstance(type_, mysql.TINYINT) and type_.display_width == 1:
        return Kind.TRUTH
    return next((kind for classes, kind in KINDS if isinstance(unwrapped(type_), classes)), Kind.OTHER)


def sample(engine: sa.Engine, source: str, table: Table, rows: int) -> Mapping[str, list[str]]:
    """The beginnings of the texts in some rows, by column: to be looked at by a program and forgotten."""
    names = [column.name for column in table.columns if column.kind is Kind.TEXT]
    if not names or not all(names):  # SQLite lets a column have no name; such a table is not described
        return {}
    columns: list[sa.Column[Any]] = [sa.Column(name, types.String()) for name in names]
    schema, name = table.place
    asked = None if schema == default_schema(engine.dialect) else schema
    source_table = sa.Table(name, sa.MetaData(), *columns, schema=asked)
    cut: list[sa.ColumnElement[Any]] = [sa.cast(column, types.String(SAMPLE_LETTERS)) for column in columns]
    if engine.dialect.name in CATALOGUE:
        cut = [sa.func.substr(text, 1, SAMPLE_LETTERS) for text in cut]
    with guarded(source), engine.connect() as connection:
        found = connection.execute(sa.select(*cut).select_from(source_table).limit(rows)).all()
    return {name: [str(row[place])[:SAMPLE_LETTERS] for row in found if row[place]] for place, name in enumerate(names)}
