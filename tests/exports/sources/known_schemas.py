"""Schemas in the manner of databases that many know, in a short form: names and kinds alone, enough for a draft.

A line is a table: its columns with `!` behind those of the key, a kind where it is no text, and `> table` where a
foreign key leads; `> table.column` where it leads to another column than the table's key.
"""

from __future__ import annotations

import re
from pathlib import Path

from exports.sources.connector import Survey
from exports.sources.schema import Column, Kind, Place, Pointer, Schema, Table

KINDS = {
    "int": Kind.NUMBER,
    "text": Kind.TEXT,
    "date": Kind.DATE,
    "bool": Kind.TRUTH,
    "bytes": Kind.BINARY,
    "json": Kind.OTHER,
}
COLUMN = re.compile(r"(?P<name>\w+)(?P<key>!?)(?: (?P<kind>\w+))?(?: > (?P<parent>[\w.]+))?")
HOME = "main"

SCHEMAS = (Path(__file__).parent / "known_schemas.txt").read_text(encoding="utf-8")
WAYS = (Path(__file__).parent / "known_ways.txt").read_text(encoding="utf-8")


def sections(text: str) -> dict[str, str]:
    """The parts of a file by their headings."""
    return dict(re.findall(r"^# (\w+)\n(.*?)(?=^$|\Z)", text, re.DOTALL | re.MULTILINE))


ALL = sections(SCHEMAS)


def survey_of(text: str) -> Survey:
    """What would be read of a database that is built like this."""
    lines = dict(line.split(": ", 1) for line in text.strip().splitlines())
    columns = {name: [COLUMN.fullmatch(one) for one in line.split(", ")] for name, line in lines.items()}
    keys: dict[str, tuple[str, ...]] = {}
    tables, pointers = [], []
    for name, found in columns.items():
        assert None not in found, name
        keys[name] = tuple(one["name"] for one in found if one and one["key"])
    for name, found in columns.items():
        place = Place(HOME, name)
        own = tuple(_column(one) for one in found if one)
        tables.append(Table(place, False, own, keys[name], (keys[name],)))
        for one in found:
            if one and one["parent"]:
                parent, _, column = one["parent"].partition(".")
                at = Place(HOME, parent)
                pointers.append(Pointer(place, (one["name"],), at, (column or keys[parent][0],), False))
    return Survey(Schema(HOME, tuple(sorted(tables, key=lambda table: table.place)), tuple(pointers)), {})


def _column(found: re.Match[str]) -> Column:
    kind = found["kind"] or "text"
    return Column(found["name"], kind.upper(), KINDS[kind], nullable=not found["key"])
