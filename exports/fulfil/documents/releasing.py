"""The job that makes the released copy of a document: its pages as they were looked at, with areas burnt in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from dsar.jobs.running import PermanentFailure, Run
from dsar.vault.errors import KeyDestroyed, VaultError
from exports.documents import burning
from exports.documents.burning import Area
from exports.fulfil.documents import keeping
from exports.models import Document, DocumentPage
from requests_app.services.history import locked


class NotCopied(PermanentFailure):
    """A page can't be opened: the document is to be brought again, by gathering again."""


def make_copy(run: Run) -> None:
    """Make the copy of a document that is to be released and has none yet."""
    document = _wanted(str(run.arguments["document"]))
    if document is None:
        return
    path = keeping.place(document.task.case_id, f"{document.pk}-released-{run.job.pk}.{run.fence}")
    digest, size = hashlib.sha256(), 0

    def hashed() -> Iterator[bytes]:
        nonlocal size
        for piece in burning.pdf(_burnt(run, document.shown)):
            digest.update(piece)
            size += len(piece)
            yield piece

    try:
        file = keeping.seal(path, document.content_key, hashed(), context=document.copy_context)
    except KeyDestroyed:  # the case has ended meanwhile
        return
    except VaultError as error:
        raise NotCopied from error
    with run.completing():
        locked(document.task.case_id)
        still = Document.objects.filter(pk=document.pk, decided_at=document.decided_at, decision=document.decision)
        still.filter(copy_path="").update(
            copy_path=path,
            copy_size=file.size,
            copy_sha256=file.sha256,
            copy_clear_size=size,
            copy_clear_sha256=digest.hexdigest(),
        )


def _burnt(run: Run, document: Document) -> Iterator[burning.Burnt]:
    pages = DocumentPage.objects.filter(document=document).select_related("document__task__case")
    for page in pages.prefetch_related("areas"):
        run.renew()
        run.stop_if_paused()
        areas = [Area(area.left, area.top, area.right, area.bottom) for area in page.areas.all()]
        yield burning.burnt(keeping.picture(page), areas)


def _wanted(document_id: str) -> Document | None:
    known = Document.objects.select_related("task__case", "redacted").filter(pk=document_id, copy_path="")
    found: Document | None = known.first()
    return found if found and found.is_released else None
