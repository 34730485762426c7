"""A mail as pages of plain text: what it says, who wrote it to whom, and what came with it, shown or not.

Runs in the process that is locked up. Of a text in two forms the plain one is shown; HTML is reduced to its text, and
nothing that it points to is fetched. What came with it and is a document that we take becomes one of its own; of
anything else stand the name and the size.
"""

from __future__ import annotations

import codecs
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default
from encodings.aliases import aliases
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from exports.documents.kinds import MOST_ATTACHMENTS, MOST_PAGES, Fault, Faulty, kind_of

FONT = Path(__file__).parent.parent / "reports" / "fonts" / "ibm-plex-mono-latin-400.ttf"
WIDTH, HEIGHT, MARGIN = 1240, 1754, 100  # A4 at 150 dots an inch
SIZE, LINE = 22, 30
LETTERS, LINES = 78, (HEIGHT - 2 * MARGIN) // LINE
HEADERS = ("From", "To", "Cc", "Date", "Subject")
WORDS = {
    "en": {
        "Attached": "Attached",
        "shown": "{name} ({size} bytes): a document of its own",
        "not shown": "{name} ({size} bytes): not shown, we show no files of this type",
        "nameless": "without a name",
    },
    "es": {
        "From": "De",
        "To": "Para",
        "Date": "Fecha",
        "Subject": "Asunto",
        "Attached": "Adjuntos",
        "shown": "{name} ({size} bytes): un documento propio",
        "not shown": "{name} ({size} bytes): no se muestra, no mostramos archivos de este tipo",
        "nameless": "sin nombre",
    },
}
SAMPLES = (
    (
        b"From: =?utf-8?q?A?= <a@b.example>\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nSubject: =?utf-8?b?QQ==?=\n"
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n"
        b"Content-Transfer-Encoding: quoted-printable\n\n<p>A=20&amp;</p>\n--x\n"
        b"Content-Disposition: attachment; filename*=utf-8''a\nContent-Transfer-Encoding: base64\n\nQQ==\n--x--\n"
    ),
    b"From: a@b.example\nSubject: A\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\nTo: c\n\nA\n",
)
APART = {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote", "pre", "hr"}
SILENT = {"script", "style", "head", "template"}


@dataclass(frozen=True, repr=False)
class Attachment:
    """What came with a mail."""

    name: str
    content: bytes

    @property
    def is_taken(self) -> bool:
        """Whether it is a document that we show."""
        return kind_of(self.content) is not None


@dataclass(frozen=True, repr=False)
class Mail:
    """A mail as it is shown."""

    headers: list[tuple[str, str]]
    text: str
    attachments: list[Attachment]


@dataclass(frozen=True, repr=False)
class Laid:
    """Its lines, page by page."""

    pages: list[list[str]]


def get_ready() -> None:
    """Load what can't be loaded later: the font, every character set, and what mails are read with, by reading one."""
    for name in set(aliases.values()):
        with suppress(LookupError):  # some systems lack some
            codecs.lookup(name)
    for text in SAMPLES:
        drawn(laid_out(read(text), "en").pages[0])


def read(content: bytes) -> Mail:
    """Take a mail apart; raises Faulty."""
    message = message_from_bytes(content, policy=default)
    if not isinstance(message, EmailMessage):
        raise Faulty(Fault.BROKEN)
    body = message.get_body(("plain", "html"))
    headers = [(name, _one_line(value)) for name in HEADERS for value in message.get_all(name, [])]
    attachments = list(_attached(message, body))
    if len(attachments) > MOST_ATTACHMENTS:
        raise Faulty(Fault.TOO_MANY_ATTACHMENTS)
    return Mail(headers, _text(body) if body else "", attachments)


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def _text(body: MIMEPart) -> str:
    try:
        text = str(body.get_content())
    except (LookupError, ValueError):  # a character set that nobody knows
        text = _bytes(body).decode("latin-1")
    if body.get_content_subtype() != "html":
        return text
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return "".join(reader.pieces)


def _attached(message: MIMEPart, body: MIMEPart | None) -> Iterator[Attachment]:
    """Whatever is neither the text nor the same text in another form; a mail inside is one piece."""
    if message is body:
        return
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        same = message.get_content_subtype() == "alternative"
        for part in message.iter_parts():
            if isinstance(part, MIMEPart) and not (same and _is_other_form(part, body)):
                yield from _attached(part, body)
        return
    if message.get_content_type() == "message/rfc822" and message.is_multipart():
        inner = message.get_payload(0)
        name = message.get_filename("") or _one_line(inner["Subject"] if isinstance(inner, MIMEPart) else "")
        yield Attachment(name, inner.as_bytes() if isinstance(inner, MIMEPart) else b"")
        return
    yield Attachment(_one_line(message.get_filename("")), _bytes(message))


def _is_other_form(part: MIMEPart, body: MIMEPart | None) -> bool:
    return body is not None and part is not body and part.get_content_maintype() == "text"


def _bytes(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


class _Reader(HTMLParser):
    """The text of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._silent += tag in SILENT
        if tag in APART:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(self._silent - (tag in SILENT), 0)
        if tag in APART:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(" ".join(data.split()) + " " if data.strip() else "")


def laid_out(mail: Mail, language: str) -> Laid:
    """Its lines as they are drawn; raises Faulty if they fill too many pages."""
    words = WORDS.get(language, WORDS["en"])
    lines = [line for name, value in mail.headers for line in _wrapped(f"{words.get(name, name)}: {value}")]
    lines += ["", *(line for paragraph in mail.text.splitlines() for line in _wrapped(paragraph))]
    if mail.attachments:
        lines += ["", f"{words['Attached']}:"]
    for item in mail.attachments:
        told = words["shown" if item.is_taken else "not shown"]
        name = item.name or words["nameless"]
        lines += _wrapped("- " + told.format(name=name, size=len(item.content)))
    if len(lines) > MOST_PAGES * LINES:
        raise Faulty(Fault.TOO_MANY_PAGES)
    return Laid([lines[first : first + LINES] for first in range(0, len(lines), LINES)])


def _wrapped(paragraph: str) -> list[str]:
    seen = "".join(map(_seen, paragraph.expandtabs(4)))
    return textwrap.wrap(seen, LETTERS, replace_whitespace=False, drop_whitespace=False) or [""]


@cache
def _font() -> ImageFont.FreeTypeFont:
    """The font, read once; no file can be opened later."""
    return ImageFont.truetype(str(FONT), SIZE)


@cache
def _missing() -> bytes:
    return bytes(_font().getmask("\uffff"))


@cache
def _seen(letter: str) -> str:
    """A letter, or its number where the font has no form for it: nothing is left out unseen."""
    if letter == " " or (letter.isprintable() and bytes(_font().getmask(letter)) != _missing()):
        return letter
    return f"<U+{ord(letter):04X}>"


def drawn(lines: list[str]) -> Image.Image:
    """One page."""
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        pen.text((MARGIN, MARGIN + number * LINE), line, fill="black", font=_font())
    return page
