"""What the process that draws says to the one that asked: frames of a fixed form, pixels as they are. Pure.

A page is its width and height and three bytes a pixel, so that whoever reads it parses nothing that a document could
have shaped: no picture format, no text. Each frame is a letter, two numbers and a length (``HEADER``), then its bytes;
the last one says how many pages and attachments there were.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAGIC = b"dsar-pages/1\n"
HEADER = struct.Struct(">cIIQ")
PAGE, ATTACHMENT, FAULT, END = b"P", b"A", b"F", b"E"


@dataclass(frozen=True, repr=False)
class Drawn:
    """One page: rows of red, green and blue, from the top left corner."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, repr=False)
class Attached:
    """A file that came with a mail and is a document of its own."""

    content: bytes


def frame(kind: bytes, first: int, second: int, content: bytes = b"") -> bytes:
    """One frame."""
    return HEADER.pack(kind, first, second, len(content)) + content
