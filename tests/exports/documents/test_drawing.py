"""How documents are drawn: pictures as people see them, mails as plain text; without a process of their own."""

from __future__ import annotations

import io
import unicodedata

import pytest
from PIL import Image

from exports.documents import burning, drawing, mails
from exports.documents.burning import Area
from exports.documents.frames import Attached, Drawn
from exports.documents.kinds import MOST_DRAWN, MOST_PAGES, Fault, Faulty, Kind, kind_of
from tests.exports import papers


def drawn(content: bytes, kind: Kind) -> list[Image.Image]:
    """The pages as pictures."""
    pages = [item for item in drawing.pages(content, kind, "en") if isinstance(item, Drawn)]
    assert drawing.look(content, kind, "en") == len(pages)
    return [Image.frombytes("RGB", (page.width, page.height), page.pixels) for page in pages]


def picture(mode: str, colour: object, kind: str = "PNG", **how: object) -> bytes:
    written = io.BytesIO()
    Image.new(mode, (40, 20), colour).save(written, kind, **how)  # type: ignore[arg-type]
    return written.getvalue()


def lines(mail: bytes, language: str = "en") -> list[str]:
    return [line for page in mails.laid_out(mails.read(mail), language).pages for line in page]


def told(text: str) -> bytes:
    """A mail that says so."""
    return b"From: a@b.example\nTo: c@d.example\nContent-Type: text/plain; charset=utf-8\n\n" + text.encode()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7", Kind.PDF),
        (b"From: a\nTo: b\n\nx", Kind.MAIL),
        (b"Received: a\n  b\nSubject: c\n\nx", Kind.MAIL),
        (b"From: a\n\nx", None),
        (b"From: a\nTo: b\0\n\nx", None),
        (b"Dear Sam,\nFrom: a\nTo: b\n", None),
        (b" From: a\nTo: b\n", None),
        (b"GIF89a\0", Kind.GIF),
        (b"RIFF\0\0\0\0WEBPVP8 ", Kind.WEBP),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"PK\3\4", None),
        (b"<svg/>", None),
        (b"", None),
    ],
)
def test_a_document_is_told_by_what_it_holds(content: bytes, kind: Kind | None) -> None:
    assert kind_of(content) is kind


def test_a_page_of_a4_has_150_dots_an_inch_and_a_huge_one_no_more_pixels_than_any() -> None:
    (page,) = drawn(papers.pdf("Hello"), Kind.PDF)
    assert page.size == (1240, 1755)
    huge = papers.pdf("Hello").replace(b"595 842", b"9595 9842")
    (page,) = drawn(huge, Kind.PDF)
    assert page.width * page.height <= MOST_DRAWN


@pytest.mark.slow
def test_pictures_of_every_mode_are_drawn_on_white_upright_and_small_enough() -> None:
    for mode, colour in (("1", 0), ("L", 0), ("LA", (0, 255)), ("P", 0), ("RGBA", (0, 0, 0, 255)), ("I;16", 0)):
        (page,) = drawn(picture(mode, colour), Kind.PNG)
        assert page.getpixel((5, 5)) == (0, 0, 0), mode
    (page,) = drawn(picture("RGBA", (0, 0, 0, 0)), Kind.PNG)
    assert page.getpixel((5, 5)) == (255, 255, 255)
    turned = Image.Exif()
    turned[0x0112] = 6
    (page,) = drawn(picture("RGB", "red", "JPEG", exif=turned), Kind.JPEG)
    assert page.size == (20, 40)
    written = io.BytesIO()
    Image.new("L", (4000, 3000)).save(written, "PNG")
    (page,) = drawn(written.getvalue(), Kind.PNG)
    assert page.width * page.height <= MOST_DRAWN
    written = io.BytesIO()
    Image.new("L", (9000, 9000)).save(written, "PNG")
    with pytest.raises(Faulty) as found:
        drawn(written.getvalue(), Kind.PNG)
    assert found.value.fault == Fault.TOO_MANY_PIXELS


def moving(kind: Kind, *colours: str, **how: object) -> bytes:
    """A picture of several, or a scan of several pages."""
    written = io.BytesIO()
    first, *others = (Image.new("RGB", (30, 20), colour) for colour in colours)
    first.save(written, drawing.FORMATS[kind], save_all=True, append_images=others, **how)  # type: ignore[arg-type]
    return written.getvalue()


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (Kind.TIFF, {"compression": "tiff_lzw"}),
        (Kind.GIF, {"duration": 100}),
        (Kind.WEBP, {"lossless": True}),
        (Kind.PNG, {"duration": 100}),
    ],
)
def test_each_page_of_a_scan_and_each_picture_of_one_that_moves_is_a_page(kind: Kind, how: dict[str, object]) -> None:
    content = moving(kind, "red", "blue", "lime", **how)
    assert kind_of(content) is kind
    seen = [page.getpixel((1, 1)) for page in drawn(content, kind)]
    assert seen == [(255, 0, 0), (0, 0, 255), (0, 255, 0)]


