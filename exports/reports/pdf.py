"""HTML to PDF: the one module that knows WeasyPrint."""

from __future__ import annotations

from pathlib import Path

from dsar.jobs.running import PermanentFailure

INSTALL = (
    "PDF needs Pango. On Debian or Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0;"
    " on macOS: brew install pango"
)
# Fonts of our own: the machine's would make other bytes on every machine. Family, weight, file.
FONTS = (
    ("Plex", 400, "ibm-plex-sans-latin-400.ttf"),
    ("Plex", 600, "ibm-plex-sans-latin-600.ttf"),
    ("Plex Ext", 400, "ibm-plex-sans-latin-ext-400.ttf"),
    ("Plex Ext", 600, "ibm-plex-sans-latin-ext-600.ttf"),
    ("Plex Mono", 400, "ibm-plex-mono-latin-400.ttf"),
)
FOLDER = Path(__file__).resolve().parent / "fonts"


class PangoMissing(PermanentFailure):
    """The system library that lays text out is not installed; the message is the line that installs it."""


def pdf(html: str) -> bytes:
    """A tagged PDF/UA file; equal HTML gives equal bytes. The HTML may ask for nothing from anywhere."""
    try:
        import weasyprint  # noqa: PLC0415 - 60 MB that only a worker needs, and an OSError where Pango lacks
        from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415
    except OSError as error:
        raise PangoMissing(INSTALL) from error
    fonts = FontConfiguration()
    files = weasyprint.URLFetcher(allowed_protocols={"file"}, fail_on_errors=True)
    nothing = weasyprint.URLFetcher(allowed_protocols=(), fail_on_errors=True)
    faces = weasyprint.CSS(string=_font_faces(), font_config=fonts, url_fetcher=files)
    document = weasyprint.HTML(string=html, url_fetcher=nothing)
    made: bytes = document.write_pdf(pdf_variant="pdf/ua-1", stylesheets=[faces], font_config=fonts)
    return made


def _font_faces() -> str:
    return "".join(
        f'@font-face{{font-family:"{family}";font-weight:{weight};src:url("{(FOLDER / name).as_uri()}")}}'
        for family, weight, name in FONTS
    )
