"""What people decide on documents: areas to black out, release, withholding whole, a redacted copy in its place."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dsar.jobs.queue import enqueue
from exports.fulfil.documents import keeping
from exports.fulfil.withholding import ground_against
from exports.models import Document, DocumentArea, DocumentChoice, DocumentPage, DocumentState
from exports.models.document import DocumentQuerySet
from requests_app.events import EventKind
from requests_app.law.values import Exemption
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import Actor
from requests_app.services.history import record

MOST_AREAS = 500  # on one page


@performs("mark_area")
def mark_area(
    case: Case,
    *,
    actor: Actor,
    at: datetime,
    page: str,
    left: str,
    top: str,
    right: str,
    bottom: str,
    code: str,
    explanation: str,
) -> None:
    """Have a rectangle of a page blacked out, on a ground for data that fits the case (G10)."""
    found = page_of(case, page)
    edges = _rectangle({"left": left, "top": top, "right": right, "bottom": bottom})
    ground = ground_against(case, code, explanation)
    if found.areas.count() >= MOST_AREAS:
        raise InputRefused({"page": _("That is as many areas as a page can have. Withhold the document instead.")})
    area = DocumentArea(page=found, marked_by=actor.slug, marked_at=at, **edges)
    area.code, area.citation = ground.code, ground.citation
    area.save()
    if explanation:  # sealed to its row, whose key is known now
        area.explanation = explanation
        area.save(update_fields=["explanation_sealed"])
    open_again(found.document)
    record(
        case,
        EventKind.MARK_AREA,
        by=actor,
        at=at,
        document=str(found.document_id),
        page=found.number,
        code=ground.code,
        citation=ground.citation,
    )


@performs("unmark_area")
def unmark_area(case: Case, *, actor: Actor, at: datetime, area: str) -> None:
    """Let a rectangle be seen again; its document is to be looked through again."""
    areas = DocumentArea.objects.filter(page__document__in=Document.objects.of_answer(case))
    found = areas.filter(pk=_number(area)).select_related("page__document").first()
    if found is None:
        raise InputRefused({"area": _("There is no such area in this case. Take it from the page of its document.")})
    document, number, code = found.page.document, found.page.number, found.code
    found.delete()
    open_again(document)
    record(case, EventKind.UNMARK_AREA, by=actor, at=at, document=str(document.pk), page=number, code=code)


@performs("decide_document")
def decide_document(
    case: Case, *, actor: Actor, at: datetime, document: str, choice: str, code: str, explanation: str
) -> None:
    """Release a document with its areas blacked out, withhold it whole, or have a redacted copy take its place.

    It is released only once each page was shown to somebody; the released copy is made by a job. Decided anew at will.
    """
    found = document_of(case, document)
    ground: Exemption | None = None
    if choice == DocumentChoice.RELEASE:
        check_looked_through(found)
    else:
        ground = ground_against(case, code, explanation)
    if choice == DocumentChoice.REPLACE:
        if not hasattr(found, "redacted"):
            raise InputRefused({"choice": _("No redacted copy was brought. Send one on the page of the document.")})
        check_looked_through(found.redacted)
    keeping.drop_copy(found)
    found.decision, found.decided_by, found.decided_at = choice, actor.slug, at
    found.code, found.citation = (ground.code, ground.citation) if ground else ("", "")
    found.explanation = explanation
    found.save()
    if found.is_released:
        key = f"release:{found.pk}:{case.version}"
        enqueue("make_released_copy", {"document": str(found.pk)}, key=key)
    facts = {"code": ground.code, "citation": ground.citation} if ground else {}
    areas = DocumentArea.objects.filter(page__document=found.shown).count() if found.is_released else 0
    record(
        case,
        EventKind.DECIDE_DOCUMENT,
        by=actor,
        at=at,
        document=str(found.pk),
        decided=choice,
        areas=areas,
        sha256=found.clear_sha256,
        **facts,
    )


def document_of(case: Case, document: str) -> Document:
    """A document of the case's answer that is decided on; raises InputRefused."""
    found = _documents(case).to_decide_on().filter(pk=_id(document)).first()
    if found is None:
        raise InputRefused(
            {"document": _("There is no such document in this case. Take it from the page of documents.")}
        )
    return found


