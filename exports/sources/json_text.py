"""JSON as others write it, read strictly and without loss; no error quotes it."""

from __future__ import annotations

import json
from typing import Never

from exports.sources.values import Json

ESCAPE = "\\u"


class JsonError(ValueError):
    """It is not what JSON (RFC 8259) lets be read in one way only; the text says how."""


def json_object(text: str) -> dict[str, Json]:
    """An object. Numbers with a point stay as they are written, as texts; a name that stands twice is an error."""
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
    if not isinstance(found, dict):
        raise JsonError("is JSON, and no object")
    return found


def _named_once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise JsonError("holds an object that has a name twice")
    return found


def _no_number(_name: str) -> Never:
    raise JsonError("holds NaN or Infinity, which are no numbers of JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_named_once, parse_float=str, parse_constant=_no_number)
