"""Taking documents in from the owner of a source: looked at by the process that draws, sealed, then drawn by a job."""

from __future__ import annotations

import hashlib
import logging
import uuid
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.jobs.queue import enqueue
from exports.documents.kinds import MOST_ATTACHMENTS, MOST_PAGES, MOST_READ, Fault, Faulty, Kind, kind_of
from exports.documents.lockdown import CannotLockDown
from exports.documents.sandbox import Sandbox
from exports.fulfil.documents import keeping
from exports.fulfil.tasks.opening import AnswerRefused, open_task
from exports.models import Document, Task, TaskKind
from exports.sources.connector import Mode
from requests_app.rights import WITH_DOCUMENTS
from requests_app.roles import Actor

MOST_DOCUMENTS = 50  # of one task
MEGABYTE = 1024 * 1024
SENTENCES: dict[Fault, Promise] = {
    Fault.BROKEN: gettext_lazy(
        "This document is broken or incomplete. Open it on your computer, save it anew, and send that."
    ),
    Fault.ENCRYPTED: gettext_lazy("This PDF asks for a password. Save it without one, and send that."),
    Fault.TOO_MANY_PAGES: gettext_lazy("This document has too many pages: at most %(pages)s. Send it in parts."),
    Fault.TOO_MANY_PIXELS: gettext_lazy("This picture is too large: at most %(millions)s million pixels, please."),
    Fault.TOO_MANY_ATTACHMENTS: gettext_lazy(
        "More than %(attachments)s files came with this mail. Send them one by one."
    ),
    Fault.TOO_MUCH_WORK: gettext_lazy(
        "This document takes too much time or memory to show. Send it in parts, or as a scan."
    ),
}
FIGURES = {"pages": MOST_PAGES, "millions": MOST_READ // 1_000_000, "attachments": MOST_ATTACHMENTS}
logger = logging.getLogger(__name__)


def in_words(fault: Fault) -> str:
    """What is wrong with a document, and what to do."""
    return str(SENTENCES[fault]) % FIGURES


def are_taken(task: Task) -> bool:
    """Whether documents may be brought: where all that is held is handed over, and not only tables or counts."""
    if task.kind != TaskKind.LOOK or task.run is None:
        return False
    return task.run.mode == Mode.CONTENT and task.case.right_answered in WITH_DOCUMENTS


def keep(task_id: UUID, content: bytes, *, by: Actor, at: datetime) -> Document:
    """Take a document; raises AnswerRefused with what to do."""
    with transaction.atomic():
        task = open_task(task_id, by=by, at=at)
        _check_room(task)
    kind = checked(content, language=task.case.submission.language)
    document = sealed(task, content, kind, label="", at=at)
    with transaction.atomic():
        task = open_task(task_id, by=by, at=at)
        _check_room(task)
        document.label = _next_label(task)
        document.save(force_insert=True)
        draw_soon(document)
    return document


def take_away(task_id: UUID, document_id: str, *, by: Actor, at: datetime) -> None:
    """Remove a document again that was sent."""
    with transaction.atomic():
        task = open_task(task_id, by=by, at=at)
        keeping.remove(Document.objects.filter(task=task, pk=_as_id(document_id)))


def checked(content: bytes, *, language: str) -> Kind:
    """What it is, once it can be shown as far as one look tells; raises AnswerRefused."""
    if not content.strip():
        raise AnswerRefused(_("Please choose a file first, and not an empty one."))
    if len(content) > settings.MOST_UPLOADED:
        raise AnswerRefused(
            _("This file is too large: at most %(size)s MB, please.") % {"size": settings.MOST_UPLOADED // MEGABYTE}
        )
    kind = kind_of(content)
    if kind is None:
        raise AnswerRefused(
            _(
                "We take PDF, PNG, JPEG, TIFF, GIF, WebP and mail files (.eml), and go by what is in a file. This is"
                " none: save an Office file as PDF, and send that."
            )
        )
    try:
        sandbox().look(content, kind, language=language)
    except Faulty as faulty:
        raise AnswerRefused(in_words(faulty.fault)) from None
    except CannotLockDown:
        logger.exception("No document is taken. Serve from Linux, or set DSAR_RENDER_UNLOCKED.")
        raise AnswerRefused(_("Documents can't be taken at present. Please write to the privacy team.")) from None
    return kind


def sandbox() -> Sandbox:
    """The process that draws, as the settings have it."""
    return Sandbox(unlocked=settings.RENDER_UNLOCKED)


def sealed(task: Task, content: bytes, kind: Kind, *, label: str, at: datetime) -> Document:
    """A document that is sealed and not saved yet."""
    document = Document(id=uuid.uuid4(), task=task, kind=kind.value, label=label, sent_at=at)
    document.path = keeping.place(task.case_id, str(document.pk))
    file = keeping.seal(document.path, document.content_key, [content], context=document.context)
    document.size, document.sha256 = file.size, file.sha256
    document.clear_size, document.clear_sha256 = len(content), hashlib.sha256(content).hexdigest()
    return document


def draw_soon(document: Document) -> None:
    """The job that draws it. In the transaction in which it is saved."""
    enqueue("draw_document", {"document": str(document.pk)}, key=f"draw:{document.pk}")


def _check_room(task: Task) -> None:
    if not are_taken(task):
        raise AnswerRefused(_("Nothing is asked for there."))
    if Document.objects.filter(task=task, parent=None).count() >= MOST_DOCUMENTS:
        raise AnswerRefused(_("That is as many documents as a task takes: %(most)s.") % {"most": MOST_DOCUMENTS})


def _next_label(task: Task) -> str:
    labels = Document.objects.filter(task=task, parent=None, replaces=None).values_list("label", flat=True)
    return str(max((int(label) for label in labels), default=0) + 1)


def _as_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise AnswerRefused(_("There is no such document.")) from None
