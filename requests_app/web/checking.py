"""Seeing the specific pieces in order to check them, asked for on the page of a correction."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from requests_app import checking
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, Submission
from requests_app.services import checking as service
from requests_app.web.sections import Section, register
from requests_app.web.session import person_page, receives


@register
def checking_section(case: Case) -> Section | None:
    """The button on the page of a correction; and beside the pieces why they are there."""
    may_ask = checking.may_ask(case)
    if not may_ask and not case.is_for_checking:
        return None
    return Section("portal/checking.html", {"may_ask": may_ask})


@person_page
@require_POST
def ask_to_see(request: HttpRequest, submission: Submission) -> HttpResponse:
    """Ask to see what is held, within the correction."""
    case = submission.cases.filter(right=Right.CORRECT).first()
    if case is None or not receives(request, submission):
        raise Http404
    try:
        service.ask_to_see(case.pk, at=timezone.now())
    except MoveShut as shut:
        messages.error(request, shut.sentence)
    else:
        messages.success(request, _("We are collecting it. You will find it on this page, to check it."))
    return redirect("portal:case")
