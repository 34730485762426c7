"""Where a walk through one collection goes on, for sources that are asked by more than a key: services with cursors."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

from exports.sources.values import Key

DIGEST = 8  # bytes: of a million rows two have the same one in a lookup of forty million


@dataclass(slots=True, repr=False)
class Bookmark:
    """How far the pages of one collection were taken. Put into a walk, it says where to begin, and moves along.

    It stands right behind a page when that is handed out, and behind all that came when the walk ends, the source goes
    down, or a page without rows is handed out. ``place`` is in the source's own words, and may hold whatever a service
    puts there: to be sealed, never logged. ``given`` are digests of the keys that were taken before, under ``secret``.
    """

    secret: bytes = field(default_factory=lambda: os.urandom(16))
    place: str = ""  # nothing: at the beginning
    after: Key | None = None  # the row behind which to go on
    steps: int = 0  # how many answers are behind it, at most: a walk that is begun anew gets further only behind those
    given: bytes = b""

    def digests(self, keys: Iterable[Key]) -> bytes:
        """What is kept of keys, for ``given``."""
        return b"".join(key_digest(key, self.secret) for key in keys)

    def has_any(self, keys: Iterable[Key]) -> bool:
        """Whether one of a few keys was taken before."""
        few = {key_digest(key, self.secret) for key in keys}
        return any(self.given[start : start + DIGEST] in few for start in range(0, len(self.given), DIGEST))


def key_digest(key: Key, secret: bytes) -> bytes:
    """The digest of one key: tells nothing to who lacks the secret."""
    return hashlib.blake2b(repr(key).encode(), digest_size=DIGEST, key=secret).digest()
