"""'Is this the value that you hold?' on the page of a correction: asked in a form there, answered yes or no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from requests_app import confirmable
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case, Submission, ValueAsked
from requests_app.services import confirming
from requests_app.web.forms import PortalForm
from requests_app.web.pages import language
from requests_app.web.sections import Section, register
from requests_app.web.session import person_page, receives


@dataclass(frozen=True)
class Answer:
    """One try and what came of it."""

    title: str
    asked: ValueAsked


class ValueForm(PortalForm):
    """What is asked about, and the value as the person knows it."""

    field = forms.ChoiceField(
        label=gettext_lazy("What do you want to compare?"),
        error_messages={
            "required": gettext_lazy("Please choose what to compare."),
            "invalid_choice": gettext_lazy("Please choose what to compare."),
        },
    )
    value = forms.CharField(
        label=gettext_lazy("The value as you know it"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: QueryDict | None, *, titles: dict[str, str]) -> None:
        super().__init__(data)
        cast("forms.ChoiceField", self.fields["field"]).choices = list(titles.items())


@register
def confirming_section(case: Case) -> Section | None:
    """On the case page: what was asked and answered, and the way to ask."""
    titles = {known.slug: known.title for known in confirmable.fields_of(case, language())}
    answers = [Answer(titles.get(asked.field, asked.field), asked) for asked in case.values_asked.all()]
    if not titles and not answers:
        return None
    return Section("portal/values.html", {"may_ask": bool(titles), "answers": answers})


@person_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_value(request: HttpRequest, submission: Submission) -> HttpResponse:
    """Ask about one value; the answer stands on the case page once a worker has compared it."""
    case = submission.cases.filter(right=Right.CORRECT).select_related("submission__organisation").first()
    if case is None or not receives(request, submission):
        raise Http404
    titles = {known.slug: known.title for known in confirmable.fields_of(case, language())}
    if not titles:
        messages.error(request, _("This can't be asked here, or we are not sure enough yet that it is you who asks."))
        return redirect("portal:case")
    form = ValueForm(request.POST if request.method == "POST" else None, titles=titles)
    if form.is_bound and form.is_valid() and _asked(case, form):
        messages.success(request, _("We are comparing it. The answer will stand here, as yes or no."))
        return redirect("portal:case")
    at = timezone.now()
    left = [(title, confirmable.tries_left(case, slug, at=at)) for slug, title in titles.items()]
    return render(request, "portal/value.html", {"form": form, "left": left})


def _asked(case: Case, form: ValueForm) -> bool:
    """Whether the service took it; what it says against it is put on the form, and the value never."""
    given = form.cleaned_data
    try:
        confirming.ask(case.pk, field=given["field"], value=given["value"], at=timezone.now())
    except MoveShut as shut:
        form.refuse({"field": shut.sentence})
    except confirming.ValueRefused as refused:
        form.refuse({"value": str(refused)})
    else:
        return True
    return False
