"""JSON Schemas (draft 2020-12) of a bundle: of manifest, disclosure, and the records of each collection. Pure."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

from exports.sources.datamap import Collection

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FIXED = Path(__file__).with_name("schemas")  # of the files whose form is the same in every bundle

# What a value of a source becomes (exports.sources.values): a data map names columns, and no types.
BINARY = {
    "type": "object",
    "properties": {
        "$binary": {"type": "string", "contentEncoding": "base64"},
        "bytes": {"type": "integer", "minimum": 0},
    },
    "required": ["$binary", "bytes"],
    "additionalProperties": False,
}
FILE = {
    "type": "object",
    "properties": {
        "$file": {"type": "string", "description": "The path of the file, from the folder of the bundle."},
        "bytes": {"type": "integer", "minimum": 0},
    },
    "required": ["$file", "bytes"],
    "additionalProperties": False,
}
SINGLE = {"anyOf": [{"type": ["string", "integer", "boolean"]}, {"$ref": "#/$defs/binary"}]}
VALUE = {
    "anyOf": [
        {"$ref": "#/$defs/single"},
        {"$ref": "#/$defs/file"},
        {"type": "null"},
        {"type": "array", "items": {"$ref": "#/$defs/value"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}},
    ]
}


def fixed(name: str) -> bytes:
    """The schema of manifest, signature (`manifest.sig`) or disclosure."""
    return (FIXED / f"{name}.schema.json").read_bytes()


def of_records(collection: Collection, columns: Sequence[str], *, withheld: Set[str], language: str) -> dict[str, Any]:
    """The schema of one record, a line of the collection's JSON lines: these columns and no other.

    Keys are never NULL. A column of ``withheld`` stays back in some records, and is not required.
    """
    return {
        "$schema": DRAFT,
        "title": collection.title.in_language(language),
        "type": "object",
        "properties": {
            column: {
                "title": collection.field(column).title.in_language(language),
                "$ref": "#/$defs/single" if column in collection.key else "#/$defs/value",
            }
            for column in columns
        },
        "required": [column for column in columns if column not in withheld],
        "additionalProperties": False,
        "$defs": {"binary": BINARY, "file": FILE, "single": SINGLE, "value": VALUE},
    }
