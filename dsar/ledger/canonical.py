"""The exact text that is hashed: canonical JSON (RFC 8785), without floats."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

import rfc8785

Fact: TypeAlias = "str | int | bool | Sequence[Fact] | Mapping[str, Fact] | None"
Plain: TypeAlias = "str | int | bool | list[Plain] | dict[str, Plain] | None"

# RFC 8785 writes numbers as IEEE 754 doubles; a larger one would not be the same for every reader.
LARGEST_NUMBER = 2**53 - 1


class LedgerError(Exception):
    """The ledger can't take this; the message names the place, never the value."""


def plain(value: object, name: str) -> Plain:
    """The value as plain JSON; LedgerError, naming the place, for all that two readers could read differently."""
    match value:
        case None | bool():
            return value
        case int():
            if abs(value) > LARGEST_NUMBER:
                raise LedgerError(f"{name} is a number beyond 2^53 - 1: write it as text.")
            return value
        case str():
            if not _is_unicode(value):
                raise LedgerError(f"{name} is text with a lone surrogate: it has no UTF-8 form.")
            return value
        case list() | tuple():
            return [plain(item, f"{name}[{place}]") for place, item in enumerate(value)]
        case Mapping():
            return {_key(key, name): plain(item, f"{name}.{key}") for key, item in value.items()}
        case _:
            raise LedgerError(
                f"{name} is of type {type(value).__name__}: facts are text, whole numbers, yes or no, "
                "nothing, and lists and mappings of these."
            )


def canonical_text(content: dict[str, Plain]) -> str:
    """The one way to write this content down. RFC 8785."""
    return rfc8785.dumps(content).decode()


def digest(text: str) -> str:
    """SHA-256 of the text's UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def moment(at: datetime) -> str:
    """A moment as it stands in hashed texts: UTC, with microseconds, like ``2026-11-23T09:30:00.000000Z``."""
    if at.utcoffset() is None:
        raise LedgerError("A moment without a time zone is no moment: pass an aware datetime.")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _key(key: object, name: str) -> str:
    if not isinstance(key, str) or not _is_unicode(key):
        raise LedgerError(f"{name} has a key that is no text: keys of facts are names.")
    return key


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
