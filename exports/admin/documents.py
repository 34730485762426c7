"""The documents of a case, page by page as pictures: looked at, marked, and decided on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.vault.errors import VaultError
from exports.admin.panels import may
from exports.documents.kinds import Fault
from exports.fulfil.documents import deciding, keeping, replacing, taking
from exports.fulfil.grounds import ground_of
from exports.fulfil.tasks.opening import DESK, AnswerRefused, NotYours
from exports.models import Document, DocumentArea, DocumentChoice, DocumentPage, DocumentState
from requests_app import choices
from requests_app.admin import sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of
from requests_app.admin.queue import badge
from requests_app.admin.sureness import of_ground
from requests_app.admin.timeline import names_of
from requests_app.finding_moves import EDGES
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.roles import Actor
from requests_app.services.history import locked, record_access

TONES = {
    DocumentChoice.OPEN: "late",
    DocumentChoice.RELEASE: "sure",
    DocumentChoice.WITHHOLD: "near",
    DocumentChoice.REPLACE: "near",
}
STANDINGS = {
    DocumentChoice.OPEN: gettext_lazy("to look through"),
    DocumentChoice.RELEASE: gettext_lazy("released"),
    DocumentChoice.WITHHOLD: gettext_lazy("withheld"),
    DocumentChoice.REPLACE: gettext_lazy("replaced"),
}
DECIDED = {
    DocumentChoice.RELEASE: gettext_lazy("Decided: it is released, with its areas blacked out."),
    DocumentChoice.WITHHOLD: gettext_lazy("Decided: it is withheld whole."),
    DocumentChoice.REPLACE: gettext_lazy("Decided: the redacted copy is released in its place."),
}
MOVES = ("mark_area", "unmark_area", "decide_document")


@dataclass(frozen=True)
class Line:
    """One document in the list."""

    title: str
    url: str
    standing: SafeString
    is_current: bool
    is_copy: bool


@dataclass(frozen=True)
class Marked:
    """One area on the page: where it lies in hundredths of the page, and its ground."""

    pk: int
    number: int
    left: float
    top: float
    width: float
    height: float
    ground: str
    citation: str
    sureness: SafeString
    explanation: str
    who: str


@sections.page("documents")
def documents(request: HttpRequest, case: Case) -> HttpResponse:
    """One page of one document, with what may be done; a redacted copy is taken here."""
    if request.method == "POST":
        return _bring(request, case)
    found = list(_documents(case))
    current = next((item for item in found if str(item.pk) == request.GET.get("document")), found[0] if found else None)
    context = {
        **context_of(request, case),
        "lines": [_line(case, item, is_current=item == current) for item in found],
        "current": current,
        "back": request.get_full_path(),
        "edges": EDGES,
        "grounds": choices.grounds_for_data(case),
        "decisions": choices.document_choices(case),
        "most_megabytes": settings.MOST_UPLOADED // taking.MEGABYTE,
        "open": {slug for slug in MOVES if may(slug, case, actor_of(request))},
        **{f"{slug}_url": reverse("admin:requests_app_case_move", args=[case.pk, slug]) for slug in MOVES},
        **(_of_document(request, case, current) if current else {}),
    }
    return TemplateResponse(request, "admin/exports/documents.html", context)


@sections.page("picture")
def picture(request: HttpRequest, case: Case) -> HttpResponse:
    """One page as a picture, kept by no browser. The look is noted, and counts as looked at if it is the desk's."""
    try:
        page = deciding.page_of(case, request.GET.get("page", ""))
        png = keeping.picture(page)
    except (InputRefused, VaultError):
        raise Http404 from None
    actor, at = actor_of(request), timezone.now()
    with transaction.atomic():
        locked(case.pk)
        record_access(
            by=actor, what="document", at=at, case=str(case.pk), document=str(page.document_id), page=page.number
        )
        if actor.roles & DESK:
            DocumentPage.objects.filter(pk=page.pk, seen_at=None).update(seen_by=actor.slug, seen_at=at)
    headers = {"Cache-Control": "no-store, private", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(png, content_type="image/png", headers=headers)


def _bring(request: HttpRequest, case: Case) -> HttpResponse:
    """Take a redacted copy; what is wrong with it is told on the page."""
    sent = request.FILES.get("copy")
    content = sent.read(settings.MOST_UPLOADED + 1) if sent else b""
    try:
        replacing.bring(case.pk, request.POST.get("document", ""), content, by=actor_of(request), at=timezone.now())
    except NotYours:
        raise PermissionDenied from None
    except AnswerRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("The redacted copy is kept, and being drawn. Look it through, then decide."))
    return HttpResponseRedirect(_url(case, request.POST.get("document", "")))


