"""What may be deleted in place of its correction, ticked by the person on the page of the correction."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from requests_app import deleting_instead, stating
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, Submission
from requests_app.services import consenting
from requests_app.web.pages import language
from requests_app.web.sections import Section, register
from requests_app.web.session import person_page, receives


@dataclass(frozen=True)
class Item:
    """One correction, and whether the person consents to a deletion in its place."""

    number: int
    title: str
    may_go: bool


@register
def consent_section(case: Case) -> Section | None:
    """On the page of a correction, until it is carried out: what may be deleted instead."""
    if not deleting_instead.may_consent(case):
        return None
    asked = list(case.corrections.select_related("case__submission"))
    titles = stating.names_of(asked, language())
    items = [Item(one.number, titles[one.number], one.delete_instead_at is not None) for one in asked]
    return Section("portal/consent.html", {"items": items})


@person_page
@require_POST
def say_what_may_go(request: HttpRequest, submission: Submission) -> HttpResponse:
    """Keep what is ticked, and no more than that."""
    case = submission.cases.filter(right=Right.CORRECT).first()
    if case is None or not receives(request, submission):
        raise Http404
    ticked = {int(number) for number in request.POST.getlist("may_go") if number.isdecimal() and len(number) < 4}
    try:
        consenting.say_what_may_go(case.pk, ticked, at=timezone.now())
    except MoveShut as shut:
        messages.error(request, shut.sentence)
    else:
        messages.success(request, _("We have noted it."))
    return redirect("portal:case")
