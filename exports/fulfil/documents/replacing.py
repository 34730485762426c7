"""A redacted copy that somebody at the desk made elsewhere: taken in like any document, and looked through like it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from exports.documents.kinds import Kind
from exports.fulfil.documents import deciding, keeping, taking
from exports.fulfil.tasks.opening import DESK, AnswerRefused, NotYours
from exports.models import Document, DocumentChoice
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.roles import Actor
from requests_app.services.history import locked, record
from requests_app.states import State


def bring(case_id: UUID, document_id: str, content: bytes, *, by: Actor, at: datetime) -> Document:
    """Take the redacted copy of a document, in the place of an earlier one; raises AnswerRefused, NotYours."""
    case = Case.objects.select_related("submission").get(pk=case_id)
    _check(case, document_id, by)
    kind = taking.checked(content, language=case.submission.language)
    if kind is Kind.MAIL:
        raise AnswerRefused(_("A redacted copy is a PDF or a picture, not a mail."))
    with transaction.atomic():
        case = locked(case_id)
        original = _check(case, document_id, by)
        keeping.remove(Document.objects.filter(replaces=original))
        copy = taking.sealed(original.task, content, kind, label=f"{original.label}-r", at=at)
        copy.replaces = original
        copy.save(force_insert=True)
        if original.decision == DocumentChoice.REPLACE:
            deciding.open_again(original)
        taking.draw_soon(copy)
        sha256 = hashlib.sha256(content).hexdigest()
        record(case, EventKind.BRING_COPY, by=by, at=at, document=str(original.pk), sha256=sha256)
    return copy


def _check(case: Case, document_id: str, by: Actor) -> Document:
    if not by.roles & DESK:
        raise NotYours
    if case.state != State.DECIDING:
        raise AnswerRefused(_("A redacted copy is taken only while the case is being decided."))
    try:
        return deciding.document_of(case, document_id)
    except InputRefused as refused:
        raise AnswerRefused(str(refused.errors["document"])) from None
