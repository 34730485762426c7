"""The tables of a source as far as its map names them: columns with the types that they really have."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import ObjectKind, ObjectScope
from sqlalchemy.exc import SAWarning

from exports.sources.datamap import Collection, DataMap, Deidentify, Keep, KeyedHash, Replacement, Truncate, Year
from exports.sources.errors import ChangeRefusedError, MapDoesNotFitError
from exports.sources.masks import HASH_LETTERS
from exports.sources.sql.columns import (
    KNOWN,
    ColumnType,
    Expression,
    Reader,
    are_same,
    comparable,
    is_dated,
    is_text,
    key_bound,
    key_reader,
    reader,
    typed,
    unwrapped,
)
from exports.sources.sql.encodings import encoding_of, has_letters
from exports.sources.sql.keys import why_no_key
from exports.sources.values import Json, KeyPart

Place: TypeAlias = tuple[str | None, str]  # schema and table
Columns: TypeAlias = Mapping[str, tuple[ColumnType, bool]]  # by name: the type, and whether it may hold nothing

DATED = "a day that there is, of a year from 1 to 9999, such as 2024-01-31"
COLLATIONS = sa.text(
    "SELECT column_name, character_set_name, collation_name FROM information_schema.columns"
    " WHERE table_schema = coalesce(:schema, database()) AND table_name = :table AND collation_name IS NOT NULL"
)


class Tables:
    """The reflected tables of a map, by collection; MapDoesNotFitError names the first thing that is not there."""

    def __init__(self, datamap: DataMap, engine: sa.Engine) -> None:
        self.source = datamap.source
        self.backend = engine.url.get_backend_name()
        self._encoding = encoding_of(engine)
        with warnings.catch_warnings():  # a type that SQLAlchemy does not know is read as the driver gives it
            warnings.simplefilter("ignore", SAWarning)
            found = _columns(datamap, engine)
        self._tables: dict[str, sa.Table] = {}
        for collection in datamap.collections:
            place = (collection.schema, collection.table)
            if place not in found:
                name = ".".join(part for part in place if part)
                raise MapDoesNotFitError(f"{self.source}: {collection.name} names the table {name}, which is not there")
            self._tables[collection.name] = _table(place, found[place])
        for collection in datamap.collections:
            self._check(collection)
            self._check_key(collection, engine)

    def __getitem__(self, collection: str) -> sa.Table:
        return self._tables[collection]

    def column(self, collection: str, name: str) -> sa.Column[Any]:
        """A column by the map's name for it."""
        return self._tables[collection].columns[name]

    def comparable(self, collection: str, name: str, value: KeyPart) -> sa.BindParameter[Any]:
        """A value bound to be compared with the column; ValueError if it can't equal any."""
        if isinstance(value, str) and not self.has_letters_of(collection, name, value):
            raise ValueError("the column can hold no such letters")
        return comparable(value, self.column(collection, name).type, self.backend)

    def has_letters_of(self, collection: str, name: str, text: str) -> bool:
        """Whether the column can hold every letter of a text; if not, it equals none of its values."""
        return has_letters(text, self.column(collection, name), self._encoding)

    def key_column(self, collection: str, name: str) -> Expression:
        """A column to be compared with `key_bound`: by the server, and by nothing that SQLAlchemy knows of its type."""
        return sa.type_coerce(self.column(collection, name), sa.types.NullType())

    def key_bound(self, collection: str, name: str, part: KeyPart) -> Expression:
        """A part of a key of the database's own, bound to be compared with its column."""
        return key_bound(part, self.column(collection, name).type, self.backend)

    def may_be_empty(self, collection: str, name: str) -> bool:
        """Whether the column lets a row hold nothing in it; of a view the database does not say, and a write shows."""
        return self.column(collection, name).nullable is not False

    def writable(self, collection: str, name: str, value: Json) -> object:
        """The value as the column takes it, or nothing for None; ChangeRefusedError if it can't hold it."""
        if value is None and not self.may_be_empty(collection, name):
            raise ChangeRefusedError(f"{self.source}: {collection}.{name} can't be empty")
        if isinstance(value, str) and not self.has_letters_of(collection, name, value):
            raise ChangeRefusedError(
                f"{self.source}: {collection}.{name} can't hold every letter of the new value, for its encoding lacks"
                " some; write it in letters that it has, or let the column keep all of Unicode"
            )
        try:
            return typed(value, self.column(collection, name).type)
        except ValueError:
            such_as = f"; it takes {DATED}" if is_dated(self.column(collection, name).type) else ""
            raise ChangeRefusedError(
                f"{self.source}: {collection}.{name} can't hold that kind of value{such_as}"
            ) from None

    def are_same(self, collection: str, name: str, one: Json, other: Json) -> bool:
        """Whether both are one value of the column, however a number is written."""
        return are_same(one, other, self.column(collection, name).type)

    def reader(self, collection: str, name: str) -> Reader:
        """How a value of the column, as the driver gives it, becomes JSON."""
        return reader(self.column(collection, name).type, self.backend)

    def key_reader(self, collection: str, name: str) -> Callable[[object], KeyPart]:
        """How a value of a key's column becomes a part of the key."""
        return key_reader(self.column(collection, name).type, self.backend)

    def _check(self, collection: Collection) -> None:
        """Every column that the map names is there, and what is compared with a day holds days."""
        for name in _columns_named(collection):
            self._demand(collection.name, name)
        for join in collection.every_join:
            for _, parents in join.columns:
                self._demand(join.parent, parents)
        counted_from = collection.on_delete.counted_from if isinstance(collection.on_delete, Keep) else None
        dates = {"received_at": collection.received_at, "came_at": collection.came_at, "counted_from": counted_from}
        for key, dated in dates.items():
            if dated and not is_dated(self.column(collection.name, dated).type):
                raise MapDoesNotFitError(
                    f"{self.source}: {collection.name}.{dated} is no date, so {key!r} can't use it"
                )

        if isinstance(collection.on_delete, Deidentify):
            for column, by in collection.on_delete.columns:
                why_not = _why_not_masked(by, self.column(collection.name, column).type)
                if why_not:
                    raise MapDoesNotFitError(f"{self.source}: {collection.name}.{column} {why_not}")

    def _check_key(self, collection: Collection, engine: sa.Engine) -> None:
        for name in collection.key:
            why_not = why_no_key(engine, self.column(collection.name, name))
            if why_not:
                raise MapDoesNotFitError(
                    f"{self.source}: {collection.name}.{name} {why_not}, so it can't be a key, by which rows are paged,"
                    " chosen and changed; name another, or give the table a column with a number for each row"
                )

    def _demand(self, collection: str, name: str) -> None:
        if name not in self._tables[collection].columns:
            raise MapDoesNotFitError(f"{self.source}: {collection} names the column {name}, which is not in its table")


