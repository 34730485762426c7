"""Receivers in the admin: who they are, by which key, and the buttons to enter, accept and end them."""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from exports.fulfil import receivers
from exports.fulfil.receivers import Proposal
from exports.models import Receiver, ReceiverWay
from requests_app.admin import two_people
from requests_app.admin.desk import OnePageAdmin, sees_figures
from requests_app.roles import Actor


class ReceiverForm(two_people.StepForm):
    """A receiver as it is to be; the service checks it."""

    name = forms.CharField(
        label=gettext_lazy("Legal name"), help_text=gettext_lazy("The person reads and confirms it."), max_length=200
    )
    contact = forms.CharField(
        label=gettext_lazy("How to reach them"),
        help_text=gettext_lazy("The person reads it, too."),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    public_key = forms.CharField(
        label=gettext_lazy("Public key"),
        help_text=gettext_lazy("In age's form, age1…: from the receiver, by a way on which nobody can change it."),
        max_length=100,
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    way = forms.ChoiceField(label=gettext_lazy("How it gets a file"), choices=ReceiverWay.choices)
    url = forms.CharField(
        label=gettext_lazy("Address"),
        help_text=gettext_lazy("Where encrypted files are posted to; its host is named in DSAR_RECEIVER_HOSTS."),
        max_length=500,
        required=False,
    )

    def take(self, actor: Actor) -> str:
        """Enter it."""
        given = self.cleaned_data
        proposal = Proposal(**{**given, "way": ReceiverWay(given["way"])})
        receivers.propose(proposal, by=actor, at=timezone.now())
        return two_people.proposed()


PAGE = two_people.Page(
    settled=receivers.REGISTER,
    template="admin/exports/receivers.html",
    words={
        "title": gettext_lazy("Receivers"),
        "lead": gettext_lazy(
            "Organisations to which people may have their data sent straight, encrypted to the receiver's key. Who"
            " accepts one compares the fingerprint of the key with the receiver's own word."
        ),
        "heading": gettext_lazy("Enter a receiver"),
        "nothing": gettext_lazy("No receiver was entered yet."),
    },
    line=lambda receiver: {"title": receiver.name, "receiver": receiver},
    accept=gettext_lazy("Accept this receiver"),
    accepted=gettext_lazy("People can choose %(row)s from now on."),
    ended=gettext_lazy("%(row)s: ended. Nothing is sent there any more."),
)


@admin.register(Receiver)
class ReceiverAdmin(OnePageAdmin[Receiver]):
    """One page for all receivers."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who works with cases, reads them, or configures the house."""
        return sees_figures(request)

    def has_view_permission(self, request: HttpRequest, obj: Receiver | None = None) -> bool:
        """As for the list."""
        return sees_figures(request)

    def page(self, request: HttpRequest, context: Mapping[str, object]) -> HttpResponse:
        """The page, or one step on it."""
        return PAGE.answer(request, context, Receiver.objects.all(), ReceiverForm.of(request))
