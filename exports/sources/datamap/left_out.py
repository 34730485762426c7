"""What a map leaves out of its database, table by table and column by column, each with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from exports.sources.datamap.model import Collection
from exports.sources.datamap.section import Section, text_of

KEY = "left_out"
WHOLE_SCHEMA = "*"


def left_out_of(top: Section, collections: Iterable[Collection]) -> Mapping[str, str]:
    """Reasons by name: `table`, `table.column`, or `schema.*`; tables outside the default schema are `schema.table`."""
    described = _described(collections)
    found: dict[str, str] = {}
    for name, node in top.entries(KEY):
        found[name] = text_of(node, f"the reason of {name!r} in {KEY!r}", top.faults)
        if name in described:
            where = described[name]
            top.faults.note(node, f"{name!r} is described by {where}, and can't be left out as well; take one away.")
    for name, node in top.entries(KEY) if found else ():
        table = _table_of(name, found)
        if table:
            top.faults.note(node, f"{name!r}: all of {table!r} is left out already; take one of the two away.")
    return MappingProxyType(found)


def _described(collections: Iterable[Collection]) -> Mapping[str, str]:
    """Tables and columns that collections describe, with the sentence's word for it."""
    found = {}
    for collection in collections:
        table = name_of(collection)
        found[table] = f"collection {collection.name!r}"
        found |= {f"{table}.{column}": f"a field of {collection.name!r}" for column in collection.columns}
        if collection.schema:
            found[f"{collection.schema}.{WHOLE_SCHEMA}"] = f"collection {collection.name!r}, in part"
    return found


def name_of(collection: Collection) -> str:
    """Its table, with the schema where the map says one."""
    return f"{collection.schema}.{collection.table}" if collection.schema else collection.table


def _table_of(name: str, left_out: Mapping[str, str]) -> str:
    """The table or schema of which it is a part and that is left out as a whole; empty if there is none."""
    parts = name.split(".")
    wholes = [".".join(parts[:end]) for end in range(1, len(parts))]
    wholes += [f"{parts[0]}.{WHOLE_SCHEMA}"] if len(parts) > 1 and parts[1] != WHOLE_SCHEMA else []
    return next((whole for whole in wholes if whole in left_out), "")
