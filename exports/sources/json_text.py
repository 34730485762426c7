"""JSON as others write it, read strictly and without loss; no error quotes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Never, cast

from exports.sources.values import Json

ESCAPE = "\\u"
DEEPEST = 100  # lists and objects in each other; who reads a record can't follow much further


class JsonError(ValueError):
    """It is not what JSON (RFC 8259) lets be read in one way only; the text says how."""


def json_object(text: str) -> dict[str, Json]:
    """An object. Numbers with a point stay as they are written, as texts; a name that stands twice is an error."""
    found = _decoded(text)
    if not isinstance(found, dict):
        raise JsonError("is JSON, and no object")
    return found


def json_or_text(text: str) -> Json:
    """An object or a list, read as `json_object` does; any other JSON, and what can't be read so, as it is written.

    So null, which is something, stays apart from nothing, and a database that keeps more than JSON can say is no error.
    """
    if text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        found = _decoded(text)
    except JsonError:
        return text
    return found if _is_shallow(found) else text


def _decoded(text: str) -> Json:
    try:
        found = _DECODER.decode(text)
        if ESCAPE in text:  # what was decoded from bytes holds half a sign only if it is written as an escape
            json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise JsonError("holds half a sign of Unicode (a lone surrogate)") from None
    except JsonError:
        raise
    except (ValueError, RecursionError):
        raise JsonError("is no JSON") from None
    return cast("Json", found)


def _is_shallow(found: Json) -> bool:
    level: list[Json] = [found]
    for _ in range(DEEPEST):
        level = [inner for value in level if isinstance(value, list | dict) for inner in _entries(value)]
        if not level:
            return True
    return False


def _entries(value: list[Json] | dict[str, Json]) -> Iterable[Json]:
    return value.values() if isinstance(value, dict) else value


def _named_once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise JsonError("holds an object that has a name twice")
    return found


def _no_number(_name: str) -> Never:
    raise JsonError("holds NaN or Infinity, which are no numbers of JSON")


def _whole(digits: str) -> int | str:
    return "-0" if digits == "-0" else int(digits)


_DECODER = json.JSONDecoder(object_pairs_hook=_named_once, parse_float=str, parse_int=_whole, parse_constant=_no_number)