def test_a_picture_that_moves_through_too_many_or_that_is_too_large_is_not_drawn() -> None:
    many = moving(Kind.GIF, *(f"rgb({number}, 0, 0)" for number in range(MOST_PAGES + 1)))
    huge = b"GIF89a" + (9000).to_bytes(2, "little") * 2 + many[10:]
    for content, fault in ((many, Fault.TOO_MANY_PAGES), (huge, Fault.TOO_MANY_PIXELS)):
        with pytest.raises(Faulty) as found:
            drawn(content, Kind.GIF)
        assert found.value.fault == fault


@pytest.mark.parametrize(("content", "kind"), [(papers.pdf("one", "two"), Kind.PDF), (picture("RGB", "red"), Kind.PNG)])
def test_one_page_alone_is_what_it_is_among_all_and_there_is_none_beyond_the_last(content: bytes, kind: Kind) -> None:
    everything = list(drawing.pages(content, kind, "en"))
    assert [drawing.page(content, kind, "en", number) for number in range(1, len(everything) + 1)] == everything
    for number in (0, len(everything) + 1):
        with pytest.raises(Faulty):
            drawing.page(content, kind, "en", number)


def test_a_mail_says_who_wrote_what_to_whom_and_what_came_with_it() -> None:
    content = papers.mail(
        "Hola, señora:\n" + "word " * 40,
        ("scan.png", papers.scan("x")),
        ("a.xlsx", b"PK"),
        html="<p>Hola, <b>S</b>e&ntilde;ora</p>",
    )
    shown = lines(content)
    assert shown[0] == "From: robin@vale.example"
    assert "Hola, señora:" in shown
    assert "Also as text/html (34 bytes): not shown, for all its words stand above." in shown
    assert shown.count("Hola, señora:") == 1
    assert all(len(line) <= mails.LETTERS for line in shown)
    told = "".join(shown[shown.index("Attached:") :])
    assert "scan.png" in told
    assert "a document of its own" in told
    assert "a.xlsx (application/octet-stream, 2 bytes): not shown" in told
    assert "Asunto: My order" in lines(content, "es")
    items = list(drawing.pages(content, Kind.MAIL, "en"))
    assert [type(item) for item in items] == [Drawn, Attached]
    assert items[1] == Attached(papers.scan("x"))


def in_forms(*parts: tuple[str, str], how: str = "alternative") -> bytes:
    """A mail of several parts, each of a type."""
    said = "".join(f"--x\nContent-Type: {kind}\n\n{text}\n" for kind, text in parts)
    head = f"From: a@b.example\nTo: c@d.example\nMIME-Version: 1.0\nContent-Type: multipart/{how}; boundary=x\n\n"
    return f"{head}{said}--x--\n".encode()


PLAIN, HTML = ("text/plain", "Please read the HTML."), "<head><title>t<title></title><body><p>You owe <b>9</b>00</p>"


@pytest.mark.parametrize(
    ("mail", "told", "never"),
    [
        (in_forms(PLAIN, ("text/html", HTML)), ["Further text (text/html, 60 bytes):", "You owe 900"], "Also as"),
        (in_forms(("text/html", HTML), PLAIN), ["You owe 900", "Further text (text/plain, 21 bytes):"], "Also as"),
        (in_forms(PLAIN, ("text/calendar", "x")), ["- without a name (text/calendar, 1 bytes): not shown"], "Also"),
        (in_forms(PLAIN, ("text/plain; name=a.txt", "x")), ["- a.txt (text/plain, 1 bytes): not shown"], "Also"),
        (in_forms(PLAIN, PLAIN), ["Also as text/plain (21 bytes): not shown"], "Further"),
        (in_forms(PLAIN, PLAIN, how="mixed"), ["Further text (text/plain, 21 bytes):", PLAIN[1]], "Also as"),
        (in_forms(PLAIN, ("text/html", "<![x[ 900")), ["Further text (text/html, 9 bytes):", "<![x[ 900"], "Also as"),
        (in_forms(PLAIN, ("text/html", "the HTML html")), ["Further text (text/html, 13 bytes):"], "Also as"),
        (in_forms(PLAIN, ("text/html", "&euro;")), ["Further text (text/html, 6 bytes):"], "Also as"),
    ],
)
def test_no_form_of_a_mail_vanishes_it_is_shown_unless_one_before_it_says_as_much_and_is_named_then(
    mail: bytes, told: list[str], never: str
) -> None:
    shown = lines(mail)
    assert "Please read the HTML." in shown
    for words in told:
        assert any(line.startswith(words) for line in shown), shown
    assert not any(line.startswith(never) for line in shown)


