"""The job that draws a document: its pages into sealed pictures, what came with a mail into documents of their own."""

from __future__ import annotations

import uuid
from datetime import datetime
from uuid import UUID

from dsar.jobs.running import PermanentFailure, Run
from dsar.vault.errors import KeyDestroyed, VaultError
from exports.documents import burning
from exports.documents.frames import Drawn
from exports.documents.kinds import Fault, Faulty, Kind, kind_of
from exports.documents.lockdown import CannotLockDown
from exports.fulfil.documents import keeping, taking
from exports.models import Document, DocumentPage, DocumentState
from requests_app.services.history import locked

DEEPEST = 3  # mails in mails


class NotDrawn(PermanentFailure):
    """The original can't be opened, or the process that draws can't be locked up."""


def draw(run: Run) -> None:
    """Draw a document that waits for it; one that can't be drawn says why."""
    document = _waiting(str(run.arguments["document"]))
    if document is None:
        return
    pages: list[DocumentPage] = []
    attached: list[Document] = []
    fault = ""
    try:
        _draw(run, document, pages, attached)
    except Faulty as faulty:
        fault, pages, attached = faulty.fault.name.lower(), [], []
    except KeyDestroyed:  # the case has ended meanwhile
        return
    except (VaultError, CannotLockDown) as error:
        raise NotDrawn from error
    with run.completing():
        locked(document.task.case_id)
        if _waiting(str(document.pk)) is None:
            return
        state = DocumentState.FAILED if fault else DocumentState.READY
        Document.objects.filter(pk=document.pk).update(state=state, fault=fault)
        DocumentPage.objects.bulk_create(pages)
        for item in attached:
            item.save(force_insert=True)
            if item.state == DocumentState.WAITING:
                taking.draw_soon(item)


def give_up(run: Run) -> None:
    """It could not be drawn: the page of documents says so."""
    document = Document.objects.filter(pk=UUID(str(run.arguments["document"])), state=DocumentState.WAITING)
    document.update(state=DocumentState.FAILED, fault="not_drawn")


def _draw(run: Run, document: Document, pages: list[DocumentPage], attached: list[Document]) -> None:
    content, language = keeping.original(document), document.task.case.submission.language
    for item in taking.sandbox().draw(content, Kind(document.kind), language=language):
        run.renew()
        run.stop_if_paused()
        if isinstance(item, Drawn):
            pages.append(_page(document, item, len(pages) + 1))
        else:
            attached.append(_attached(document, item.content, len(attached) + 1, at=document.sent_at))


def _page(document: Document, drawn: Drawn, number: int) -> DocumentPage:
    page = DocumentPage(id=uuid.uuid4(), document=document, number=number, width=drawn.width, height=drawn.height)
    page.path = keeping.place(document.task.case_id, str(page.pk))
    file = keeping.seal(page.path, document.content_key, [burning.as_png(drawn)], context=page.context)
    page.size, page.sha256 = file.size, file.sha256
    return page


def _attached(document: Document, content: bytes, number: int, *, at: datetime) -> Document:
    """What came with a mail. The process that took it out has no say in what it is."""
    kind = kind_of(content)
    if kind is None:
        raise Faulty(Fault.BROKEN)
    label = f"{document.label}-{number}"
    made = taking.sealed(document.task, content, kind, label=label, at=at)
    made.parent = document
    if label.count("-") > DEEPEST:
        made.state, made.fault = DocumentState.FAILED, Fault.TOO_MUCH_WORK.name.lower()
    return made


def _waiting(document_id: str) -> Document | None:
    known = Document.objects.select_related("task__case__submission", "task__run")
    found: Document | None = known.filter(pk=document_id, state=DocumentState.WAITING).first()
    return found