def _columns(datamap: DataMap, engine: sa.Engine) -> Mapping[Place, Columns]:
    """The columns of each table or view of the map, in one look a schema."""
    names = defaultdict(set)
    for collection in datamap.collections:
        names[collection.schema].add(collection.table)
    inspector = sa.inspect(engine)
    found: dict[Place, Columns] = {}
    for schema, tables in names.items():
        reflected = inspector.get_multi_columns(
            schema, filter_names=sorted(tables), kind=ObjectKind.ANY, scope=ObjectScope.ANY
        )
        for (_, table), columns in reflected.items():
            found[schema, table] = {
                column["name"]: (unwrapped(column["type"]), column["nullable"]) for column in columns
            }
    if engine.dialect.name in ("mysql", "mariadb"):
        _note_collations(engine, found)
    elif engine.dialect.name not in KNOWN:
        _forget_collations(found)
    return found


def _forget_collations(found: Mapping[Place, Columns]) -> None:
    """Of columns, which some dialects write with each value that is bound with their type, where none may stand."""
    for columns in found.values():
        for type_, _ in columns.values():
            if isinstance(type_, sa.String):
                type_.collation = None


def _note_collations(engine: sa.Engine, found: Mapping[Place, Columns]) -> None:
    """Encoding and collation with every text's type: what SQLAlchemy reflects leaves out those of the whole table."""
    with engine.connect() as connection:
        for (schema, table), columns in found.items():
            for name, charset, collation in connection.execute(COLLATIONS, {"schema": schema, "table": table}):
                type_, _ = columns.get(name, (None, None))
                if isinstance(type_, sa.String):
                    vars(type_).update(charset=charset, collation=collation)


def _table(place: Place, columns: Columns) -> sa.Table:
    schema, name = place
    found = (sa.Column(column, type_, nullable=nullable) for column, (type_, nullable) in columns.items())
    return sa.Table(name, sa.MetaData(), *found, schema=schema)


def _why_not_masked(by: Replacement, type_: ColumnType) -> str:
    """Why the column can't hold what the mask makes of its values; empty if it can."""
    if isinstance(by, Year) and not is_dated(type_):
        return "is no date, so nothing but a year can't be left of it; write clear, or {truncate: …}"
    if isinstance(by, KeyedHash | Truncate) and not is_text(type_):
        return "is no text, and can't be hashed or cut; write clear, year for a date, or a constant"
    length = getattr(type_, "length", None)
    if isinstance(by, KeyedHash) and length is not None and length < HASH_LETTERS:
        return (
            f"takes {length} letters, and a keyed hash has {HASH_LETTERS}; widen it, or write {{truncate: …}} or clear"
        )
    return ""


def _columns_named(collection: Collection) -> list[str]:
    names = [*collection.key, *collection.columns, *(root.column for root in collection.roots)]
    names += [own for join in collection.every_join for own, _ in join.columns]
    names += [column for flags in collection.suppress for column, _ in flags.columns]
    names += [name for name in (collection.received_at, collection.came_at, collection.soft_deleted_at) if name]
    match collection.on_delete:
        case Deidentify(columns):
            names += [column for column, _ in columns]
        case Keep(counted_from=str(column)):
            names.append(column)
    return names