def test_the_forms_of_a_mail_are_told_in_spanish_and_html_that_has_pictures_is_one_of_them() -> None:
    related = ("multipart/related; boundary=y", f"--y\nContent-Type: text/html\n\n{HTML}\n--y--")
    assert "Más texto (text/html, 60 bytes):" in lines(in_forms(PLAIN, related), "es")
    again = "".join(lines(in_forms(PLAIN, PLAIN), "es"))
    assert "También como text/plain (21 bytes): no se muestra, pues todas sus palabras están arriba." in again


def test_html_is_reduced_to_its_text() -> None:
    html = b"<style>p {}</style><p>One<br>two &amp; three</p><script>no()</script><img src='https://track.example'>"
    mail = b"From: a@b.example\nTo: c@d.example\nContent-Type: text/html; charset=utf-8\n\n" + html
    text = "\n".join(lines(mail))
    assert "One" in text
    assert "two & three" in text
    assert "no()" not in text
    assert "track.example" not in text
    unknown = b"From: a@b.example\nTo: c@d.example\nContent-Type: text/plain; charset=made-up\n\n\xe9t\xe9\n"
    assert len(lines(unknown)) > 2


@pytest.mark.parametrize(
    ("first", "last", "script"),
    [
        (0x21, 0x17F, "Latin"),
        (0x1E9E, 0x1EFF, "Vietnamese"),
        (0x370, 0x3E1, "Greek"),
        (0x1F00, 0x1FFF, "old Greek"),
        (0x400, 0x45F, "Cyrillic"),
        (0x48A, 0x4FF, "Cyrillic beyond Russian"),
        (0x531, 0x556, "Armenian"),
        (0x10D0, 0x10F0, "Georgian"),
    ],
)
def test_the_letters_of_these_scripts_are_drawn_as_letters(first: int, last: int, script: str) -> None:
    letters = "".join(chr(code) for code in range(first, last + 1) if chr(code).isprintable())
    shown = "".join(lines(told(letters))[2:])
    assert shown.strip() == unicodedata.normalize("NFC", letters), script


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Ж ẞ ễ € <U+4E2D>\xa0x", 0),
        ("中Ж", 1),
        ("שלום", 4),
        ("مرحبا", 5),
        ("\u202eabc\u200b", 2),
        ("😀❤\ufe0f", 2),
        ("\ue055", 1),
    ],
)
def test_what_cannot_be_drawn_stands_as_numbers_and_the_page_says_how_many(text: str, count: int) -> None:
    (page,) = mails.laid_out(mails.read(told(text)), "en").pages
    assert sum(line.count(mails.BEGINS) for line in page) == count
    above_the_lines = mails.drawn(page, "en").crop((0, 0, mails.WIDTH, mails.MARGIN))
    assert (above_the_lines.getcolors() == [(mails.WIDTH * mails.MARGIN, (255, 255, 255))]) is (count == 0)


def test_a_mail_within_a_mail_is_a_document_and_one_of_too_many_lines_none() -> None:
    inner = b"From: a@b.example\nTo: c@d.example\nSubject: Inner\n\nx\n"
    outer = (
        b"From: a@b.example\nTo: c@d.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n"
        b"Content-Type: message/rfc822\n\n" + inner + b"\n--x--\n"
    )
    (attached,) = mails.read(outer).attachments
    assert (attached.name, attached.is_taken) == ("Inner", True)
    with pytest.raises(Faulty) as found:
        lines(b"From: a@b.example\nTo: c@d.example\n\n" + b"x\n" * 20_000)
    assert found.value.fault == Fault.TOO_MANY_PAGES


def test_an_area_is_black_to_its_last_pixel_and_its_neighbours_are_not() -> None:
    page = Drawn(97, 53, b"\xff" * 97 * 53 * 3)
    burnt = burning.burnt(burning.as_png(page), [Area(100, 100, 500, 500)])
    seen = Image.open(io.BytesIO(burnt.jpeg))
    for x, y, black in ((9, 5, True), (48, 26, True), (3, 2, False), (60, 40, False)):
        assert (seen.getpixel((x, y))[0] < 40) is black, (x, y)  # type: ignore[index]
    whole = burning.burnt(burning.as_png(page), [Area(0, 0, 1000, 1000)])
    assert max(Image.open(io.BytesIO(whole.jpeg)).tobytes()) == 0


def test_what_was_under_an_area_changes_no_byte_of_what_is_released() -> None:
    one, other = (Drawn(64, 64, colour * 64 * 64) for colour in (b"\xff\x00\x00", b"\x00\xff\x07"))
    area = [Area(0, 0, 1000, 1000)]
    released = [b"".join(burning.pdf([burning.burnt(burning.as_png(page), area)])) for page in (one, other)]
    assert released[0] == released[1]
