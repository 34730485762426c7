"""Receivers in the admin: who they are, by which key, and the buttons to enter, accept and end them."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exports.bundle.age import fingerprint
from exports.fulfil import receivers
from exports.fulfil.receivers import Proposal
from exports.models import Receiver, ReceiverWay
from requests_app.admin import two_people
from requests_app.admin.desk import DeskAdmin, actor_of, sees_figures
from requests_app.admin.two_people import Standing, Taken, number_in
from requests_app.roles import Actor
from requests_app.services.standing import RuleRefused


class ReceiverForm(forms.Form):
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

    def propose(self, actor: Actor) -> Receiver | None:
        """Hand it to the service; None if it refuses, with its sentence."""
        given = self.cleaned_data
        proposal = Proposal(**{**given, "way": ReceiverWay(given["way"])})
        try:
            return receivers.propose(proposal, by=actor, at=timezone.now())
        except RuleRefused as refused:
            self.add_error(None, str(refused))
        return None


@dataclass(frozen=True)
class ReceiverLine:
    """One receiver in words, and how it stands."""

    receiver: Receiver
    fingerprint: str
    standing: Standing


@admin.register(Receiver)
class ReceiverAdmin(DeskAdmin[Receiver]):
    """One page for all receivers."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Who works with cases, reads them, or configures the house."""
        return sees_figures(request)

    def has_view_permission(self, request: HttpRequest, obj: Receiver | None = None) -> bool:
        """As for the list."""
        return sees_figures(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """The page, or one step on it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        actor = actor_of(request)
        proposes = bool(actor.roles & receivers.PROPOSE)
        if request.POST.get("do") == "propose" and not proposes:
            raise PermissionDenied
        form = ReceiverForm(request.POST if request.POST.get("do") == "propose" else None)
        if request.method == "POST" and not form.is_bound:
            two_people.take_step(request, {"accept": _accept, "end": _end})
            return HttpResponseRedirect(request.path)
        if form.is_bound and form.is_valid() and form.propose(actor) is not None:
            messages.success(request, _("Entered. Somebody else has to accept it before anybody can choose it."))
            return HttpResponseRedirect(request.path)
        return self._page(request, form, proposes=proposes)

    def _page(self, request: HttpRequest, form: ReceiverForm, *, proposes: bool) -> HttpResponse:
        actor = actor_of(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Receivers"),
            "lead": _(
                "Organisations to which people may have their data sent straight, encrypted to the receiver's key. Who"
                " accepts one compares the fingerprint of the key with the receiver's own word."
            ),
            "lines": [_line(receiver, actor) for receiver in Receiver.objects.all()],
            "form": form,
            "proposes": proposes,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/exports/receivers.html", context, status=status)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """A receiver has no page of its own."""
        return HttpResponseRedirect("../../")


def _accept(given: QueryDict, actor: Actor) -> str:
    receiver = receivers.accept(number_in(given), by=actor, at=timezone.now())
    return _("People can choose %(name)s from now on.") % {"name": receiver.name}


def _end(given: QueryDict, actor: Actor) -> str:
    receiver = receivers.end(number_in(given), by=actor, at=timezone.now())
    return _("%(name)s: ended. Nothing is sent there any more.") % {"name": receiver.name}


def _line(receiver: Receiver, actor: Actor) -> ReceiverLine:
    return ReceiverLine(
        receiver=receiver,
        fingerprint=fingerprint(receiver.public_key),
        standing=two_people.standing_of(
            receiver.pk,
            Taken(receiver.proposed_by, receiver.proposed_at),
            Taken(receiver.accepted_by, receiver.accepted_at),
            Taken(receiver.ended_by, receiver.ended_at),
            actor=actor,
            rights=two_people.Rights(accept=receivers.ACCEPT, end=receivers.PROPOSE),
            accept=_("Accept this receiver"),
        ),
    )
