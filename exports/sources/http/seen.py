"""Which rows of a lookup have come already: less than forty bytes a row, also while it grows: 25 MB for a million."""

from __future__ import annotations

import os
from array import array

from exports.sources.bookmark import DIGEST, key_digest
from exports.sources.values import Key

SLOTS = 1024  # at first; a power of two


class KeysSeen:
    """A set of keys that holds digests in one array: open addressing, two thirds full at most.

    The digests are salted, so that keys that collide in one lookup don't in another.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._slots = _empty(SLOTS)
        self._keys = 0
        self._secret = secret or os.urandom(16)

    def add(self, key: Key) -> bool:
        """Note a key; whether it is new."""
        return self._add(key_digest(key, self._secret))

    def add_all(self, digests: bytes) -> None:
        """Note keys by their digests, made with the same secret."""
        for start in range(0, len(digests), DIGEST):
            self._add(digests[start : start + DIGEST])

    def _add(self, digest: bytes) -> bool:
        if self._keys * 3 > len(self._slots) * 2:
            self._grow()
        is_new = self._put(int.from_bytes(digest) or 1)  # 0 is a slot that nothing is in
        self._keys += is_new
        return is_new

    def _put(self, digest: int) -> bool:
        slots = self._slots
        last = len(slots) - 1
        place = digest & last
        while slots[place]:
            if slots[place] == digest:
                return False
            place = (place + 1) & last
        slots[place] = digest
        return True

    def _grow(self) -> None:
        old, self._slots = self._slots, _empty(2 * len(self._slots))
        for digest in filter(None, old):
            self._put(digest)


def _empty(slots: int) -> array[int]:
    return array("Q", bytes(8)) * slots
