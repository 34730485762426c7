"""Values of a source as JSON, and its keys as what can be kept, compared and given back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import TypeAlias

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"

KeyPart: TypeAlias = str | int | bool
Key: TypeAlias = tuple[KeyPart, ...]  # a row's key, in the order of the map's key columns

PLAIN = frozenset({str, int, bool, type(None)})  # types that are JSON already
KEY_PARTS = frozenset({str, int, bool})
BINARY_KEY = "$binary:"


def json_value(value: object) -> Json:
    """A value as a source's driver gives it, as JSON that loses nothing.

    Decimals and floats become texts, dates and times ISO 8601, bytes ``{"$binary": base64, "bytes": length}``;
    lists and mappings go by their entries; whatever else there is becomes its text.
    """
    if isinstance(value, str | bool | int | None):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        return {"$binary": base64.b64encode(data).decode(), "bytes": len(data)}
    if isinstance(value, Mapping):
        return {str(name): json_value(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(entry) for entry in value]
    return str(value)


def key_value(value: object) -> KeyPart:
    """A value of a key as text, number or truth, so that keys can be compared and kept in sets."""
    found = json_value(value)
    if isinstance(found, str | int):
        return found
    if isinstance(found, dict) and "$binary" in found:
        return f"{BINARY_KEY}{found['$binary']}"
    raise ValueError("a key is made of single values that are never NULL")


def key_bytes(part: KeyPart) -> bytes:
    """The bytes of a binary key; ValueError if it is none."""
    if not isinstance(part, str) or not part.startswith(BINARY_KEY):
        raise ValueError("not a binary key")
    return base64.b64decode(part.removeprefix(BINARY_KEY), validate=True)
