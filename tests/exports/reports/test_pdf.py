"""The PDF: tagged, in our own fonts, the same bytes for the same event."""

from __future__ import annotations

import io
import subprocess
import sys

import pikepdf
import pytest
from pypdf import PdfReader
from weasyprint.urls import FatalURLFetchingError

from exports.reports import pdf

HTML = """<!DOCTYPE html><html lang="en"><head><title>A report</title>
<meta name="dcterms.created" content="2026-11-23T10:00:00-08:00">
<style>body{font-family:"Plex","Plex Ext"}code{font-family:"Plex Mono"}</style></head>
<body><h1>Łódź, Ñandú</h1><p>Text <strong>strong</strong> <code>a1b2</code></p></body></html>"""

PROGRAM = """import sys, tests.environment, django; django.setup()
from exports.reports import pdf
sys.stdout.buffer.write(pdf.pdf(sys.stdin.read()))"""


def test_it_opens_and_is_tagged_titled_and_in_a_language() -> None:
    with pikepdf.open(io.BytesIO(pdf.pdf(HTML))) as document:
        assert document.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in document.Root
        assert str(document.Root.Lang) == "en"
        assert str(document.docinfo["/Title"]) == "A report"


def test_every_letter_is_in_a_font_of_ours() -> None:
    reader = PdfReader(io.BytesIO(pdf.pdf(HTML)))
    fonts = reader.pages[0]["/Resources"]["/Font"]
    names = {str(font.get_object()["/BaseFont"]).rpartition("+")[2] for font in fonts.values()}
    assert names
    assert all(name.startswith("Plex") for name in names)
    assert "Łódź, Ñandú" in reader.pages[0].extract_text()


@pytest.mark.slow
def test_equal_html_gives_equal_bytes_in_another_process_too() -> None:
    other = subprocess.run([sys.executable, "-c", PROGRAM], input=HTML.encode(), capture_output=True, check=True)
    assert other.stdout == pdf.pdf(HTML) == pdf.pdf(HTML)


@pytest.mark.parametrize("address", ["https://example.com/x.png", "file:///etc/passwd", "data:,x"])
def test_it_reaches_out_to_nothing(address: str) -> None:
    with pytest.raises(FatalURLFetchingError):
        pdf.pdf(f'<html lang="en"><title>x</title><img alt="x" src="{address}"></html>')


def test_without_pango_the_line_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoPango:
        """A finder of modules for which the library is not there."""

        def find_spec(self, name: str, *_more: object) -> None:
            """As importing WeasyPrint ends without Pango."""
            if name.startswith("weasyprint"):
                raise OSError("cannot load library")

    for name in [name for name in sys.modules if name.startswith("weasyprint")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [NoPango(), *sys.meta_path])
    with pytest.raises(pdf.PangoMissing, match="apt-get install libpango"):
        pdf.pdf(HTML)
