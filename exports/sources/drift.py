"""What has changed in a source's schema since its map was accepted: values in, sentences out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from exports.sources.datamap import WHOLE_SCHEMA, DataMap
from exports.sources.schema import Pointer, Schema

NEW = "new: describe it in the map, or say under left_out why it stays out, and load the map again"
NEW_POINTER = "new: look whether it is another way to rows of a person, and load the map again"
GONE = "gone: take it out of the map if it is there, and load the map again"
CHANGED = "look whether the map still says what it holds, and load the map again"


@dataclass(frozen=True)
class SchemaNote:
    """A schema as it was when a map was accepted: types by table and column, and foreign keys as sentences."""

    tables: Mapping[str, Mapping[str, str]]
    pointers: frozenset[str]

    @classmethod
    def of(cls, schema: Schema, data_map: DataMap) -> SchemaNote:
        """All that can be seen, but for schemas that the map leaves out; of those what hangs on a table elsewhere.

        The default schema goes without a name in a map, and so is left out by no name.
        """
        left_out = {place.schema for place in schema.by_place if f"{place.schema}.{WHOLE_SCHEMA}" in data_map.left_out}
        homes = {place.schema for place in schema.by_place} - left_out | {schema.default}
        pointers = [key for key in schema.pointers if {key.child.schema, key.parent.schema} & homes]
        hanging = {key.child for key in pointers}
        kept = [table for table in schema.tables if table.place.schema in homes or table.place in hanging]
        tables = {schema.name(table.place): {c.name: c.type for c in table.columns} for table in kept}
        return cls(tables, frozenset(_sentence(schema, pointer) for pointer in pointers))

    @classmethod
    def from_json(cls, kept: Any) -> SchemaNote:
        """The note that `as_json` wrote."""
        return cls(kept["tables"], frozenset(kept["pointers"]))

    def as_json(self) -> dict[str, Any]:
        """The note as JSON knows it."""
        return {"tables": self.tables, "pointers": sorted(self.pointers)}


def drift(before: SchemaNote, now: SchemaNote) -> list[str]:
    """Tables, columns and foreign keys that are new or gone, and types that have changed."""
    return list(_drift(before, now))


def _drift(before: SchemaNote, now: SchemaNote) -> Iterator[str]:
    for name in sorted(before.tables.keys() | now.tables.keys()):
        if name not in before.tables:
            yield f"the table {name} is {NEW}."
        elif name not in now.tables:
            yield f"the table {name} is {GONE}."
        else:
            yield from _columns(name, before.tables[name], now.tables[name])
    for pointer in sorted(now.pointers - before.pointers):
        yield f"the foreign key {pointer} is {NEW_POINTER}."
    for pointer in sorted(before.pointers - now.pointers):
        yield f"the foreign key {pointer} is {GONE}."


def _columns(table: str, before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        if name not in before:
            yield f"the column {table}.{name} ({now[name]}) is {NEW}."
        elif name not in now:
            yield f"the column {table}.{name} is {GONE}."
        elif before[name] != now[name]:
            yield f"the column {table}.{name} was {before[name]} and is {now[name]}: {CHANGED}."


def _sentence(schema: Schema, pointer: Pointer) -> str:
    child = f"{schema.name(pointer.child)} ({', '.join(pointer.columns)})"
    return f"{child} to {schema.name(pointer.parent)} ({', '.join(pointer.parent_columns)})"
