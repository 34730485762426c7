"""Who has entered a case page: one submission, in this browser, for an hour after the last page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from requests_app.models import Submission
from requests_app.roles import PERSON, REQUESTER, Actor
from requests_app.web.pages import portal_page

P = ParamSpec("P")
LIFE = timedelta(hours=1)
ENTERED, SEEN, AS_PERSON = "entered_submission", "entered_seen_at", "entered_as_person"
FILED, ASKED = "filed_reference", "asked_reference"  # what was just filed here, and what a code was asked for
TICKET = "bundle_ticket"  # the file that may be fetched
# The portal's own: staff may be signed in at the desk, and an owner at a task, in the same browser.
OF_THE_PORTAL = (ENTERED, SEEN, AS_PERSON, FILED, ASKED, TICKET)


def enter(request: HttpRequest, submission: Submission, *, at: datetime, as_person: bool = False) -> None:
    """Open the case page of this submission in this browser, under a new session key.

    ``as_person``: by a code from the own mailbox of the person for whom somebody else asks.
    """
    request.session.pop(TICKET, None)  # of whoever was here before
    request.session.cycle_key()
    request.session[AS_PERSON] = as_person
    request.session[ENTERED], request.session[SEEN] = str(submission.pk), at.isoformat()


def entered(request: HttpRequest, *, at: datetime) -> Submission | None:
    """The submission whose case page is open here; asking for it lets the hour begin again."""
    seen_at = request.session.get(SEEN)
    if seen_at is None or at - datetime.fromisoformat(seen_at) > LIFE:
        return None
    request.session[SEEN] = at.isoformat()
    return Submission.objects.select_related("organisation", "subject").filter(pk=request.session[ENTERED]).first()


def is_person(request: HttpRequest) -> bool:
    """Whether the person has entered for whom somebody else asks."""
    return bool(request.session.get(AS_PERSON))


def who_acts(request: HttpRequest, submission: Submission) -> Actor:
    """Who has entered here: the person, or who asks for somebody else."""
    return REQUESTER if submission.for_another and not is_person(request) else PERSON


def receives(request: HttpRequest, submission: Submission) -> bool:
    """Whether data is handed over to who has entered here: to the person, unless a permission covers who asks."""
    return is_person(request) == submission.person_receives


def leave(request: HttpRequest) -> None:
    """Close the case page in this browser, and leave nothing here of what it opened."""
    for key in OF_THE_PORTAL:
        request.session.pop(key, None)
    request.session.cycle_key()


def person_page(
    page: Callable[Concatenate[HttpRequest, Submission, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A portal page for somebody who has entered; anybody else is asked for reference and code."""

    @wraps(page)
    def shown(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        submission = entered(request, at=timezone.now())
        if submission is None:
            messages.info(request, _("Please enter first: with your reference and a fresh code."))
            return redirect("portal:enter")
        return page(request, submission, *args, **kwargs)

    return portal_page(shown)