def _documents(case: Case) -> Sequence[Document]:
    known = Document.objects.of_answer(case).order_by("task__run__position", "sent_at", "label")
    return list(known.select_related("task__source", "task__case__submission", "replaces"))


def _url(case: Case, document: object, page: int = 1) -> str:
    query = urlencode({"document": str(document), "page": page})
    return f"{reverse('admin:requests_app_case_documents', args=[case.pk])}?{query}"


def _line(case: Case, document: Document, *, is_current: bool) -> Line:
    is_copy = document.replaces is not None
    if document.state != DocumentState.READY:
        standing = badge(document.get_state_display(), "wait" if document.state == DocumentState.WAITING else "late")
    elif is_copy:
        standing = badge(_("redacted copy"), "quiet")
    else:
        choice = DocumentChoice(document.decision)
        standing = badge(STANDINGS[choice], TONES[choice])
    title = f"{document.task.source.title}, {document.label}"
    return Line(title, _url(case, document.pk), standing, is_current, is_copy)


def _of_document(request: HttpRequest, case: Case, document: Document) -> dict[str, object]:
    pages = list(document.pages.all())
    asked = request.GET.get("page", "")
    number = min(max(int(asked) if asked.isdecimal() and len(asked) < 6 else 1, 1), max(len(pages), 1))
    page = pages[number - 1] if pages else None
    return {
        "page": page,
        "last": len(pages),
        "unseen": sum(item.seen_at is None for item in pages if item != page),
        "previous_url": _url(case, document.pk, number - 1) if number > 1 else "",
        "next_url": _url(case, document.pk, number + 1) if number < len(pages) else "",
        "picture_url": f"{reverse('admin:requests_app_case_picture', args=[case.pk])}?page={page.pk}" if page else "",
        "areas": _areas(page, case) if page else [],
        "decided": document.replaces or document,
        "decision": DECIDED.get(DocumentChoice(document.decision), ""),
        "ground": _title(case, document.code),
        "sureness": of_ground(case, document.code),
        "fault": _in_words(document.fault),
        "has_copy": Document.objects.filter(replaces=document).exists(),
    }


def _title(case: Case, code: str) -> str:
    """A ground in the words of the case's laws; by its code alone if they know it no longer."""
    found = ground_of(case, code) if code else None
    return str(found.title) if found else code


def _areas(page: DocumentPage, case: Case) -> list[Marked]:
    rows = list(DocumentArea.objects.filter(page=page).select_related("page__document__task__case__submission"))
    names = names_of(row.marked_by for row in rows)
    return [
        Marked(
            row.pk,
            number,
            row.left / 10,
            row.top / 10,
            (row.right - row.left) / 10,
            (row.bottom - row.top) / 10,
            _title(case, row.code),
            row.citation,
            of_ground(case, row.code),
            row.explanation,
            names[row.marked_by],
        )
        for number, row in enumerate(rows, 1)
    ]


def _in_words(fault: str) -> str:
    """Why a document can't be shown."""
    known = {item.name.lower(): item for item in Fault}
    return taking.in_words(known[fault]) if fault in known else _("It could not be drawn; look among the failed jobs.")


@sections.panel
def documents_panel(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """The documents of the present round, with what was decided on each."""
    found = [item for item in _documents(case) if item.replaces is None]
    if not found:
        return None
    lines = [
        (_line(case, item, is_current=False), item, _title(case, item.code), of_ground(case, item.code))
        for item in found
    ]
    context = {"lines": lines}
    label, template = gettext_lazy("Documents"), "admin/exports/documents_panel.html"
    return sections.Panel("documents", label, template, context, decides=True)


@sections.link
def to_documents(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to the documents, once there are any."""
    if not Document.objects.of_answer(case).exists():
        return None
    url = reverse("admin:requests_app_case_documents", args=[case.pk])
    return sections.Link(gettext_lazy("Documents"), url, "description")


@sections.starts("mark_area")
def where_to_mark(case: Case) -> str:
    """Areas are marked on the page of a document."""
    return reverse("admin:requests_app_case_documents", args=[case.pk])


@sections.starts("unmark_area")
def where_to_unmark(case: Case) -> str:
    """So are they taken away."""
    return where_to_mark(case)


@sections.starts("decide_document")
def where_to_decide(case: Case) -> str:
    """A document is decided on where it is looked at."""
    return where_to_mark(case)
