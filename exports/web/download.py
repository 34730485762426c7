"""The person fetches the bundle: a fresh code, and something that the mailbox alone can't give, buy a ticket."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dsar.vault.errors import VaultError
from exports.fulfil import hand_over
from exports.models import Bundle
from exports.web import ranges
from requests_app.models import Case, CodePurpose, Submission
from requests_app.ports import systems
from requests_app.services import codes, entering, identity
from requests_app.web import downloads
from requests_app.web.forms import PortalForm
from requests_app.web.pages import language
from requests_app.web.sections import Section, register
from requests_app.web.session import TICKET, person_page, receives, who_acts

Find = Callable[[Case, datetime], Bundle | None]

logger = logging.getLogger(__name__)

ZIP = "application/zip"
TICKET_LIFE = timedelta(hours=1)


class OpenForm(PortalForm):
    """The fresh code, and one of the answers with which the person proved himself."""

    code = forms.CharField(
        label=gettext_lazy("Code from our e-mail"),
        error_messages={"required": gettext_lazy("Please type the code from our e-mail.")},
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    answer = forms.CharField(
        label=gettext_lazy("One of the answers you gave us as proof"),
        max_length=200,
        required=False,
    )

    def __init__(self, data: QueryDict | None, *, asked: Collection[str]) -> None:
        super().__init__(data)
        # Translators: kinds of answers, such as "Account number, Date of birth"
        self.fields["answer"].help_text = _("As you gave it then, one of: %(kinds)s.") % {"kinds": ", ".join(asked)}

    def complain(self, *, needs_answer: bool) -> None:
        """Say that it opens nothing, and never which of the two was wrong."""
        both = _("That does not open the file. Check both, or ask for a fresh code.")
        self.add_error(
            None, both if needs_answer else _("That code does not open the file. Check it, or ask for a fresh one.")
        )


@register
def bundle_section(case: Case) -> Section | None:
    """On the case page: the data is ready, or was and has expired."""
    bundle = Bundle.objects.filter(case=case).first()
    if bundle is None:
        return None
    at = timezone.now()
    context = {
        "bundle": bundle,
        "is_available": bundle.is_available(at),
        "may_renew": hand_over.may_renew(bundle, at),
        "is_kept": at < bundle.content_ends_at,
        "content_days": settings.CONTENT_LIFE.days,
    }
    return Section("portal/bundle.html", context)


@person_page
@require_POST
def send_code(request: HttpRequest, submission: Submission, right: str) -> HttpResponse:
    """Mail a fresh code for the download, or for making the file available again."""
    find_bundle(request, submission, right, timezone.now(), hand_over.within_reach)
    if submission.codes.download_is_closed():
        return redirect("bundle:open", right)
    try:
        entering.send_code(submission, CodePurpose.DOWNLOAD, at=timezone.now())
    except codes.TooManyCodes:
        messages.error(request, _("Too many codes were asked for. Please wait an hour and try again."))
        return redirect("portal:case")
    messages.info(request, _("We have mailed you a fresh code. It works for 20 minutes."))
    return redirect("bundle:open", right)


@person_page
@require_http_methods(["GET", "HEAD", "POST"])
def open_bundle(request: HttpRequest, submission: Submission, right: str) -> HttpResponse:
    """Take the code and the answer; then the file may be fetched for an hour. What has expired is renewed by it."""
    at = timezone.now()
    bundle = find_bundle(request, submission, right, at, hand_over.within_reach)
    asked = answers_asked(bundle.case)
    form = OpenForm(request.POST if request.method == "POST" else None, asked=asked)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        if entering.open_file(bundle.case, code=given["code"], answer=given["answer"], at=at):
            if not bundle.is_available(at):
                bundle = hand_over.renew(bundle.case_id, by=who_acts(request, submission), at=at)
            request.session[TICKET] = [str(bundle.pk), (at + TICKET_LIFE).isoformat()]
            return redirect("bundle:open", right)
        form.complain(needs_answer=bool(asked))
    context = {
        "case": bundle.case,
        "bundle": bundle,
        "renews": not bundle.is_available(at),
        "form": form,
        "needs_answer": bool(asked),
        "has_code": codes.is_live(submission, CodePurpose.DOWNLOAD, at=at),
        "has_ticket": _has_ticket(request, bundle, at),
        "is_closed": submission.codes.download_is_closed(),
    }
    return render(request, "portal/open_bundle.html", context, status=400 if form.errors else 200)


@person_page
@require_safe
def fetch(request: HttpRequest, submission: Submission, right: str) -> HttpResponseBase:
    """The file itself, streamed, whole or from where it broke off; a damaged file releases nothing.

    HEAD has the headers of the whole: nothing is opened, and nothing was handed over.
    """
    at = timezone.now()
    bundle = find_bundle(request, submission, right, at, hand_over.available)
    if not _has_ticket(request, bundle, at):
        messages.info(request, _("Please ask for a fresh code first."))
        return redirect("bundle:open", right)
    headers, etag = request.headers, f'"{bundle.sha256}"'
    described = {
        "Content-Disposition": f'attachment; filename="{submission.reference}.zip"',
        "Accept-Ranges": "bytes",
        "ETag": etag,
    }
    if request.method == "HEAD":
        described["Content-Length"] = str(bundle.clear_size)
        return HttpResponse(content_type=ZIP, headers=described)
    try:
        wanted = ranges.asked_for(
            headers.get("Range"), size=bundle.clear_size, if_range=headers.get("If-Range"), etag=etag
        )
    except ranges.NotSatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{bundle.clear_size}"})
    place = downloads.take_place()
    if place is None:
        return _busy(request)
    try:
        by = who_acts(request, submission)
        pieces = hand_over.start_download(bundle, at=at, by=by, first=wanted.first, length=wanted.length)
    except VaultError as error:
        place.give_back()
        logger.error("The bundle %s can't be opened: %s.", bundle.pk, type(error).__name__)  # noqa: TRY400 - no text
        messages.error(request, _("The file could not be opened. We have been told; please write to us."))
        return redirect("portal:case")
    except BaseException:
        place.give_back()
        raise
    status = 200 if wanted.is_whole else 206
    response = downloads.Streamed(pieces, place, content_type=ZIP, headers=described, status=status)
    response["Content-Length"] = str(wanted.length)
    if not wanted.is_whole:
        response["Content-Range"] = str(wanted)
    return response


def _busy(request: HttpRequest) -> HttpResponse:
    response = render(request, "portal/busy.html", status=503)
    response["Retry-After"] = str(downloads.BUSY_SECONDS)
    return response


def find_bundle(request: HttpRequest, submission: Submission, right: str, at: datetime, find: Find) -> Bundle:
    """The bundle of a right, for whom it is handed over to; 404 if there is none that ``find`` lets them have now."""
    if not receives(request, submission):
        raise Http404
    case = submission.cases.filter(right=right).first()
    bundle = find(case, at) if case else None
    if bundle is None:
        raise Http404
    return bundle


def answers_asked(case: Case) -> list[str]:
    """What may be answered, in words: only what was asked for, or came with the request, and matched."""
    titles = systems().question_titles(language())
    return [titles.get(kind, kind) for kind in sorted(identity.answers_asked(case))]


def _has_ticket(request: HttpRequest, bundle: Bundle, at: datetime) -> bool:
    ticket, until = request.session.get(TICKET, ("", ""))
    return bool(ticket == str(bundle.pk) and at.isoformat() < until)
