"""A mail as pages of plain text: what it says, who wrote it to whom, and what came with it, shown or not.

Runs in the process that is locked up. HTML is reduced to its text, and nothing that it points to is fetched. Of a text
in several forms those are shown that say something which no form before them says; the others are named. What came with
it and is a document that we take becomes one of its own; of anything else stand the name, the type and the size.

Letters are drawn one a cell, from the left: so Latin, Greek, Cyrillic, Armenian and Georgian are read. What our fonts
have no form for, and what is written from the right, stands as its number on grey; the page says how many there are.
"""

from __future__ import annotations

import codecs
import re
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage, MIMEPart
from email.policy import default
from encodings.aliases import aliases
from functools import cache
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from exports.documents.kinds import MOST_ATTACHMENTS, MOST_PAGES, Fault, Faulty, kind_of

FOLDER = Path(__file__).parent / "fonts"
FONTS = ("NotoSansMono-Regular.ttf", "DejaVuSansMono.ttf")  # the second for what the first lacks: signs, Georgian
WIDTH, HEIGHT, MARGIN = 1240, 1754, 100  # A4 at 150 dots an inch
SIZE, CELL, LINE, BASE = 22, 13, 30, 24  # a letter is as wide as a cell; its foot is on the base of its line
LETTERS, LINES = 78, (HEIGHT - 2 * MARGIN) // LINE
GREY = (221, 221, 221)
FROM_THE_RIGHT = {"R", "AL", "AN"}  # bidirectional classes of Hebrew, Arabic, Syriac, … (UAX #9)
# A number's signs are moved to where Unicode gives none to anybody, which no mail can get past `_seen`.
MOVED = 0xE000
SIGNS = "<U+0123456789ABCDEF>"
NUMBERS = {ord(sign): MOVED + ord(sign) for sign in SIGNS}
AS_DRAWN = {MOVED + ord(sign): sign for sign in SIGNS}
BEGINS = chr(MOVED + ord("<"))
HEADERS = ("From", "To", "Cc", "Date", "Subject")
TEXTS = ("text/plain", "text/html")
WORDS = {
    "en": {
        "further": "Further text ({type}, {size} bytes):",
        "again": "Also as {type} ({size} bytes): not shown, for all its words stand above.",
        "Attached": "Attached",
        "shown": "{name} ({size} bytes): a document of its own",
        "not shown": "{name} ({type}, {size} bytes): not shown, we show no files of this type",
        "nameless": "without a name",
        "one": "1 character can't be drawn and is a number on grey: see the original.",
        "more": "{count} characters can't be drawn and are numbers on grey: see the original.",
    },
    "es": {
        "From": "De",
        "To": "Para",
        "Date": "Fecha",
        "Subject": "Asunto",
        "further": "Más texto ({type}, {size} bytes):",
        "again": "También como {type} ({size} bytes): no se muestra, pues todas sus palabras están arriba.",
        "Attached": "Adjuntos",
        "shown": "{name} ({size} bytes): un documento propio",
        "not shown": "{name} ({type}, {size} bytes): no se muestra, no mostramos archivos de este tipo",
        "nameless": "sin nombre",
        "one": "1 carácter no se puede dibujar, va como número en gris: vea el original.",
        "more": "{count} caracteres no se pueden dibujar, van en gris: vea el original.",
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
BLOCKS = "address article aside blockquote br caption center dd div dl dt fieldset figcaption figure footer form"
BLOCKS += " h1 h2 h3 h4 h5 h6 header hr legend li main nav ol option p pre section select table tr ul"
APART = {**dict.fromkeys(BLOCKS.split(), "\n"), "td": " ", "th": " "}
SILENT = {"script", "style", "title", "template"}
WORD, SPACE, EMPTY_LINES = re.compile(r"\w+|[^\w\s]"), re.compile(r"\s+"), re.compile(r"\n{3,}")


@dataclass(frozen=True, repr=False)
class Text:
    """What a mail says, or one form of it."""

    type: str
    size: int
    text: str
    is_again: bool = False  # whether another form before it has all of its words

    @property
    def words(self) -> Counter[str]:
        """Its words and signs such as € or a smiley, each as often as it stands there; no punctuation."""
        found = WORD.findall(unicodedata.normalize("NFKC", self.text).casefold())
        return Counter(word for word in found if not unicodedata.category(word[0]).startswith(("P", "C", "M")))


@dataclass(frozen=True, repr=False)
class Attachment:
    """What came with a mail."""

    name: str
    type: str
    content: bytes

    @property
    def is_taken(self) -> bool:
        """Whether it is a document that we show."""
        return kind_of(self.content) is not None


@dataclass(frozen=True, repr=False)
class Mail:
    """A mail as it is shown."""

    headers: list[tuple[str, str]]
    texts: list[Text]
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
        drawn([*laid_out(read(text), "en").pages[0], _seen("\uffff")], "en")


def read(content: bytes) -> Mail:
    """Take a mail apart; raises Faulty."""
    message = message_from_bytes(content, policy=default)
    if not isinstance(message, EmailMessage):
        raise Faulty(Fault.BROKEN)
    headers = [(name, _one_line(value)) for name in HEADERS for value in message.get_all(name, [])]
    pieces = list(_pieces(message, message.get_body(("plain", "html"))))
    attachments = [piece for piece in pieces if isinstance(piece, Attachment)]
    if len(attachments) > MOST_ATTACHMENTS:
        raise Faulty(Fault.TOO_MANY_ATTACHMENTS)
    return Mail(headers, [piece for piece in pieces if isinstance(piece, Text)], attachments)


def _one_line(value: object) -> str:
    return " ".join(str(value).split())


def _pieces(message: MIMEPart, body: MIMEPart | None) -> Iterator[Text | Attachment]:
    """Whatever a mail is made of, in the order in which it stands there; a mail inside is one piece."""
    kind, name = message.get_content_type(), _one_line(message.get_filename(""))
    if message.get_content_maintype() == "multipart" and message.is_multipart():
        parts = (part for part in message.iter_parts() if isinstance(part, MIMEPart))
        pieces = (piece for part in parts for piece in _pieces(part, body))
        yield from _forms(pieces) if kind == "multipart/alternative" else pieces
    elif kind == "message/rfc822" and message.is_multipart():
        inner = message.get_payload(0)
        subject = _one_line(inner["Subject"] if isinstance(inner, MIMEPart) else "")
        yield Attachment(name or subject, kind, inner.as_bytes() if isinstance(inner, MIMEPart) else b"")
    elif message is body or (kind in TEXTS and not name and not message.is_attachment()):
        yield Text(kind, len(_bytes(message)), _text(message))
    else:
        yield Attachment(name, kind, _bytes(message))


def _forms(pieces: Iterator[Text | Attachment]) -> Iterator[Text | Attachment]:
    """One text in several forms: one whose every word stands as often in one before it is the same again."""
    seen: list[Counter[str]] = []
    for piece in pieces:
        if isinstance(piece, Text):
            words = piece.words
            yield replace(piece, is_again=piece.is_again or any(words <= others for others in seen))
            seen.append(words)
        else:
            yield piece


def _text(body: MIMEPart) -> str:
    try:
        text = str(body.get_content())
    except (LookupError, ValueError):  # a character set that nobody knows
        text = _bytes(body).decode("latin-1")
    if body.get_content_subtype() != "html":
        return text
    reader = _Reader()
    try:
        reader.feed(text)
        reader.close()
    except AssertionError:  # a declaration that the parser gives up at: what is left stands as it was written
        reader.pieces.append(reader.rawdata)
    lines = (line.strip() for line in "".join(reader.pieces).split("\n"))
    return EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip("\n")


def _bytes(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


class _Reader(HTMLParser):
    """The text of HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = ""  # the element that nobody sees, as long as it is open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if not self._silent and tag in SILENT:
            self._silent = tag
        self.pieces.append(APART.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""
        self.pieces.append(APART.get(tag, ""))

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(SPACE.sub(" ", data))


def laid_out(mail: Mail, language: str) -> Laid:
    """Its lines as they are drawn; raises Faulty if they fill too many pages."""
    words = WORDS.get(language, WORDS["en"])
    lines = [line for name, value in mail.headers for line in _wrapped(f"{words.get(name, name)}: {value}")]
    for number, text in enumerate(found for found in mail.texts if not found.is_again):
        heading = _wrapped(words["further"].format(type=text.type, size=text.size)) if number else []
        lines += ["", *heading, *(line for paragraph in text.text.splitlines() for line in _wrapped(paragraph))]
    for text in (found for found in mail.texts if found.is_again):
        lines += ["", *_wrapped(words["again"].format(type=text.type, size=text.size))]
    if mail.attachments:
        lines += ["", f"{words['Attached']}:"]
    for item in mail.attachments:
        told = words["shown" if item.is_taken else "not shown"]
        name = item.name or words["nameless"]
        lines += _wrapped("- " + told.format(name=name, type=item.type, size=len(item.content)))
    if len(lines) > MOST_PAGES * LINES:
        raise Faulty(Fault.TOO_MANY_PAGES)
    return Laid([lines[first : first + LINES] for first in range(0, len(lines), LINES)])


def _wrapped(paragraph: str) -> list[str]:
    """A letter and its marks in one, as most are typed: what stays apart has a cell of its own."""
    seen = "".join(map(_seen, unicodedata.normalize("NFC", paragraph.expandtabs(4))))
    return textwrap.wrap(seen, LETTERS, replace_whitespace=False, drop_whitespace=False) or [""]


@cache
def _fonts() -> list[tuple[ImageFont.FreeTypeFont, bytes]]:
    """The fonts, each with its sign for what it has no form for.

    Read once: no file can be opened later, nor the library by which Pillow may lay text out otherwise.
    """
    fonts = [ImageFont.truetype(str(FOLDER / name), SIZE, layout_engine=ImageFont.Layout.BASIC) for name in FONTS]
    return [(font, bytes(font.getmask("\uffff"))) for font in fonts]


@cache
def _font_of(letter: str) -> ImageFont.FreeTypeFont | None:
    """The first font that has a form for it which fills one cell."""
    for font, missing in _fonts():
        form = bytes(font.getmask(letter))
        if form != missing and (letter == " " or any(form)) and font.getlength(letter) == CELL:
            return font
    return None


@cache
def _seen(letter: str) -> str:
    """A letter, or its number where it can't be drawn so that it is read: nothing is left out unseen."""
    if unicodedata.category(letter) == "Zs":
        return " "
    is_read = letter.isprintable() and unicodedata.bidirectional(letter) not in FROM_THE_RIGHT
    return letter if is_read and _font_of(letter) else f"<U+{ord(letter):04X}>".translate(NUMBERS)


def drawn(lines: list[str], language: str) -> Image.Image:
    """One page; above its lines, how many letters of it stand as numbers."""
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(page)
    if count := sum(line.count(BEGINS) for line in lines):
        words = WORDS.get(language, WORDS["en"])
        pen.rectangle((MARGIN, MARGIN // 3, WIDTH - MARGIN, MARGIN // 3 + LINE), fill=GREY)
        _draw_line(pen, words["one" if count == 1 else "more"].format(count=count), MARGIN // 3)
    for number, line in enumerate(lines):
        _draw_line(pen, line, MARGIN + number * LINE)
    return page


def _draw_line(pen: ImageDraw.ImageDraw, line: str, top: int) -> None:
    """A line, with grey behind each sign of a number."""
    place = MARGIN
    for is_number, signs in groupby(line, key=lambda sign: ord(sign) in AS_DRAWN):
        seen = "".join(signs).translate(AS_DRAWN)
        if is_number:
            pen.rectangle((place, top, place + len(seen) * CELL - 1, top + LINE - 2), fill=GREY)
        for font, letters in groupby(seen, key=_font_of):
            text = "".join(letters)
            pen.text((place, top + BASE), text, fill="black", font=font, anchor="ls")
            place += len(text) * CELL
