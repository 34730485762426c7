"""Whether a map says something of every table and column of its database: described, or left out with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exports.sources.datamap import WHOLE_SCHEMA, DataMap
from exports.sources.drift import SchemaNote

DECIDE_TABLE = "describe it in a collection, or say under left_out why it stays out"
DECIDE_COLUMNS = "describe each as a field, or say under left_out why it stays out"


def undecided(note: SchemaNote, data_map: DataMap) -> list[str]:
    """Sentences, one a table of which the map is silent, in whole or in part. Without one the map is complete."""
    return list(_undecided(note, data_map))


def _undecided(note: SchemaNote, data_map: DataMap) -> Iterator[str]:
    described = _described(note, data_map)
    for table, columns in sorted(note.tables.items()):
        if _is_left_out(table, data_map):
            continue
        if table not in described:
            yield f"nothing is decided about the table {table}: {DECIDE_TABLE}."
            continue
        missing = (f"{table}.{column}" for column in sorted(columns.keys() - described[table]))
        silent = [name for name in missing if name not in data_map.left_out]
        if silent:
            yield f"nothing is decided about {', '.join(silent)}: {DECIDE_COLUMNS}."


def _described(note: SchemaNote, data_map: DataMap) -> Mapping[str, frozenset[str]]:
    """Columns that are fields, by table; a table may be described by several collections."""
    found: dict[str, frozenset[str]] = {}
    for collection in data_map.collections:
        full = f"{collection.schema}.{collection.table}"
        table = full if full in note.tables else collection.table  # which may name the default schema
        found[table] = found.get(table, frozenset()) | frozenset(collection.columns)
    return found


def _is_left_out(table: str, data_map: DataMap) -> bool:
    schema, dot, _ = table.partition(".")
    return table in data_map.left_out or bool(dot and f"{schema}.{WHOLE_SCHEMA}" in data_map.left_out)
