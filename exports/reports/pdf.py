"""HTML to PDF: the one module that knows WeasyPrint."""

from __future__ import annotations

from dsar.jobs.running import PermanentFailure

INSTALL = (
    "PDF needs Pango. On Debian or Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0;"
    " on macOS: brew install pango"
)


class PangoMissing(PermanentFailure):
    """The system library that lays text out is not installed; the message is the line that installs it."""


def pdf(html: str) -> bytes:
    """A tagged PDF/UA file; equal HTML gives equal bytes."""
    try:
        import weasyprint  # noqa: PLC0415 - 60 MB that only a worker needs, and an OSError where Pango lacks
    except OSError as error:
        raise PangoMissing(INSTALL) from error
    made: bytes = weasyprint.HTML(string=html, url_fetcher=_fetch_nothing).write_pdf(pdf_variant="pdf/ua-1")
    return made


def _fetch_nothing(url: str, *_args: object, **_kwargs: object) -> dict[str, object]:
    raise ValueError(f"A report reaches out to nothing, not even to {url.split(':', 1)[0]}: addresses.")
