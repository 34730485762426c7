"""Entering a case page: by the link in the receipt, or with the reference and a fresh code."""

from __future__ import annotations

from contextlib import suppress

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from requests_app.identifying import AGENTS
from requests_app.law.words import Right
from requests_app.models import Submission
from requests_app.services import entering, identity, intake, opt_outs, opting_in
from requests_app.services.codes import TooManyCodes
from requests_app.states import State
from requests_app.web import session
from requests_app.web.forms import CodeForm, ReferenceForm
from requests_app.web.pages import portal_page


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_link(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """The link in the receipt. Mail scanners open links, so looking at it only shows a button; pressing it confirms."""
    if request.method != "POST":
        return render(request, "portal/confirm_link.html", {"reference": reference})
    return _confirm(request, CodeForm(data={"reference": reference, "code": code}))


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """The same by hand: reference and code typed from the receipt."""
    if request.method != "POST":
        return render(request, "portal/confirm.html", {"form": CodeForm()})
    return _confirm(request, CodeForm(request.POST))


def _confirm(request: HttpRequest, form: CodeForm) -> HttpResponse:
    if not form.is_valid():
        return render(request, "portal/confirm.html", {"form": form})
    reference, code, at = form.cleaned_data["reference"], form.cleaned_data["code"], timezone.now()
    submission = entering.find(reference)
    if submission is not None and identity.confirm_mailbox(submission, code, at=at):
        session.enter(request, submission, at=at)
        messages.success(request, _("Thank you: your e-mail address is confirmed."))
        return redirect("portal:case")
    if submission is not None and session.entered(request, at=at) == submission:
        return redirect("portal:case")  # the link once more, by somebody who is in already
    return render(request, "portal/code_refused.html", {"reference": reference})


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def opt_in_link(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """The second step of opting in. Looking at it only shows a button; pressing it confirms the choice.

    The page is the same for every reference and code: whoever has only seen a reference learns nothing of who asks.
    """
    if request.method != "POST":
        return render(request, "portal/opt_in.html", {"reference": reference})
    submission, at = entering.find(reference), timezone.now()
    declared_name = request.POST.get("declared_name", "")[: intake.MOST["name"]]
    try:
        is_taken = submission is not None and opting_in.confirm(submission, code, at=at, declared_name=declared_name)
    except opting_in.ParentChooses:
        return render(request, "portal/parent_chooses.html", {"reference": reference})
    if submission is not None and is_taken:
        messages.success(request, _confirmed(submission))
        if submission.asked_by in AGENTS:  # the letter came to the person, and the page is the agent's
            return redirect("portal:start")
        session.enter(request, submission, at=at)
        return redirect("portal:case")
    if not declared_name.strip():
        return render(request, "portal/opt_in.html", {"reference": reference, "not_taken": True})
    return render(request, "portal/code_refused.html", {"reference": reference})


def _confirmed(submission: Submission) -> str:
    """What the second step has done: what a parent or guardian signs waits until we are sure who signs."""
    if submission.cases.filter(right=Right.OPT_IN, state=State.RECEIVED).exists():
        return _(
            "Thank you: you signed. Nothing has changed yet: please show us first that you are parent or guardian."
        )
    if opt_outs.still_opted_out(submission).exists():
        return _("Thank you: you confirmed your choice. An opt-out of the same data is in force and stays.")
    if any(opt_outs.has_ended_one(case) for case in submission.cases.filter(right=Right.OPT_IN)):
        return _("Thank you: you confirmed your choice, and your opt-out has ended.")
    return _("Thank you: you confirmed your choice, and we have noted it.")


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def person_link(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """The link in the letter to the person for whom somebody asks; looking at it only shows a button."""
    if request.method != "POST":
        return render(request, "portal/person_link.html", {"reference": reference})
    at = timezone.now()
    submission = entering.find(reference)
    if submission is not None and entering.enter_as_person(submission, code, at=at):
        session.enter(request, submission, at=at, as_person=True)
        return redirect("portal:case")
    return render(request, "portal/code_refused.html", {"reference": reference})


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def ask_code(request: HttpRequest) -> HttpResponse:
    """Ask for a code. The answer is the same whether there is such a request or not, and how often it was asked."""
    if request.method != "POST":
        return render(request, "portal/enter.html", {"form": ReferenceForm()})
    form = ReferenceForm(request.POST)
    if not form.is_valid():
        return render(request, "portal/enter.html", {"form": form})
    reference = form.cleaned_data["reference"]
    submission = entering.find(reference)
    if submission is not None:
        with suppress(TooManyCodes):
            entering.send_entry_codes(submission, at=timezone.now())
    request.session[session.ASKED] = reference
    return redirect("portal:code")


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def type_code(request: HttpRequest) -> HttpResponse:
    """Enter with the code that was mailed; a wrong one and an unknown reference get the same words."""
    if request.method != "POST":
        form = CodeForm(initial={"reference": request.session.get(session.ASKED, "")})
        return render(request, "portal/code.html", {"form": form})
    form = CodeForm(request.POST)
    if form.is_valid():
        at = timezone.now()
        submission = entering.find(form.cleaned_data["reference"])
        if submission is not None and entering.enter(submission, form.cleaned_data["code"], at=at):
            session.enter(request, submission, at=at)
            return redirect("portal:case")
        if submission is not None and entering.enter_as_person(submission, form.cleaned_data["code"], at=at):
            session.enter(request, submission, at=at, as_person=True)
            return redirect("portal:case")
        form.add_error(
            "code",
            _("This code does not open a request: it is mistyped, used, or older than 20 minutes. Ask for a new one."),
        )
    return render(request, "portal/code.html", {"form": form})


@portal_page
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Close the case page in this browser."""
    session.leave(request)
    messages.info(request, _("You have left your case page."))
    return redirect("portal:start")
