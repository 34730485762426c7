"""The sealed files of documents: written, opened, and removed with their rows."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from dsar.vault import files
from dsar.vault.files import SealedFile, SealedWriter
from exports.models import Document, DocumentPage
from exports.models.document import DocumentQuerySet

FOLDER = "documents"


def place(case_id: UUID, name: str) -> str:
    """Where a file of a case lies, relative to the data directory."""
    return str(Path(FOLDER) / str(case_id) / f"{name}.sealed")


def seal(path: str, key: UUID, pieces: Iterable[bytes], *, context: str) -> SealedFile:
    """Write a sealed file."""
    full = Path(settings.DATA_DIR) / path
    full.parent.mkdir(parents=True, exist_ok=True)
    with SealedWriter(full, key, context=context) as writer:
        for piece in pieces:
            writer.write(piece)
        return writer.finish()


def original(document: Document) -> bytes:
    """The document as it was brought; raises VaultError."""
    with files.open_file(document.as_sealed_file(), document.content_key, context=document.context) as clear:
        return clear.read()


def picture(page: DocumentPage) -> bytes:
    """A page as it was drawn, a PNG; raises VaultError."""
    with files.open_file(page.as_sealed_file(), page.document.content_key, context=page.context) as clear:
        return clear.read()


def remove(documents: DocumentQuerySet) -> None:
    """Remove documents with all that was made of them: the rows now, the files once that is committed."""
    concerned = Document.objects.filter(Q(pk__in=documents) | Q(parent__in=documents) | Q(replaces__in=documents))
    paths = {*concerned.values_list("path", flat=True), *concerned.values_list("copy_path", flat=True)}
    paths |= set(DocumentPage.objects.filter(document__in=concerned).values_list("path", flat=True))
    for path in paths - {""}:
        transaction.on_commit(partial(_unlink, Path(settings.DATA_DIR) / path))
    documents.delete()


def drop_copy(document: Document) -> None:
    """Forget the released copy of a document, which is to be decided on anew; the caller saves the row."""
    if document.copy_path:
        transaction.on_commit(partial(_unlink, Path(settings.DATA_DIR) / document.copy_path))
    document.copy_path = document.copy_sha256 = document.copy_clear_sha256 = ""
    document.copy_size = document.copy_clear_size = 0


def _unlink(path: Path) -> None:
    with suppress(OSError):  # what stays is swept as an orphan
        path.unlink()
