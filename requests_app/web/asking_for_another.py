"""Asking for somebody else: the papers that who asks sends, and the person's own word about the permission."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from requests_app import identifying
from requests_app.law.agents import IN_WORDS, INSTEAD, Asked
from requests_app.models import PermissionFile, Submission
from requests_app.services import papers, permissions
from requests_app.web import session
from requests_app.web.session import person_page


@dataclass(frozen=True)
class Authority:
    """What the case page says about asking for somebody else."""

    missing: list[str]
    instead: str  # a power of attorney may be shown, never demanded
    takes_paper: bool
    papers: list[PermissionFile]
    is_denied: bool


def authority(submission: Submission, language: str) -> Authority | None:
    """What is still missing of who asks for another; None for who asks in person, or ended without it."""
    if not submission.for_another:
        return None
    missing = {asked for case in submission.cases.open() for asked in identifying.authority(case).missing}
    is_denied = submission.permission_denied_at is not None
    if not missing and not is_denied and any(identifying.authority(case).missing for case in submission.cases.all()):
        return None
    signature = Asked.SIGNED_PERMISSION in missing
    return Authority(
        missing=[IN_WORDS[asked].in_language(language) for asked in Asked if asked in missing],
        instead=INSTEAD.in_language(language) if signature else "",
        takes_paper=permissions.may_send_file(submission),
        papers=list(submission.permission_files.all()),
        is_denied=is_denied,
    )


@person_page
@require_POST
def send_paper(request: HttpRequest, submission: Submission) -> HttpResponse:
    """Take a paper that shows that somebody may ask."""
    if session.is_person(request):
        raise Http404
    paper = request.FILES.get("paper")
    content = paper.read(papers.MOST_BYTES + 1) if paper is not None else b""
    try:
        permissions.send_file(submission, content, at=timezone.now())
    except papers.FileRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Thank you. Our privacy team looks at what you sent."))
    return redirect("portal:case")


@person_page
@require_POST
def answer(request: HttpRequest, submission: Submission) -> HttpResponse:
    """The person confirms the permission, or denies it."""
    if not session.is_person(request):
        raise Http404
    confirms = request.POST.get("answer") == "yes"
    act = permissions.confirm_permission if confirms else permissions.deny_permission
    if not act(submission, at=timezone.now()):
        messages.info(request, _("There is nothing to answer any more."))
    elif confirms:
        messages.success(request, _("Thank you. We have noted that you gave the permission."))
    else:
        messages.success(request, _("Thank you. We have noted that you gave no permission, and disclose nothing."))
    return redirect("portal:case")
