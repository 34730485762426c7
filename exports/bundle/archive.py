"""The archive: files of a bundle streamed into one ZIP, each hashed on its way; the manifest comes last."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from stream_zip import ZIP_64, Method, stream_zip

from exports.bundle.manifest import FileEntry

FILE_MODE = 0o100644


@dataclass(frozen=True)
class Member:
    """One file to be written: its path in the archive, its bytes in pieces, and how many records they hold."""

    path: str
    pieces: Iterable[bytes]
    records: int | None = None


def archive(
    members: Iterable[Member], *, made_at: datetime, manifest: Callable[[list[FileEntry]], bytes]
) -> Iterator[bytes]:
    """The ZIP's bytes in pieces. ``manifest`` gets the entries of all files before it and gives ``manifest.json``.

    Equal members and ``made_at`` give equal bytes. Memory stays flat: nothing is held but one piece.
    """
    written: list[FileEntry] = []

    def hashed(member: Member) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        for piece in member.pieces:
            digest.update(piece)
            size += len(piece)
            yield piece
        written.append(FileEntry(member.path, digest.hexdigest(), size, member.records))

    def manifest_pieces() -> Iterator[bytes]:
        yield manifest(written)

    def entries() -> Iterator[tuple[str, datetime, int, Method, Iterable[bytes]]]:
        for member in members:
            yield member.path, made_at, FILE_MODE, ZIP_64, hashed(member)
        yield "manifest.json", made_at, FILE_MODE, ZIP_64, manifest_pieces()

    yield from stream_zip(entries())
