"""How a company's database is built: tables, columns, foreign keys, indexes. Values only; no database is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class Place(NamedTuple):
    """A table, with the schema in which it really is."""

    schema: str
    table: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """A foreign key: rows of `child` hang on rows of `parent`."""

    child: Place
    columns: tuple[str, ...]
    parent: Place
    parent_columns: tuple[str, ...]
    goes_along: bool  # the database itself deletes or empties the child's rows

    @property
    def is_own(self) -> bool:
        """Whether rows of a table hang on others of the same table."""
        return self.child == self.parent


class Kind(StrEnum):
    """What a column can hold, as far as a guess needs to know."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"  # days and moments
    TRUTH = "truth"
    BINARY = "binary"
    NETWORK = "network"  # internet addresses
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `type` is written as the database writes it."""

    name: str
    type: str
    kind: Kind
    nullable: bool
    names_no_zone: bool = False  # it holds moments by a clock, and does not say by which


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view. `key` is empty where nothing is declared to make a row unique."""

    place: Place
    is_view: bool
    columns: tuple[Column, ...]
    key: tuple[str, ...]  # the primary key, or else unique columns that are never NULL
    indexes: tuple[tuple[str, ...], ...]  # the plain columns with which an index begins; those of keys as well

    def has_index(self, columns: tuple[str, ...]) -> bool:
        """Whether an index begins with one of the columns: each row found by it is one to look at, not all."""
        return any(index[:1] and index[0] in columns for index in self.indexes)


@dataclass(frozen=True)
class Schema:
    """All that can be seen of a database; `default` is the schema that a name without one means."""

    default: str
    tables: tuple[Table, ...]
    pointers: tuple[Pointer, ...]
    not_read: tuple[str, ...] = ()  # schemas beside those that were asked for

    @cached_property
    def by_place(self) -> Mapping[Place, Table]:
        """Tables by where they are."""
        return {table.place: table for table in self.tables}

    def name(self, place: Place) -> str:
        """The table's name, with its schema if that has to be said."""
        return place.table if place.schema == self.default else f"{place.schema}.{place.table}"

    def place(self, schema: str | None, table: str) -> Place:
        """Where a table is that a map names."""
        return Place(schema or self.default, table)
