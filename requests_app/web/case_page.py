"""The case page: where each case stands, the letters, proof of identity, and taking a request back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from requests_app import endings
from requests_app.guards import MoveShut
from requests_app.models import Message, Submission
from requests_app.services import closing, identity, permissions
from requests_app.services.letters import Letter, right_title
from requests_app.services.paragraphs import paragraphs
from requests_app.web import session
from requests_app.web.asking_for_another import authority
from requests_app.web.forms import ProofForm
from requests_app.web.pages import language
from requests_app.web.progress import TO_PERSON, Progress, all_progress
from requests_app.web.proof import Proof, proof
from requests_app.web.sections import rendered
from requests_app.web.session import person_page

# Letters that carry a code prove that somebody reads the mailbox; shown here they would prove nothing.
WITH_CODE = (Letter.RECEIPT, Letter.ENTRY_CODE, Letter.DOWNLOAD_CODE, Letter.OPT_IN_CONFIRM)


@dataclass(frozen=True)
class ShownLetter:
    """A letter as the page shows it: its lines joined again to paragraphs, for screens of any width."""

    subject: str
    about: str  # what was asked for, where the request asks for several things
    sent_at: datetime
    paragraphs: list[str]


@person_page
@require_http_methods(["GET", "HEAD", "POST"])
def case_page(request: HttpRequest, submission: Submission) -> HttpResponse:
    """Everything about this person's request; posting offers proof of identity."""
    if session.is_person(request):
        return _of_the_person(request, submission)
    asked = proof(submission, language())
    form = _proof_form(request, asked)
    if form is not None and form.is_bound and form.is_valid() and _offered(submission, form):
        messages.success(request, _("Thank you. We are comparing your answers with our records."))
        return redirect("portal:case")
    cases = all_progress(submission, language(), at=timezone.now())
    context = {
        "submission": submission,
        "cases": _with_sections(request, submission, cases),
        "proof": asked,
        "authority": authority(submission, language()),
        "form": form,
        "letters": _letters(submission),
    }
    return render(request, "portal/case.html", context)


def _of_the_person(request: HttpRequest, submission: Submission) -> HttpResponse:
    """The page of the person for whom somebody else asks: a word about the permission, and data that is theirs."""
    cases = all_progress(submission, language(), at=timezone.now(), words=TO_PERSON)
    context = {
        "submission": submission,
        "cases": _with_sections(request, submission, cases),
        "awaited": permissions.awaits_person(submission),
    }
    return render(request, "portal/person.html", context)


def _with_sections(
    request: HttpRequest, submission: Submission, cases: list[Progress]
) -> list[tuple[Progress, list[SafeString]]]:
    """Each case with what other floors have for it; data only for whom it is handed over to."""
    here = session.receives(request, submission)
    return [(shown, rendered(shown.case, request, receives=here)) for shown in cases]


@person_page
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, submission: Submission, right: str) -> HttpResponse:
    """Take one request back, after asking once more."""
    case = get_object_or_404(submission.cases, right=right)
    if request.method == "POST":
        try:
            closing.withdraw(case.pk, at=timezone.now(), by=session.who_acts(request, submission))
        except MoveShut as shut:
            messages.error(request, shut.sentence)
        else:
            messages.success(request, _withdrawn(request, submission))
        return redirect("portal:case")
    context = {"may_be_withdrawn": endings.may_be_withdrawn(case), "title": right_title(case, language())}
    return render(request, "portal/withdraw.html", context)


def _withdrawn(request: HttpRequest, submission: Submission) -> str:
    """What is said after it: the person for whom somebody else asks hears who is told besides."""
    if session.is_person(request):
        told = _("The request is withdrawn. We are sending you a confirmation, and telling %(requester)s.")
        return told % {"requester": submission.requester_name}
    return _("Your request is withdrawn. We are sending you a confirmation.")


def _proof_form(request: HttpRequest, asked: Proof | None) -> ProofForm | None:
    if asked is None or not asked.takes_answers:
        return None
    typed = request.POST if request.method == "POST" else None
    return ProofForm(typed, questions=asked.questions, declaration=bool(asked.declaration))


def _offered(submission: Submission, form: ProofForm) -> bool:
    """Whether the service took the proof; what it says against it is put on the form."""
    declared = form.cleaned_data.get("declared_name", "")
    try:
        identity.offer_proof(submission, points=form.points(), declared_name=declared, at=timezone.now())
    except identity.ProofRefused as refused:
        form.add_error(None, str(refused))
        return False
    return True


def _letters(submission: Submission) -> list[ShownLetter]:
    """What we wrote; letters of several rights may have one subject, and are told apart by what they are about."""
    written = submission.messages.filter(to_person=False).exclude(letter__in=WITH_CODE)
    several = submission.cases.count() > 1
    return [_shown(letter, several=several) for letter in written.select_related("case__submission")]


def _shown(letter: Message, *, several: bool) -> ShownLetter:
    about = right_title(letter.case, language()) if several and letter.case else ""
    return ShownLetter(letter.subject, about, letter.queued_at, paragraphs(letter.text))
