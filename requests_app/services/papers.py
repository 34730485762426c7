"""Papers that people send us: which are taken, and how they are kept.

Called by whoever takes one in. A paper lies sealed under the key of the request's record, apart from the database; it
is told by what is in it and never by its name.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from dsar.vault import files

MOST_BYTES = 10 * 1024 * 1024
STARTS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class FileRefused(Exception):
    """A file that can't be taken; the sentence says what to do."""


class Paper(Protocol):
    """A row with a sealed file; ``path`` is relative to the data folder."""

    path: str
    size: int
    sha256: str

    @property
    def pk(self) -> object: ...
    @property
    def context(self) -> str: ...
    @property
    def record_key(self) -> UUID: ...


def type_of(content: bytes) -> str:
    """The content type of a paper that can be taken; raises FileRefused."""
    if not content:
        raise FileRefused(_("Please choose a file first."))
    if len(content) > MOST_BYTES:
        raise FileRefused(_("This file is too large: at most 10 MB, please."))
    for start, content_type in STARTS.items():
        if content.startswith(start):
            return content_type
    raise FileRefused(_("Please send a PDF, PNG or JPEG file."))


def seal(paper: Paper, content: bytes, *, folder: str) -> None:
    """Write the file, and note on the row, which the caller saves, where it lies and what it has to be."""
    path = Path(folder) / f"{paper.pk}.sealed"
    whole = Path(settings.DATA_DIR) / path
    whole.parent.mkdir(parents=True, exist_ok=True)
    with files.SealedWriter(whole, paper.record_key, context=paper.context) as writer:
        writer.write(content)
        sealed = writer.finish()
    paper.path, paper.size, paper.sha256 = str(path), sealed.size, sealed.sha256


def read(paper: Paper) -> bytes:
    """The paper as it was sent; raises a VaultError if the file is not the one that was written."""
    sealed = files.SealedFile(Path(settings.DATA_DIR) / paper.path, paper.size, paper.sha256)
    with files.open_file(sealed, paper.record_key, context=paper.context) as clear:
        return clear.read()


def discard(paper: Paper) -> None:
    """Remove the file of a row that was not saved."""
    with suppress(OSError):
        (Path(settings.DATA_DIR) / paper.path).unlink()
