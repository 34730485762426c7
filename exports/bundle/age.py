"""Encryption to a receiver's key, in the format age (https://age-encryption.org/v1). The one module that knows how."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import BinaryIO

PREFIX = "age1"


class NoKey(ValueError):
    """The text is no public key of age's X25519 kind."""


def check_key(text: str) -> str:
    """The key as it is kept; raises NoKey."""
    from pyrage import RecipientError, x25519  # noqa: PLC0415 - most processes encrypt nothing

    try:
        return str(x25519.Recipient.from_str(text.strip()))
    except RecipientError:
        raise NoKey(text[: len(PREFIX)]) from None


def fingerprint(key: str) -> str:
    """The first 32 hexadecimal digits of the key's SHA-256, in groups of four: for reading aloud."""
    digits = hashlib.sha256(key.encode()).hexdigest()[:32]
    return " ".join(digits[place : place + 4] for place in range(0, 32, 4))


def encrypt(clear: BinaryIO, write: Callable[[bytes], object], *, to: str) -> None:
    """Encrypt a stream to one key, piece by piece; errors of ``clear`` and ``write`` come through as they are."""
    from pyrage import EncryptError, encrypt_io, x25519  # noqa: PLC0415

    guarded = _Guarded(clear, write)
    try:
        encrypt_io(guarded, guarded, [x25519.Recipient.from_str(to)])
    except EncryptError:
        raise guarded.error or AssertionError("age can't encrypt") from None


class _Guarded:
    """Both ends of the stream as the library calls them; it turns their errors into its own, so they are kept."""

    def __init__(self, clear: BinaryIO, write: Callable[[bytes], object]) -> None:
        self.error: Exception | None = None
        self._clear = clear
        self._write = write

    def read(self, size: int) -> bytes:
        try:
            return self._clear.read(size)
        except Exception as error:
            self.error = error
            raise

    def write(self, data: bytes) -> int:
        try:
            self._write(data)
        except Exception as error:
            self.error = error
            raise
        return len(data)

    def flush(self) -> None:
        """Whoever takes it decides when the disk has it."""
