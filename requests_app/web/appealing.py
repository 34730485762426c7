"""Appealing a refusal on the case page, where a law of the case has an appeal; elsewhere nothing is said of one."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from requests_app import endings
from requests_app.guards import MoveShut
from requests_app.models import Case, Submission
from requests_app.roles import Actor
from requests_app.services import appeals
from requests_app.services.history import local_day
from requests_app.services.intake import IntakeRefused
from requests_app.services.letters import right_title
from requests_app.web.forms import AppealForm
from requests_app.web.pages import language
from requests_app.web.session import person_page, who_acts


@person_page
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, submission: Submission, right: str) -> HttpResponse:
    """Say why the decision is wrong; what comes of it is a request of its own, with a reference of its own."""
    case = get_object_or_404(submission.cases.select_related("submission__organisation"), right=right)
    by = who_acts(request, submission)
    form = AppealForm(request.POST if request.method == "POST" else None)
    try:
        if form.is_bound and form.is_valid():
            return _filed(request, case, form, by=by)
        endings.check_appeal(case, by, local_day(timezone.now()))
    except MoveShut as shut:
        messages.error(request, shut.sentence)
        return redirect("portal:case")
    except IntakeRefused as refused:
        form.refuse(refused.errors)
    context = {"form": form, "case": case, "title": right_title(case, language()), "until": endings.appeal_until(case)}
    return render(request, "portal/appeal.html", context)


def _filed(request: HttpRequest, case: Case, form: AppealForm, *, by: Actor) -> HttpResponse:
    key: uuid.UUID = form.cleaned_data["intake_key"]
    filed = appeals.file_appeal(case, form.cleaned_data["details"], form=key, at=timezone.now(), by=by)
    received = _("We have your appeal. Its reference is %(reference)s; a letter with all dates is on its way to you.")
    messages.success(request, received % {"reference": filed.reference})
    return redirect("portal:case")
