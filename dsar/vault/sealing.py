"""Seal small values: what was sealed under a key and a context opens under these two only."""

from __future__ import annotations

from uuid import UUID

from dsar.vault import keys


def seal(key_id: UUID, plaintext: bytes, *, context: str) -> bytes:
    """The sealed bytes; raises KeyDestroyed, KeyUnknown."""
    return keys.cipher(key_id).seal(plaintext, context)


def open_sealed(key_id: UUID, sealed: bytes, *, context: str) -> bytes:
    """The plaintext; raises SealBroken, KeyDestroyed, KeyUnknown."""
    return keys.cipher(key_id).open(sealed, context)
