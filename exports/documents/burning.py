"""Blacking areas out for good, and putting pages together as a PDF that holds nothing but their pictures. Pure.

The pixels of an area are overwritten before the page is compressed, so that no bit of what comes out depends on what
was there. The PDF is written here and not by a library, since then nothing is in it that is not written below: no
metadata, no identifier, no date; equal pages give equal bytes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from PIL import Image, ImageDraw

from exports.documents.frames import Drawn
from exports.documents.kinds import DPI

THOUSANDTHS = 1000
POINTS = 72  # an inch
QUALITY = 85
BLACK = (0, 0, 0)


class Area(NamedTuple):
    """A rectangle in thousandths of its page's width and height."""

    left: int
    top: int
    right: int
    bottom: int


class Burnt(NamedTuple):
    """One page as it is released: its size in pixels, and the bytes of a JPEG."""

    width: int
    height: int
    jpeg: bytes


def as_png(page: Drawn) -> bytes:
    """A page that was drawn, without loss."""
    written = io.BytesIO()
    Image.frombytes("RGB", (page.width, page.height), page.pixels).save(written, "PNG", compress_level=3)
    return written.getvalue()


def burnt(png: bytes, areas: Iterable[Area]) -> Burnt:
    """A page of ours with the areas black, whatever a pixel at their edge belongs to."""
    page = Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGB")
    pen = ImageDraw.Draw(page)
    for area in areas:
        pen.rectangle(_pixels(area, page.width, page.height), fill=BLACK)
    written = io.BytesIO()
    Image.frombytes("RGB", page.size, page.tobytes()).save(written, "JPEG", quality=QUALITY)
    return Burnt(page.width, page.height, written.getvalue())


def _pixels(area: Area, width: int, height: int) -> tuple[int, int, int, int]:
    """The first and last columns and rows of an area, rounded outwards."""
    left, right = area.left * width // THOUSANDTHS, math.ceil(area.right * width / THOUSANDTHS)
    top, bottom = area.top * height // THOUSANDTHS, math.ceil(area.bottom * height / THOUSANDTHS)
    return left, top, right - 1, bottom - 1


def pdf(pages: Iterable[Burnt]) -> Iterator[bytes]:
    """The bytes of a PDF of these pages, piece by piece (ISO 32000-1, 7.5); objects 1 and 2 come last."""
    offsets: dict[int, int] = {}
    place, kids = 0, []

    def written(piece: bytes) -> bytes:
        nonlocal place
        place += len(piece)
        return piece

    def of_object(number: int, content: bytes) -> bytes:
        offsets[number] = place
        return written(b"%d 0 obj\n%b\nendobj\n" % (number, content))

    yield written(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    for count, page in enumerate(pages):
        first = 3 + 3 * count
        kids.append(first)
        width, height = page.width * POINTS / DPI, page.height * POINTS / DPI
        yield of_object(first, _page(first, width, height))
        yield of_object(first + 1, _stream(b"", b"q %.2f 0 0 %.2f 0 0 cm /I Do Q" % (width, height)))
        yield of_object(first + 2, _stream(_picture(page), page.jpeg))
    yield of_object(1, b"<< /Type /Catalog /Pages 2 0 R >>")
    names = b" ".join(b"%d 0 R" % kid for kid in kids)
    yield of_object(2, b"<< /Type /Pages /Kids [%b] /Count %d >>" % (names, len(kids)))
    begins, size = place, len(offsets) + 1
    table = b"".join(b"%010d 00000 n \n" % offsets[number] for number in sorted(offsets))
    yield b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table)
    yield b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, begins)


def _page(first: int, width: float, height: float) -> bytes:
    resources = b"<< /XObject << /I %d 0 R >> >>" % (first + 2)
    return b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Resources %b /Contents %d 0 R >>" % (
        width,
        height,
        resources,
        first + 1,
    )


def _picture(page: Burnt) -> bytes:
    size = b"/Width %d /Height %d" % (page.width, page.height)
    return b"/Type /XObject /Subtype /Image %b /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode " % size


def _stream(entries: bytes, content: bytes) -> bytes:
    return b"<< %b/Length %d >>\nstream\n%b\nendstream" % (entries, len(content), content)
