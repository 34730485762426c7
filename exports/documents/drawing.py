"""Drawing documents as pages of pixels. Runs in the process that is locked up (:mod:`exports.documents.rendering`).

Each page is what a person would see: no text, no link, no script, no metadata of the document leaves it. Nothing is
fetched, for there is no way out. A mail is set as plain text: its headers, its text, the names of what came with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from itertools import islice

import pypdfium2 as pdfium
from PIL import (  # noqa: F401 - loaded before the lock
    GifImagePlugin,
    Image,
    ImageOps,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from exports.documents import mails
from exports.documents.frames import Attached, Drawn
from exports.documents.kinds import DPI, MOST_DRAWN, MOST_PAGES, MOST_READ, Fault, Faulty, Kind

POINTS = 72  # an inch, in PDF
FORMATS = {Kind.PNG: "PNG", Kind.JPEG: "JPEG", Kind.TIFF: "TIFF", Kind.GIF: "GIF", Kind.WEBP: "WEBP"}
PASSWORD_ASKED = 4  # FPDF_ERR_PASSWORD
WHITE = (255, 255, 255)


def get_ready() -> None:
    """Load what can't be loaded once the process is locked up."""
    Image.preinit()
    mails.get_ready()


def look(content: bytes, kind: Kind, language: str) -> int:
    """How many pages there are; raises Faulty."""
    if kind is Kind.PDF:
        return len(_opened(content))
    if kind is Kind.MAIL:
        return len(mails.laid_out(mails.read(content), language).pages)
    return _frames(_picture(content, kind))


def page(content: bytes, kind: Kind, language: str, number: int) -> Drawn:
    """One page, from 1, without drawing those before it where that can be; raises Faulty."""
    if kind is Kind.PDF:
        pdf = _opened(content)
        if not 0 < number <= len(pdf):
            raise Faulty(Fault.BROKEN)
        pdf.init_forms()
        return _of_page(pdf[number - 1])
    drawn = (item for item in pages(content, kind, language) if isinstance(item, Drawn))
    found = next(islice(drawn, number - 1, None), None) if number > 0 else None
    if found is None:
        raise Faulty(Fault.BROKEN)
    return found


def pages(content: bytes, kind: Kind, language: str) -> Iterator[Drawn | Attached]:
    """Its pages, then what came with it; raises Faulty."""
    if kind is Kind.PDF:
        yield from _of_pdf(content)
    elif kind is Kind.MAIL:
        mail = mails.read(content)
        for lines in mails.laid_out(mail, language).pages:
            yield _drawn(mails.drawn(lines, language))
        yield from (Attached(item.content) for item in mail.attachments if item.is_taken)
    else:
        yield from _of_picture(content, kind)


def _opened(content: bytes) -> pdfium.PdfDocument:
    try:
        pdf = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        raise Faulty(Fault.ENCRYPTED if error.err_code == PASSWORD_ASKED else Fault.BROKEN) from None
    if len(pdf) > MOST_PAGES:
        raise Faulty(Fault.TOO_MANY_PAGES)
    return pdf


def _of_pdf(content: bytes) -> Iterator[Drawn]:
    pdf = _opened(content)
    pdf.init_forms()  # what was typed into a form is seen on the page, too
    for number in range(len(pdf)):
        yield _of_page(pdf[number])


def _of_page(page: pdfium.PdfPage) -> Drawn:
    width, height = page.get_size()
    scale = DPI / POINTS
    if width * height * scale * scale > MOST_DRAWN:
        scale = (MOST_DRAWN / (width * height)) ** 0.5 * 0.999
    drawn = _drawn(page.render(scale=scale, rev_byteorder=True, fill_color=(*WHITE, 255)).to_pil())
    page.close()
    return drawn


def _picture(content: bytes, kind: Kind) -> Image.Image:
    picture = Image.open(BytesIO(content), formats=[FORMATS[kind]])
    if picture.width * picture.height > MOST_READ:
        raise Faulty(Fault.TOO_MANY_PIXELS)
    return picture


def _frames(picture: Image.Image) -> int:
    """How many pages a scan has, or pictures one that moves: each is a page, or something would leave unseen."""
    count = int(getattr(picture, "n_frames", 1))
    if count > MOST_PAGES:
        raise Faulty(Fault.TOO_MANY_PAGES)
    return count


def _of_picture(content: bytes, kind: Kind) -> Iterator[Drawn]:
    picture = _picture(content, kind)
    for number in range(_frames(picture)):
        picture.seek(number)
        if picture.width * picture.height > MOST_READ:
            raise Faulty(Fault.TOO_MANY_PIXELS)
        yield _drawn(_small_enough(_upright(picture)))


def _upright(picture: Image.Image) -> Image.Image:
    """As people see it: turned as it says, on white where it is clear, in colours of eight bits."""
    turned = ImageOps.exif_transpose(picture)
    if turned.mode.startswith(("I", "F")):  # sixteen bits and more: the upper eight are seen
        return turned.convert("F").point(lambda value: value / 256).convert("RGB")
    if "A" in turned.getbands() or "transparency" in turned.info:
        clear = turned.convert("RGBA")
        sheet = Image.new("RGB", clear.size, WHITE)
        sheet.paste(clear, mask=clear.getchannel("A"))
        return sheet
    return turned.convert("RGB")


def _small_enough(picture: Image.Image) -> Image.Image:
    pixels = picture.width * picture.height
    if pixels <= MOST_DRAWN:
        return picture
    factor = (MOST_DRAWN / pixels) ** 0.5 * 0.999
    return picture.resize((max(int(picture.width * factor), 1), max(int(picture.height * factor), 1)))


def _drawn(picture: Image.Image) -> Drawn:
    plain = picture if picture.mode == "RGB" else picture.convert("RGB")
    return Drawn(plain.width, plain.height, plain.tobytes())
