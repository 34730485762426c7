"""The documents that a person sent for a correction: looked at as pictures, and added where they came by post."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dsar.vault.errors import VaultError
from exports.fulfil.corrections import supporting as service
from exports.fulfil.corrections.supporting import MOST_LETTERS, NoteRefused, Sent
from requests_app import stating, supporting
from requests_app.admin import sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of, unsealed
from requests_app.admin.queue import badge
from requests_app.admin.timeline import names_of
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, SupportingDocument
from requests_app.move import DESK
from requests_app.roles import Actor
from requests_app.services.history import locked, record_access
from requests_app.services.papers import MOST_BYTES, FileRefused

SLUG, PICTURE = "supporting", "supporting_picture"


@dataclass(frozen=True)
class Line:
    """One document in a list."""

    document: SupportingDocument
    number: int  # among those on its correction
    title: str  # of its correction
    name: str
    note: str
    kind: str
    who: str
    url: str
    standing: SafeString


@sections.page(SLUG)
def documents(request: HttpRequest, case: Case) -> HttpResponse:
    """One page of one document, with all there are; what came by post is added here."""
    if request.method == "POST":
        return _add(request, case)
    if case.right_asked != Right.CORRECT:
        raise Http404
    lines = lines_of(case)
    current = next((line for line in lines if str(line.document.pk) == request.GET.get("document")), None)
    current = current or (lines[0] if lines else None)
    context = {
        **context_of(request, case),
        "lines": lines,
        "current": current,
        "corrections": stating.names_of(case.corrections.select_related("case__submission"), "en"),
        "may_add": bool(actor_of(request).roles & DESK) and supporting.are_taken(case),
        "is_open": case.state in supporting.WHILE,
        "most_letters": MOST_LETTERS,
        **(_page_of(request, case, current.document) if current and not current.document.taken_back_at else {}),
    }
    return TemplateResponse(request, "admin/exports/supporting.html", context)


@sections.page(PICTURE)
def picture(request: HttpRequest, case: Case) -> HttpResponse:
    """One page as a picture, drawn now and kept nowhere. The look is noted, and counts if it is the desk's."""
    document = _find(case, request.GET.get("document", ""))
    number = _number(request, document)
    try:
        png = service.picture(document, number)
    except (FileRefused, VaultError):
        raise Http404 from None
    actor, at = actor_of(request), timezone.now()
    with transaction.atomic():
        locked(case.pk)
        record_access(by=actor, what=SLUG, at=at, case=str(case.pk), document=str(document.pk), page=number)
        if actor.roles & DESK:
            service.note_seen(document, number, by=actor, at=at)
    headers = {"Cache-Control": "no-store, private", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(png, content_type="image/png", headers=headers)


def lines_of(case: Case) -> list[Line]:
    """All documents of a case, correction by correction."""
    sent = list(supporting.of_case(case))
    titles = stating.names_of((document.asked for document in sent), "en")
    names = names_of(document.sent_by for document in sent)
    return [
        Line(
            document=document,
            number=number,
            title=titles[document.asked.number],
            name="" if document.taken_back_at else unsealed(document, "name"),
            note="" if document.taken_back_at else unsealed(document, "note"),
            kind=document.content_type.rpartition("/")[2].upper(),
            who=names[document.sent_by],
            url=_url(case, document),
            standing=_standing(document),
        )
        for number, document in supporting.numbered(sent)
    ]


@sections.panel
def supporting_panel(case: Case, actor: Actor) -> sections.Panel | None:  # noqa: ARG001
    """The documents that came for a correction, beside the moves that decide on it."""
    lines = lines_of(case) if case.right_asked == Right.CORRECT else []
    if not lines:
        return None
    label, template = gettext_lazy("Supporting documents"), "admin/exports/supporting_panel.html"
    return sections.Panel(SLUG, label, template, {"lines": lines}, decides=True)


@sections.link
def to_supporting(case: Case, actor: Actor) -> sections.Link | None:  # noqa: ARG001
    """The way to them, and to add one."""
    if case.right_asked != Right.CORRECT:
        return None
    return sections.Link(gettext_lazy("Supporting documents"), _url(case), "attach_file")


def _add(request: HttpRequest, case: Case) -> HttpResponse:
    """Take a document that came by post; what is wrong with it is told on the page."""
    actor = actor_of(request)
    if not actor.roles & DESK:
        raise PermissionDenied
    file, number = request.FILES.get("document"), request.POST.get("correction", "")
    content = file.read(MOST_BYTES + 1) if file is not None else b""
    sent = Sent(content, (file.name or "") if file is not None else "", request.POST.get("note", ""))
    chosen = int(number) if number.isdecimal() and len(number) < 4 else 0
    try:
        document = service.take(case.pk, chosen, sent, by=actor, at=timezone.now())
    except (MoveShut, FileRefused, NoteRefused) as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(_url(case))
    messages.success(request, _("The document is kept with the request."))
    return HttpResponseRedirect(_url(case, document))


def _standing(document: SupportingDocument) -> SafeString:
    if document.taken_back_at:
        return badge(_("taken back"), "quiet")
    left = len(document.pages_left)
    if not left:
        return badge(_("looked at"), "sure")
    told = ngettext("%(left)s page to look at", "%(left)s pages to look at", left)
    return badge(told % {"left": left}, "late")


def _page_of(request: HttpRequest, case: Case, document: SupportingDocument) -> dict[str, object]:
    number, last = _number(request, document), document.pages
    left = [page for page in document.pages_left if page != number]
    skipped = next((page for page in left if page > number), left[0] if left else 0)
    query = urlencode({"document": str(document.pk), "page": number})
    return {
        "page": number,
        "last": last,
        "previous_url": _url(case, document, number - 1) if number > 1 else "",
        "next_url": _url(case, document, number + 1) if number < last else "",
        "skipped": skipped,
        "skipped_url": _url(case, document, skipped) if skipped not in {0, number + 1} else "",
        "picture_url": f"{reverse(f'admin:requests_app_case_{PICTURE}', args=[case.pk])}?{query}",
    }


def _number(request: HttpRequest, document: SupportingDocument) -> int:
    asked = request.GET.get("page", "")
    return min(max(int(asked) if asked.isdecimal() and len(asked) < 6 else 1, 1), document.pages)


def _find(case: Case, asked: str) -> SupportingDocument:
    """A document of the case that can be looked at."""
    found = next((document for document in supporting.of_case(case).standing() if str(document.pk) == asked), None)
    if found is None:
        raise Http404
    return found


def _url(case: Case, document: SupportingDocument | None = None, page: int = 1) -> str:
    address = reverse(f"admin:requests_app_case_{SLUG}", args=[case.pk])
    return f"{address}?{urlencode({'document': str(document.pk), 'page': page})}" if document else address