def page_of(case: Case, page: str) -> DocumentPage:
    """A page of a document of the case's answer, or of a redacted copy; raises InputRefused."""
    pages = DocumentPage.objects.filter(document__in=Document.objects.of_answer(case))
    found = pages.select_related("document__task__case__submission", "document__replaces").filter(pk=_id(page)).first()
    if found is None:
        raise InputRefused({"page": _("There is no such page in this case. Take it from the page of documents.")})
    return found


def check_looked_through(document: Document) -> None:
    """Its pages are drawn, and each was shown to somebody; raises InputRefused."""
    if document.state != DocumentState.READY:
        raise InputRefused(
            {"choice": _("Its pages can't be shown: withhold it, or send a redacted copy that takes its place.")}
        )
    if left := document.pages.filter(seen_at=None).count():
        raise InputRefused(
            {
                "choice": ngettext(
                    "%(count)s page of it was shown to nobody yet. Look at it first.",
                    "%(count)s pages of it were shown to nobody yet. Look at them first.",
                    left,
                )
                % {"count": left}
            }
        )


def withheld(case: Case) -> int:
    """How many areas are blacked out, and documents withheld or replaced."""
    answered = Document.objects.of_answer(case)
    if not answered.exists():
        return 0
    whole = answered.to_decide_on().filter(decision__in=(DocumentChoice.WITHHOLD, DocumentChoice.REPLACE)).count()
    return whole + areas_of(case).count()


def areas_of(case: Case) -> QuerySet[DocumentArea]:
    """The areas on pages that are released."""
    answered = Document.objects.of_answer(case)
    marked = DocumentArea.objects.filter(page__document__in=answered)
    return marked.filter(page__document__decision__in=(DocumentChoice.OPEN, DocumentChoice.RELEASE)).filter(
        page__document__replaces=None
    ) | marked.filter(page__document__replaces__decision=DocumentChoice.REPLACE)


def shut_because(case: Case) -> str:
    """Why the documents can't be handed over yet; empty if they can."""
    documents = list(Document.objects.of_answer(case).to_decide_on())
    if any(item.state == DocumentState.WAITING for item in documents):
        return _("Documents that were brought are being drawn. Approve once that is done, and they are looked through.")
    if count := sum(item.decision == DocumentChoice.OPEN for item in documents):
        return ngettext(
            "%(count)s document was not looked through yet. Look at its pages, and release or withhold it.",
            "%(count)s documents were not looked through yet. Look at their pages, and release or withhold each.",
            count,
        ) % {"count": count}
    if any(item.is_released and not item.copy_clear_sha256 for item in documents):
        return _(
            "The copies of documents that are released are being made. Approve once that is done; if it takes long,"
            " look among the failed jobs."
        )
    return ""


def _documents(case: Case) -> DocumentQuerySet:
    return Document.objects.of_answer(case).select_related("task__case__submission", "task__source", "redacted")


def open_again(document: Document) -> None:
    """A page has changed: what was decided on the document, or on the one that it replaces, holds no longer."""
    decided = document.replaces or document
    keeping.drop_copy(decided)
    decided.decision, decided.code, decided.citation = DocumentChoice.OPEN, "", ""
    decided.save()


def _rectangle(edges: dict[str, str]) -> dict[str, int]:
    errors, values = {}, dict[str, int]()
    for name, value in edges.items():
        if not value.isdecimal() or len(value) > 4 or int(value) > DocumentArea.WHOLE:
            errors[name] = _("Please give a whole number from 0 to 1000.")
        else:
            values[name] = int(value)
    if errors:
        raise InputRefused(errors)
    if values["right"] <= values["left"]:
        raise InputRefused({"right": _("The right edge lies to the right of the left one.")})
    if values["bottom"] <= values["top"]:
        raise InputRefused({"bottom": _("The lower edge lies below the upper one.")})
    return values


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 18 else 0
