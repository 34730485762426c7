"""Documents that a person sends for a correction: taken in, sealed, and drawn when somebody looks at them.

Called by the case page, and by the desk for what came by post. Each is looked at by the process that is locked up
before it is kept, so that who sends it hears at once what is wrong with it; of what is drawn nothing is kept.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dsar.vault import keys
from exports.documents import burning
from exports.documents.kinds import Faulty, Kind, kind_of
from exports.documents.lockdown import CannotLockDown
from exports.documents.sandbox import Sandbox
from exports.fulfil.documents.taking import in_words
from requests_app import supporting
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.models import Case, CorrectionAsked, SupportingDocument
from requests_app.plain_text import is_usable
from requests_app.roles import PERSON, REQUESTER, Actor
from requests_app.services import papers
from requests_app.services.history import locked, record
from requests_app.services.papers import FileRefused

FOLDER = "supporting"
ON_THE_PAGE = (PERSON, REQUESTER)  # staff take what came by post whatever mailbox there is
MOST_LETTERS = 500  # of what is written beside a document
MOST_OF_A_NAME = 100
SECONDS = 30  # of one look: somebody waits for the page
logger = logging.getLogger(__name__)


class NoteRefused(Exception):
    """What was written beside a document can't be taken: what is wrong with it."""


@dataclass(frozen=True, repr=False)
class Sent:
    """A file as it came: what it is called, and what was written beside it, may both be empty."""

    content: bytes
    name: str = ""
    note: str = ""


def take(case_id: uuid.UUID, number: int, sent: Sent, *, by: Actor, at: datetime) -> SupportingDocument:
    """Keep a document for the correction of this number; raises MoveShut, FileRefused or NoteRefused, each with what
    to do.
    """
    with transaction.atomic():
        asked = _with_room(locked(case_id), number, by)
    document = _checked(asked, sent, by=by, at=at)
    papers.seal(document, sent.content, folder=FOLDER)
    try:
        with transaction.atomic():
            case = locked(case_id)
            _with_room(case, number, by)
            document.save(force_insert=True)
            record(
                case,
                EventKind.SUPPORTING_DOCUMENT,
                by=by,
                at=at,
                correction=number,
                document=str(document.pk),
                size=document.clear_size,
                sha256=document.clear_sha256,
            )
    except BaseException:
        destroy(document, at=at)
        raise
    return document


def take_back(document_id: uuid.UUID, case_id: uuid.UUID, *, by: Actor, at: datetime) -> None:
    """Whoever sent it wants it considered no more: nobody can look at it any more, the clock destroys it, and that it
    was there stays in the history. Raises MoveShut once it was decided on.
    """
    with transaction.atomic():
        case = locked(case_id)
        document = supporting.of_case(case).get(pk=document_id)
        if not supporting.may_be_taken_back(document):
            raise MoveShut(_("This document can't be taken back any more: it is decided on, or was taken back before."))
        document.taken_back_at = at
        document.save(update_fields=["taken_back_at"])
        number = document.asked.number
        record(case, EventKind.SUPPORTING_TAKEN_BACK, by=by, at=at, correction=number, document=str(document.pk))


def destroy(document: SupportingDocument, *, at: datetime) -> None:
    """Destroy its key and file; of a row that is kept, the caller empties what was sealed beside it."""
    if document.own_key is not None:
        keys.destroy(document.own_key, at=at)
    papers.discard(document)


def picture(document: SupportingDocument, number: int) -> bytes:
    """A page as a PNG; raises a VaultError, FileRefused with why it can't be shown."""
    content = papers.read(document)
    try:
        drawn = _sandbox().page(content, _kind(content), number, language=document.asked.case.submission.language)
    except Faulty as faulty:
        raise FileRefused(in_words(faulty.fault)) from None
    except CannotLockDown:
        raise _not_at_present() from None
    return burning.as_png(drawn)


