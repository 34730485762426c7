"""Values of a source as JSON, and its keys as what can be kept, compared and given back."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import TypeAlias

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"

KeyPart: TypeAlias = str | int | bool
Key: TypeAlias = tuple[KeyPart, ...]  # a row's key, in the order of the map's key columns

PLAIN = frozenset({str, int, bool, type(None)})  # types that are JSON already
KEY_PARTS = frozenset({str, int, bool})
BINARY = frozenset({"$binary", "bytes"})  # the names of what bytes become
BINARY_KEY = "$binary:"
UNDECODED_KEY = "$undecoded:"
FLOAT_KEY = "$float:"


class Undecoded(bytes):
    """What a database holds as text and is none in its encoding: the bytes of it."""


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


def bytes_of(value: object) -> bytes | None:
    """The bytes that a value stands for; None for any other. A JSON of the source's own may look alike."""
    if not isinstance(value, dict) or value.keys() != BINARY:
        return None
    written, length = value["$binary"], value["bytes"]
    try:
        found = base64.b64decode(written, validate=True) if isinstance(written, str) else None
    except ValueError:
        return None
    return found if found is not None and type(length) is int and length == len(found) else None


def key_value(value: object) -> KeyPart:
    """A value of a key as text, number or truth, so that keys can be compared and kept in sets."""
    if isinstance(value, float):  # only SQLite's come so: a text that looks alike is another key there
        return f"{FLOAT_KEY}{value!r}"
    found = json_value(value)
    if isinstance(found, str | int):
        return found
    if isinstance(found, dict) and "$binary" in found:
        return f"{UNDECODED_KEY if isinstance(value, Undecoded) else BINARY_KEY}{found['$binary']}"
    raise ValueError("a key is made of single values that are never NULL")


def key_bytes(part: KeyPart) -> bytes:
    """The bytes of a binary key; ValueError if it is none."""
    return base64.b64decode(_behind(BINARY_KEY, part), validate=True)


def raw_key(part: KeyPart) -> KeyPart | bytes | float:
    """A part of a key as the value that it was made of, where that was text, number or bytes."""
    for begins, made_of in MADE_OF.items():
        try:
            return made_of(_behind(begins, part))
        except ValueError:
            continue
    return part


def _behind(begins: str, part: KeyPart) -> str:
    if not isinstance(part, str) or not part.startswith(begins):
        raise ValueError("not a key of that kind")
    return part.removeprefix(begins)


MADE_OF: Mapping[str, Callable[[str], bytes | float]] = {
    BINARY_KEY: functools.partial(base64.b64decode, validate=True),
    UNDECODED_KEY: lambda text: Undecoded(base64.b64decode(text, validate=True)),
    FLOAT_KEY: float,
}
