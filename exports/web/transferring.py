"""Direct transfer on the case page: the person chooses a receiver, reads what is sent to whom, and confirms it."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from exports.bundle.age import fingerprint
from exports.fulfil import hand_over, transfer
from exports.fulfil.hand_over import NotHandedOver
from exports.models import Bundle, Receiver, Transfer, TransferState
from exports.web.download import OpenForm, answers_asked, find_bundle
from requests_app.models import Case, CodePurpose, Submission
from requests_app.services import codes, entering
from requests_app.states import State
from requests_app.web.sections import Section, register
from requests_app.web.session import person_page, receives, who_acts


@register
def transfer_section(case: Case) -> Section | None:
    """On the case page of a portability request: the receivers to choose from, and what became of the choice."""
    at = timezone.now()
    current = transfer.current(case)
    bundle = hand_over.available(case, at)
    may_choose = transfer.is_offered(case) and (bundle is not None or case.state != State.CLOSED)
    receivers = list(Receiver.objects.in_force()) if may_choose else []
    if current is None and not receivers:
        return None
    context = {
        "transfer": current,
        "receivers": receivers if current is None or current.state == TransferState.SENT else [],
        "is_in_force": current is not None and current.receiver.is_in_force,
        "is_ready": bundle is not None,
    }
    return Section("portal/transfer.html", context)


@person_page
@require_POST
def choose(request: HttpRequest, submission: Submission, right: str) -> HttpResponse:
    """Name a receiver, or take the choice back; nothing is sent by either."""
    case = submission.cases.filter(right=right).first()
    if case is None or not receives(request, submission):
        raise Http404
    at, by, given = timezone.now(), who_acts(request, submission), request.POST.get("receiver", "")
    try:
        if request.POST.get("do") == "take_back":
            transfer.take_back(case.pk, at=at, by=by)
            messages.success(request, _("Your choice is taken back. Nothing is sent."))
        elif given.isascii() and given.isdigit() and len(given) < 10:
            transfer.choose(case.pk, int(given), at=at, by=by)
            messages.success(request, _("Your choice is noted. Nothing is sent before you have confirmed it."))
        else:
            messages.error(request, _("Please choose a receiver."))
    except NotHandedOver as refused:
        messages.error(request, str(refused))
    return redirect("portal:case")


@person_page
@require_POST
def send_code(request: HttpRequest, submission: Submission, right: str) -> HttpResponse:
    """Mail a fresh code with which to confirm."""
    at = timezone.now()
    _chosen(request, submission, right, at)
    if not submission.codes.download_is_closed():
        try:
            entering.send_code(submission, CodePurpose.DOWNLOAD, at=at)
        except codes.TooManyCodes:
            messages.error(request, _("Too many codes were asked for. Please wait an hour and try again."))
            return redirect("portal:case")
        messages.info(request, _("We have mailed you a fresh code. It works for 20 minutes."))
    return redirect("bundle:transfer", right)


@person_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, submission: Submission, right: str) -> HttpResponse:
    """What is sent to whom, and the code and the answer with which the person confirms it, as strong as a download."""
    at = timezone.now()
    bundle, chosen = _chosen(request, submission, right, at)
    asked = answers_asked(bundle.case)
    posted = request.POST if request.method == "POST" else None
    form = OpenForm(posted, asked=asked)
    if posted is not None and posted.get("transfer") != str(chosen.pk):
        messages.error(request, _("Your choice was changed meanwhile. Please look at it again."))
        return redirect("portal:case")
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        if entering.open_file(bundle.case, code=given["code"], answer=given["answer"], at=at):
            return _confirmed(request, submission, chosen, at)
        form.complain(needs_answer=bool(asked))
    context = {
        "case": bundle.case,
        "bundle": bundle,
        "transfer": chosen,
        "receiver": chosen.receiver,
        "fingerprint": fingerprint(chosen.receiver.public_key),
        "form": form,
        "needs_answer": bool(asked),
        "has_code": codes.is_live(submission, CodePurpose.DOWNLOAD, at=at),
        "is_closed": submission.codes.download_is_closed(),
    }
    return render(request, "portal/confirm_transfer.html", context, status=400 if form.errors else 200)


def _confirmed(request: HttpRequest, submission: Submission, chosen: Transfer, at: datetime) -> HttpResponse:
    try:
        transfer.confirm(chosen.case_id, chosen.pk, at=at, by=who_acts(request, submission))
    except NotHandedOver as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Thank you. We are sending your file."))
    return redirect("portal:case")


def _chosen(request: HttpRequest, submission: Submission, right: str, at: datetime) -> tuple[Bundle, Transfer]:
    """The file that is ready and the receiver that waits to be confirmed; 404 without both."""
    bundle = find_bundle(request, submission, right, at, hand_over.available)
    chosen = transfer.current(bundle.case)
    if chosen is None or chosen.state != TransferState.CHOSEN or not chosen.receiver.is_in_force:
        raise Http404
    return bundle, chosen
