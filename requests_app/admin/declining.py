"""The "no" of somebody below 16 who was asked to opt in, as staff heard it: by telephone, by post, at a counter."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.admin.desk import actor_of, today
from requests_app.models import IdentifierKind, Organisation
from requests_app.services import declining
from requests_app.services.intake import MOST

GIVEN = (IdentifierKind.EMAIL, IdentifierKind.ACCOUNT_NUMBER)


class DeclinedForm(forms.Form):
    """Who was asked, and when they were born."""

    organisation = forms.ModelChoiceField(Organisation.objects.order_by("pk"), empty_label=None)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("By which you know the young person; this, or the account number, or both."),
        max_length=MOST["email"],
        required=False,
    )
    account_number = forms.CharField(max_length=MOST["account_number"], required=False)
    born_on = forms.DateField(
        label=gettext_lazy("Born on"),
        help_text=gettext_lazy("Leave it empty if a parent gave it with a request: that day counts then."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def clean(self) -> dict[str, Any]:
        """Somebody has to be named, and nobody is born in days to come."""
        given = super().clean() or {}
        if not any(given.get(kind) for kind in GIVEN) and "email" not in self.errors:
            self.add_error("email", _("Give an e-mail address or an account number."))
        born_on = given.get("born_on")
        if born_on is not None and born_on > today():
            self.add_error("born_on", _("This day is still to come: give the day of birth."))
        return given


def declined(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Note it, and say from when on they may be asked again; what stands against it is told at the field."""
    form = DeclinedForm(request.POST or None)
    if form.is_valid() and _noted(request, form):
        return HttpResponseRedirect(reverse("admin:requests_app_submission_changelist"))
    context |= {"title": _("Note a “no” to opting in"), "form": form}
    return TemplateResponse(
        request, "admin/requests_app/submission/declined.html", context, status=422 if form.errors else 200
    )


def _noted(request: HttpRequest, form: DeclinedForm) -> bool:
    given = form.cleaned_data
    named = {kind: given[kind] for kind in GIVEN if given[kind]}
    try:
        noted = declining.decline(
            given["organisation"], named, born_on=given["born_on"], at=timezone.now(), by=actor_of(request)
        )
    except declining.AgeNotKnown:
        form.add_error("born_on", _("Give the day of birth: this is about people below 16."))
        return False
    except declining.OldEnough:
        form.add_error("born_on", _("From 16 on nobody is asked to opt in. Nothing was noted: enter an opt-out."))
        return False
    said = _("Noted. They may not be asked again before %(day)s (%(citation)s). Nothing is sold meanwhile.")
    messages.success(request, said % {"day": noted.ask_again_from.isoformat(), "citation": noted.citation})
    return True
