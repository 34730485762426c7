"""The archive: files of a bundle streamed into one ZIP, each hashed on its way; what tells of them comes last."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, BinaryIO

from exports.bundle.manifest import FileEntry

if TYPE_CHECKING:
    from stream_zip import Method

FILE_MODE = 0o100644
A_PIECE = 256 * 1024  # bytes
DIGEST = b"SHA-256 of all bytes before these digits: "  # as `verify.py` knows it
LEVEL = 6  # the library's own 9 takes twice as long for a twentieth of the size


@dataclass(frozen=True)
class Member:
    """One file to be written: its path in the archive, its bytes in pieces, how many records they hold, its schema."""

    path: str
    pieces: Iterable[bytes]
    records: int | None = None
    schema: str | None = None


def laid_out(
    members: Iterable[Member], *, closing: Callable[[list[FileEntry]], Iterable[Member]]
) -> Iterator[tuple[str, bytes]]:
    """The first half: each piece of each member with its path, hashed on its way; an empty one begins each file.

    ``closing`` gets the entries of all members and gives the last files: the manifest.
    """
    written: list[FileEntry] = []

    def everything() -> Iterator[Member]:
        yield from members
        yield from closing(list(written))

    for member in everything():
        digest, size = hashlib.sha256(), 0
        yield member.path, b""
        for piece in _larger(member.pieces):
            digest.update(piece)
            size += len(piece)
            yield member.path, piece
        written.append(FileEntry(member.path, digest.hexdigest(), size, member.records, member.schema))


def zipped(pieces: Iterable[tuple[str, bytes]], *, made_at: datetime) -> Iterator[bytes]:
    """The second half: the bytes of the ZIP of what was laid out, in pieces.

    Equal pieces and ``made_at`` give equal bytes. Memory stays flat: nothing is held but one piece.
    """
    from stream_zip import ZIP_64, stream_zip  # noqa: PLC0415 - brings ciphers along that web processes don't need

    def entries() -> Iterator[tuple[str, datetime, int, Method, Iterable[bytes]]]:
        for path, of_one_file in groupby(pieces, key=itemgetter(0)):
            yield path, made_at, FILE_MODE, ZIP_64, (piece for _path, piece in of_one_file)

    yield from with_digest(stream_zip(entries(), get_compressobj=_compressor))


def with_digest(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A ZIP without a comment, which gets one: the digest of all bytes before its digits.

    The manifest has the hashes of the files; this tells of the bytes around them.
    """
    digest, held = hashlib.sha256(), b""
    for piece in pieces:
        whole = held + piece
        sure, held = whole[:-2], whole[-2:]  # the last two bytes of all say how long the comment is
        digest.update(sure)
        yield sure
    last = (len(DIGEST) + 2 * digest.digest_size).to_bytes(2, "little") + DIGEST
    digest.update(last)
    yield last + digest.hexdigest().encode()


def _larger(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of a quarter of a megabyte: small ones cost two threads more than they gain."""
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= A_PIECE:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def protected(path: str, clear: BinaryIO, *, passphrase: str, made_at: datetime) -> Iterator[bytes]:
    """The bytes of a ZIP that holds one file, encrypted with AES-256 (WinZip's AE-2), in pieces.

    The format derives its key in 1,000 rounds of PBKDF2: all strength has to come from the passphrase.
    """
    from stream_zip import ZIP_64, stream_zip  # noqa: PLC0415

    pieces = iter(lambda: clear.read(A_PIECE), b"")
    yield from stream_zip([(path, made_at, FILE_MODE, ZIP_64, pieces)], get_compressobj=_stored, password=passphrase)


def _stored() -> zlib._Compress:
    """What is compressed already is not compressed again."""
    return zlib.compressobj(wbits=-zlib.MAX_WBITS, level=0)


def _compressor() -> zlib._Compress:
    return zlib.compressobj(wbits=-zlib.MAX_WBITS, level=LEVEL)