def fault_of(content: bytes, language: str) -> str:
    """Why a paper can't be opened, and what to do; empty if it can, or where nothing can be looked at."""
    try:
        _sandbox().look(content, _kind(content), language=language)
    except Faulty as faulty:
        return in_words(faulty.fault)
    except CannotLockDown:  # staff save such a paper and look at it by themselves: nothing is drawn of it here
        return ""
    return ""


def note_seen(document: SupportingDocument, number: int, *, by: Actor, at: datetime) -> None:
    """Somebody of the desk opened a page; once each was, the document can be considered. The case is locked."""
    known = SupportingDocument.objects.get(pk=document.pk)
    if known.seen_at is not None or number in known.pages_seen:
        return
    known.pages_seen = sorted([*known.pages_seen, number])
    if not known.pages_left:
        known.seen_by, known.seen_at = by.slug, at
    known.save(update_fields=["pages_seen", "seen_by", "seen_at"])


def _with_room(case: Case, number: int, by: Actor) -> CorrectionAsked:
    """The correction of this number, if it takes one more document."""
    if not supporting.are_taken(case):
        raise MoveShut(_("This request takes no documents any more: it is carried out, or closed. You may ask anew."))
    if by in ON_THE_PAGE and not supporting.may_be_sent(case):
        raise MoveShut(_("Please confirm your mailbox first, with the code that we mailed to you."))
    asked: CorrectionAsked | None = case.corrections.select_related("case__submission").filter(number=number).first()
    if asked is None:
        raise MoveShut(_("Please choose what the document is about."))
    if asked.documents.standing().count() >= supporting.MOST:
        told = _("A correction takes at most %(most)s documents. Please write to us if there are more.")
        raise MoveShut(told % {"most": supporting.MOST})
    if supporting.of_case(case).count() >= supporting.MOST_OF_CASE:
        told = _("A request takes at most %(most)s documents. Please write to us if there are more.")
        raise MoveShut(told % {"most": supporting.MOST_OF_CASE})
    return asked


def _checked(asked: CorrectionAsked, sent: Sent, *, by: Actor, at: datetime) -> SupportingDocument:
    """The row of a document that can be taken, not saved yet."""
    note = _note(sent.note)
    content_type = papers.type_of(sent.content)
    document = SupportingDocument(
        id=uuid.uuid4(),
        asked=asked,
        content_type=content_type,
        pages=_pages(sent.content, asked.case.submission.language),
        clear_size=len(sent.content),
        clear_sha256=hashlib.sha256(sent.content).hexdigest(),
        sent_by=by.slug,
        sent_at=at,
        own_key=keys.create(FOLDER, at=at),
    )
    document.name, document.note = _name(sent.name), note
    return document


def _note(text: str) -> str:
    note = text.strip()
    if len(note) > MOST_LETTERS:
        raise NoteRefused(_("Please use at most %(most)s characters.") % {"most": MOST_LETTERS})
    if not is_usable(note):
        raise NoteRefused(_("This contains characters that can't be used. Please type it again."))
    return note


def _pages(content: bytes, language: str) -> int:
    try:
        return _sandbox().look(content, _kind(content), language=language)
    except Faulty as faulty:
        raise FileRefused(in_words(faulty.fault)) from None
    except CannotLockDown:
        logger.exception("No document is taken. Serve from Linux, or set DSAR_RENDER_UNLOCKED.")
        raise _not_at_present() from None


def _kind(content: bytes) -> Kind:
    found = kind_of(content)
    if found is None:
        raise FileRefused(_("Please send a PDF, PNG or JPEG file."))
    return found


def _name(name: str) -> str:
    """The name of a file as it can be shown: its end tells more than its beginning."""
    shown = "".join(letter for letter in name if letter.isprintable()).strip()
    return shown[-MOST_OF_A_NAME:]


def _sandbox() -> Sandbox:
    return Sandbox(unlocked=settings.RENDER_UNLOCKED, seconds=SECONDS)


def _not_at_present() -> FileRefused:
    return FileRefused(_("Documents can't be taken at present. Please write to the privacy team."))
