"""Filing a request: the start page, the place of residence, the form, and the answer page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from requests_app.law.agents import Requester
from requests_app.models import Submission
from requests_app.ports import systems
from requests_app.residence import is_residence
from requests_app.roles import PERSON
from requests_app.services import intake
from requests_app.web.forms import ASKS_FOR, PlaceForm, RequestForm
from requests_app.web.offers import offers, reach
from requests_app.web.pages import language, portal_page, the_organisation
from requests_app.web.places import place_label
from requests_app.web.progress import all_progress, person_confirms
from requests_app.web.session import FILED

FOR = "for"


@portal_page
@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """What can be asked for here, a button to ask, a link to follow a request."""
    return render(request, "portal/start.html")


@portal_page
@require_safe
def choose_place(request: HttpRequest) -> HttpResponse:
    """Ask where the person lives; the rights offered depend on it.

    The place is then part of the form's address, so that a policy can link straight to "if you live in California".
    It says where a form applies, nothing about a person.
    """
    form = PlaceForm(request.GET if "residence" in request.GET else None, language=language())
    if form.is_bound and form.is_valid():
        address = reverse("portal:request", kwargs={"residence": form.cleaned_data["residence"]})
        requester = form.cleaned_data["asks_for"] or Requester.SELF
        return redirect(address if requester == Requester.SELF else f"{address}?{urlencode({FOR: requester})}")
    return render(request, "portal/place.html", {"form": form})


@portal_page
@require_http_methods(["GET", "HEAD", "POST"])
def request_form(request: HttpRequest, residence: str) -> HttpResponse:
    """The form with the rights offered in this place; a second submit of one form finds the first."""
    if not is_residence(residence):
        raise Http404
    at = timezone.now()
    form = RequestForm(
        request.POST if request.method == "POST" else None,
        offered=offers(the_organisation(), residence, language(), at=at),
        correctable=systems().correctable_fields(language()),
        receivers=systems().receivers(),
        reach=reach(the_organisation(), residence, at=at),
        requester=_requester(request),
    )
    if form.is_bound and form.is_valid():
        message = form.intake(organisation=the_organisation(), residence=residence, language=language())
        try:
            submission = intake.receive_submission(message, by=PERSON, at=at)
        except intake.IntakeRefused as refused:
            form.refuse(refused.errors)
        else:
            request.session[FILED] = submission.reference
            return redirect("portal:done")
    context = {
        "form": form,
        "residence": residence,
        "place": place_label(residence, language()),
        "asks_for": ASKS_FOR[form.requester],
        "for_another": form.requester is not Requester.SELF,
    }
    return render(request, "portal/request.html", context)


def _requester(request: HttpRequest) -> Requester:
    """Who asks, as the form's address says, so that the right questions stand there without a script."""
    named = request.GET.get(FOR, "")
    return Requester(named) if named in list(Requester) else Requester.SELF


@portal_page
@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """The answer to a request just filed here: its reference, what happens next, and by when."""
    submission = Submission.objects.filter(reference=request.session.get(FILED, "")).first()
    if submission is None:
        return redirect("portal:place")
    cases = all_progress(submission, language(), at=timezone.now())
    context = {
        "submission": submission,
        "to_confirm": [case for case in cases if case.waits_for_a_word],
        "person_confirms": person_confirms(submission),
        "proved": [case for case in cases if not case.opt_out_holds and not case.waits_for_a_word],
        "at_once": [case for case in cases if case.opt_out_holds],
        "to_prove": [case for case in cases if case.waits_for_proof],
    }
    return render(request, "portal/done.html", context)
