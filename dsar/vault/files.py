"""Sealed files of any size, and the proof that a file is the one that was written."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self, cast
from uuid import UUID

from dsar.vault import keys
from dsar.vault.disk import sync_folder
from dsar.vault.errors import FileDamaged, VaultError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class SealedFile:
    """What a row keeps of a sealed file: where it lies, and size and SHA-256 (hex) of its sealed bytes."""

    path: Path
    size: int
    sha256: str


class SealedWriter:
    """Write a sealed file as a stream; it appears at `path` when `finish` says that it is whole, or never.

    Until then it has a temporary name in the same folder, which goes when the block is left, the writer is forgotten or
    the program ends; after a kill the temporary name alone remains (`remove_unfinished`). An existing file is never
    replaced, so that a worker that lost its turn can't spoil its successor's file: give each attempt a name of its own.
    The file system must know hard links.

        with SealedWriter(path, key_id, context=f"part:{part.pk}") as writer:
            writer.write(b"...")
            sealed = writer.finish()
    """

    def __init__(self, path: Path, key_id: UUID, *, context: str) -> None:
        cipher = keys.cipher(key_id)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=UNFINISHED, dir=path.parent)
        self.path = path
        self._sink = _Sink(os.fdopen(handle, "wb"))
        self._temporary = Path(name)
        self._drop = weakref.finalize(self, _drop, self._sink, self._temporary)
        self._stream = cipher.encrypting(cast(BinaryIO, self._sink), context)

    def write(self, data: bytes) -> int:
        """Take plaintext; raises OSError if the disk refuses it, ValueError after the end."""
        self._check_open()
        with self._sink.own_errors():
            return self._stream.write(data)

    def finish(self) -> SealedFile:
        """Write the end, wait until the disk has it, and give the file its name; raises FileExistsError, OSError."""
        self._check_open()
        with self._sink.own_errors():
            self._stream.close()
        self._sink.settle()
        os.link(self._temporary, self.path)
        self._drop()
        sync_folder(self.path.parent)
        return SealedFile(self.path, self._sink.size, self._sink.sha256.hexdigest())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._drop()

    def _check_open(self) -> None:
        if not self._drop.alive:
            raise ValueError("The sealed file is finished or was given up.")


@contextmanager
def open_file(sealed: SealedFile, key_id: UUID, *, context: str) -> Iterator[BinaryIO]:
    """The plaintext as a stream, read forwards only.

    Size and SHA-256 are checked over the whole file before the first byte is released, on the same open file that is
    then read. Raises FileDamaged, SealBroken, KeyDestroyed, KeyUnknown.
    """
    cipher = keys.cipher(key_id)
    with _checked(sealed) as source, cipher.decrypting(source, context) as plaintext:
        yield plaintext


def remove_unfinished(folder: Path, *, before: datetime) -> int:
    """Remove what killed writers left in a folder and below, last written before a moment; returns how many."""
    removed = 0
    for path in folder.rglob(f".*{UNFINISHED}"):
        with suppress(FileNotFoundError):  # its writer is alive and has just finished
            if path.stat().st_mtime < before.timestamp():
                path.unlink()
                removed += 1
    return removed


class _Sink(io.RawIOBase):
    """Where the sealed bytes go: counted and hashed on their way to the disk; swallowed once the file is dropped.

    The library ends a forgotten stream by itself and would make a valid file of half the content.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.size = 0
        self.sha256 = hashlib.sha256()
        self._file = file
        self._error: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        if not self._file.closed:
            try:
                self._file.write(data)
            except OSError as error:
                self._error = error
                raise
            self.sha256.update(data)
            self.size += len(memoryview(data))
        return len(memoryview(data))

    def settle(self) -> None:
        """Wait until the disk has it all."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def drop(self) -> None:
        with suppress(OSError):  # a full disk: what it did not take is not wanted any more
            self._file.close()

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Let the disk's own error through, which the library turns into one of its own."""
        try:
            yield
        except VaultError as error:
            raise self._error or error from None


def _drop(sink: _Sink, temporary: Path) -> None:
    sink.drop()
    temporary.unlink(missing_ok=True)


@contextmanager
def _checked(sealed: SealedFile) -> Iterator[BinaryIO]:
    try:
        source = sealed.path.open("rb")
    except FileNotFoundError:
        raise FileDamaged(f"The sealed file {sealed.path.name} is missing.") from None
    with source:
        sha256 = hashlib.file_digest(source, "sha256").hexdigest()
        if (source.tell(), sha256) != (sealed.size, sealed.sha256):
            raise FileDamaged(f"The sealed file {sealed.path.name} is not the one that was written.")
        source.seek(0)
        yield source
