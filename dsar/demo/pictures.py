"""Small pictures for accounts: blocks of colour, mirrored, as PNG."""

from __future__ import annotations

import struct
import zlib
from random import Random

BLOCKS = 5
PIXELS = 8  # of a block


def png(chance: Random) -> bytes:
    """A picture of 40 by 40 pixels."""
    ink, paper = bytes(chance.randrange(40, 160) for _ in range(3)), b"\xf2\xf2\xee"
    lines = []
    for _ in range(BLOCKS):
        half = [ink if chance.random() < 0.5 else paper for _ in range(BLOCKS // 2 + 1)]
        line = b"\0" + b"".join(colour * PIXELS for colour in half + half[-2::-1])
        lines.append(line * PIXELS)
    side = BLOCKS * PIXELS
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"".join(lines), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
