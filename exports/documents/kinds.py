"""Which documents are taken, how large they may be, and what may be wrong with one. Pure."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum

MOST_PAGES = 200
MOST_READ = 50_000_000  # pixels of a picture that is read: beyond, a small file eats the memory
MOST_DRAWN = 6_000_000  # pixels of a page as it is drawn; larger ones are drawn smaller
DPI = 150  # of pages whose size is in inches: A4 is 1240 by 1754
MOST_ATTACHMENTS = 50  # of one mail

_HEADER = re.compile(rb"([A-Za-z][A-Za-z0-9-]*):[ \t]*")
_OF_MAILS = {b"from", b"to", b"date", b"subject", b"received", b"message-id", b"mime-version"}
_HEAD = 64 * 1024  # bytes in which the headers of a mail have to begin


class Kind(StrEnum):
    """A type of document, told by what it holds and never by its name."""

    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"
    TIFF = "tiff"
    GIF = "gif"
    WEBP = "webp"
    MAIL = "mail"


BEGINNINGS = {
    Kind.PDF: re.compile(rb"%PDF-"),
    Kind.PNG: re.compile(rb"\x89PNG\r\n\x1a\n"),
    Kind.JPEG: re.compile(rb"\xff\xd8\xff"),
    Kind.TIFF: re.compile(rb"II\*\0|MM\0\*"),
    Kind.GIF: re.compile(rb"GIF8[79]a"),
    Kind.WEBP: re.compile(rb"RIFF....WEBP", re.DOTALL),
}


class Fault(IntEnum):
    """What is wrong with a document; numbers, since they cross from one process to another."""

    BROKEN = 1
    ENCRYPTED = 2
    TOO_MANY_PAGES = 3
    TOO_MANY_PIXELS = 4
    TOO_MANY_ATTACHMENTS = 5
    TOO_MUCH_WORK = 6  # it took more time or memory than any document may


class Faulty(Exception):
    """A document that can't be shown."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.name.lower())


def kind_of(content: bytes) -> Kind | None:
    """The type of a document by its first bytes; None for whatever is not taken."""
    for kind, begins in BEGINNINGS.items():
        if begins.match(content):
            return kind
    return Kind.MAIL if _is_mail(content[:_HEAD]) else None


def is_office_or_archive(content: bytes) -> bool:
    """Whether it is a ZIP, as today's Office files are, or what those of old were (MS-CFB, section 2.2)."""
    return content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))


def _is_mail(head: bytes) -> bool:
    """Whether it begins with headers, and two of them are those of a mail (RFC 5322, section 3.6)."""
    names: set[bytes] = set()
    for line in head.splitlines():
        if not line:
            break
        if line[:1] in (b" ", b"\t") and names:  # a header that goes on
            continue
        found = _HEADER.match(line)
        if found is None:
            return False
        names.add(found.group(1).lower())
    return b"\0" not in head and len(names & _OF_MAILS) >= 2
