"""The archive: files of a bundle streamed into one ZIP, each hashed on its way; what tells of them comes last."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from exports.bundle.manifest import FileEntry

if TYPE_CHECKING:
    from stream_zip import Method

FILE_MODE = 0o100644
LEVEL = 6  # the library's own 9 takes twice as long for a twentieth of the size


@dataclass(frozen=True)
class Member:
    """One file to be written: its path in the archive, its bytes in pieces, how many records they hold, its schema."""

    path: str
    pieces: Iterable[bytes]
    records: int | None = None
    schema: str | None = None


def archive(
    members: Iterable[Member], *, made_at: datetime, closing: Callable[[list[FileEntry]], Iterable[Member]]
) -> Iterator[bytes]:
    """The ZIP's bytes in pieces. ``closing`` gets the entries of all members and gives the last files: the manifest.

    Equal members and ``made_at`` give equal bytes. Memory stays flat: nothing is held but one piece.
    """
    from stream_zip import ZIP_64, stream_zip  # noqa: PLC0415 - brings ciphers along that web processes don't need

    written: list[FileEntry] = []

    def hashed(member: Member) -> Iterator[bytes]:
        digest, size = hashlib.sha256(), 0
        for piece in member.pieces:
            digest.update(piece)
            size += len(piece)
            yield piece
        written.append(FileEntry(member.path, digest.hexdigest(), size, member.records, member.schema))

    def everything() -> Iterator[Member]:
        yield from members
        yield from closing(list(written))

    def entries() -> Iterator[tuple[str, datetime, int, Method, Iterable[bytes]]]:
        for member in everything():
            yield member.path, made_at, FILE_MODE, ZIP_64, hashed(member)

    yield from stream_zip(entries(), get_compressobj=_compressor)


def _compressor() -> zlib._Compress:
    return zlib.compressobj(wbits=-zlib.MAX_WBITS, level=LEVEL)
