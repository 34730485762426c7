"""Bytes in a record as the desk sees them: kind and size beside the field, and pictures on a page of their own."""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from exports.bundle.redaction import text_in
from exports.documents.kinds import Kind, is_office_or_archive, kind_of
from exports.fulfil.documents import showing
from exports.fulfil.documents.showing import NotShown, Shown
from requests_app.admin import sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.services.history import record_access

SLUG, PICTURE = "bytes", "bytes_picture"
BEGINNING = 48  # bytes that are shown of what can't be drawn
KINDS = {
    Kind.PDF: "PDF",
    Kind.PNG: gettext_lazy("picture (PNG)"),
    Kind.JPEG: gettext_lazy("picture (JPEG)"),
    Kind.TIFF: gettext_lazy("picture (TIFF)"),
    Kind.GIF: gettext_lazy("picture (GIF)"),
    Kind.WEBP: gettext_lazy("picture (WebP)"),
    Kind.MAIL: gettext_lazy("mail"),
}


def in_words(content: bytes) -> str:
    """What bytes are and how many; what they say if they are a text, and how they begin if they can't be drawn."""
    size, kind = {"bytes": len(content)}, kind_of(content)
    if kind:
        return _("%(kind)s, %(bytes)s bytes") % {"kind": KINDS[kind], **size}
    if text := text_in(content):
        return _("text in binary data, %(bytes)s bytes: %(text)s") % {"text": text, **size}
    if is_office_or_archive(content):
        return _("Office file or archive, %(bytes)s bytes: not drawn. Open it where it is kept, or withhold it") % size
    about = _("binary data, %(bytes)s bytes") % size
    return f"{about}: {beginning(content)}" if content else about


def beginning(content: bytes) -> str:
    """The first bytes, as numbers and as letters."""
    first = content[:BEGINNING]
    letters = "".join(chr(code) if 32 <= code < 127 else "." for code in first)
    return f"{first.hex(' ')}{' …' if len(content) > BEGINNING else ''} ({letters})"


def url(case: Case, finding: str, column: str, content: bytes, back: str) -> str:
    """The page on which bytes are looked at; empty if they can't be drawn."""
    return _url(SLUG, case, finding=finding, field=column, back=back) if kind_of(content) else ""


@sections.page(SLUG)
def in_bytes(request: HttpRequest, case: Case) -> HttpResponse:
    """One page of what stands in a field, or why it can't be drawn and how it begins; the look is noted."""
    shown = _find(request, case)
    _note(request, case, shown)
    context: dict[str, object] = {
        **context_of(request, case),
        "title_of_field": shown.field.title.in_language(get_language() or "en"),
        "about": _("%(kind)s, %(bytes)s bytes") % {"kind": KINDS[shown.kind], "bytes": len(shown.content)},
        "is_mail": shown.kind is Kind.MAIL,
        "sha256": hashlib.sha256(shown.content).hexdigest(),
        "back": _back(request, case),
    }
    try:
        last = shown.pages()
    except NotShown as why:
        context |= {"fault": str(why), "beginning": beginning(shown.content)}
    else:
        context |= _page(request, case, last)
    return TemplateResponse(request, "admin/exports/in_bytes.html", context)


@sections.page(PICTURE)
def picture(request: HttpRequest, case: Case) -> HttpResponse:
    """One page as a picture, drawn now and kept nowhere; the look is noted."""
    shown = _find(request, case)
    number = _number(request, most=len(shown.content))
    try:
        png = shown.picture(number)
    except NotShown:
        raise Http404 from None
    _note(request, case, shown, page=number)
    headers = {"Cache-Control": "no-store, private", "X-Content-Type-Options": "nosniff"}
    return HttpResponse(png, content_type="image/png", headers=headers)


def _find(request: HttpRequest, case: Case) -> Shown:
    try:
        return showing.find(case, request.GET.get("finding", ""), request.GET.get("field", ""))
    except InputRefused:
        raise Http404 from None


def _note(request: HttpRequest, case: Case, shown: Shown, **facts: int) -> None:
    part, number = shown.finding.part, shown.finding.number
    with transaction.atomic():
        record_access(
            by=actor_of(request),
            what="findings",
            at=timezone.now(),
            case=str(case.pk),
            part=str(part.pk),
            start=number,
            field=shown.field.column,
            **facts,
        )


def _page(request: HttpRequest, case: Case, last: int) -> dict[str, object]:
    asked = {name: request.GET.get(name, "") for name in ("finding", "field", "back")}
    number = _number(request, most=last)
    return {
        "page": number,
        "last": last,
        "previous_url": _url(SLUG, case, **asked, page=number - 1) if number > 1 else "",
        "next_url": _url(SLUG, case, **asked, page=number + 1) if number < last else "",
        "picture_url": _url(PICTURE, case, finding=asked["finding"], field=asked["field"], page=number),
    }


def _back(request: HttpRequest, case: Case) -> str:
    """The page of the case from which one came; else the findings."""
    findings, given = reverse("admin:requests_app_case_findings", args=[case.pk]), request.GET.get("back", "")
    return given if given.startswith(findings.removesuffix("findings/")) else findings


def _number(request: HttpRequest, *, most: int) -> int:
    asked = request.GET.get("page", "")
    return min(max(int(asked) if asked.isdecimal() and len(asked) < 6 else 1, 1), most)


def _url(slug: str, case: Case, **query: str | int) -> str:
    return f"{reverse(f'admin:requests_app_case_{slug}', args=[case.pk])}?{urlencode(query)}"
