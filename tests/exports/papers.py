"""Documents as owners bring them: PDF with a text layer and metadata, scans, mails with files."""

from __future__ import annotations

import io
from email.message import EmailMessage

import pypdfium2 as pdfium
from pikepdf import Dictionary, Encryption, Name, Pdf
from PIL import Image, ImageDraw

SECRET = "Robin Vale 987-65-4321"


def pdf(*texts: str, title: str = SECRET, password: str = "") -> bytes:
    """A PDF with a page a text, in letters that can be copied, and a title in its metadata."""
    made = Pdf.new()
    for text in texts:
        page = made.add_blank_page(page_size=(595, 842))
        font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
        page.Resources = Dictionary(Font=Dictionary(F=made.make_indirect(font)))
        page.Contents = made.make_stream(f"BT /F 24 Tf 60 700 Td ({text}) Tj ET".encode("latin-1"))
    made.docinfo["/Title"] = title
    written = io.BytesIO()
    made.save(written, encryption=Encryption(user=password, owner=password) if password else False)
    return written.getvalue()


def scan(text: str, kind: str = "PNG") -> bytes:
    """A picture of a text, white on a coloured patch that tells whether it is still there."""
    picture = Image.new("RGB", (600, 400), "white")
    ImageDraw.Draw(picture).rectangle((100, 100, 299, 199), fill=(200, 30, 30))
    ImageDraw.Draw(picture).text((110, 140), text, fill="white")
    written = io.BytesIO()
    picture.save(written, kind)
    return written.getvalue()


def mail(text: str, *files: tuple[str, bytes], html: str = "") -> bytes:
    """A mail with files."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "robin@vale.example", "shop@example.com", "My order"
    made["Date"] = "Mon, 05 Jan 2026 10:00:00 +0000"
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    for name, content in files:
        made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def text_of(content: bytes) -> str:
    """All text of a PDF that can be copied."""
    found = pdfium.PdfDocument(content)
    return "\n".join(found[number].get_textpage().get_text_bounded() for number in range(len(found)))


def pictures_of(content: bytes) -> list[Image.Image]:
    """The pages of a PDF as anybody sees them, a pixel a dot at 150 an inch."""
    found = pdfium.PdfDocument(content)
    return [found[number].render(scale=150 / 72).to_pil().convert("RGB") for number in range(len(found))]


def has_patch(page: Image.Image) -> bool:
    """Whether a pixel of the coloured patch of a scan is to be seen."""
    seen = page.tobytes()
    return any(red > 120 and green < 90 for red, green in zip(seen[0::3], seen[1::3], strict=True))
