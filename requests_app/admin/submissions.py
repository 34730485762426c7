"""Requests as they arrived; and the form with which staff enter one that came by telephone, post or e-mail."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.admin import declining
from requests_app.admin.asking import REQUESTERS
from requests_app.admin.desk import DeskAdmin, actor_of, today
from requests_app.admin.queue import by_references
from requests_app.asking_for import AskedFor
from requests_app.law.agents import Requester
from requests_app.models import Case, Channel, LookBack, Organisation, Submission
from requests_app.ports import systems
from requests_app.residence import COUNTRIES, ELSEWHERE, US_STATES, place_name
from requests_app.roles import Actor
from requests_app.services import correcting
from requests_app.services.asked_for import no_day, rights_named
from requests_app.services.intake import FILABLE, MOST, Intake, IntakeRefused, receive_submission

ENTERED_BY_STAFF = (Channel.PHONE, Channel.POST, Channel.EMAIL)
PLACES = [
    ("", gettext_lazy("Please choose")),
    (gettext_lazy("United States"), list(US_STATES.items())),
    (gettext_lazy("Countries"), list(COUNTRIES.items())),
    (ELSEWHERE, gettext_lazy("Somewhere else")),
]
LANGUAGES = [("en", "English"), ("es", "Español")]


def _correction_fields() -> dict[str, forms.Field]:
    """The rows of corrections, by the names of their parts."""
    choices = [("", "-"), *((known.slug, known.title) for known in systems().correctable_fields("en"))]
    found: dict[str, forms.Field] = {}
    for number in range(1, correcting.ROWS + 1):
        labels = {
            "words": _("Correction %(number)s: in the person's words, where no field is meant"),
            "now": _("Correction %(number)s: the value that is held, as the person says"),
            "value": _("Correction %(number)s: the right value"),
        }
        found[correcting.name_of("field", number)] = forms.ChoiceField(
            label=_("Correction %(number)s: what is wrong") % {"number": number}, choices=choices, required=False
        )
        for part, label in labels.items():
            found[correcting.name_of(part, number)] = forms.CharField(
                label=label % {"number": number}, max_length=correcting.MOST_LETTERS[part], required=False
            )
    return found


class EntryForm(forms.Form):
    """What staff type in; intake itself checks it, by the same rules as for the web form."""

    intake_key = forms.UUIDField(widget=forms.HiddenInput)
    organisation = forms.ModelChoiceField(Organisation.objects.order_by("pk"), empty_label=None)
    channel = forms.ChoiceField(
        label=gettext_lazy("Came by"),
        choices=[(channel.value, channel.label) for channel in ENTERED_BY_STAFF],
    )
    received_on = forms.DateField(
        label=gettext_lazy("Arrived on"),
        help_text=gettext_lazy("The day on which it came in, at whichever desk: every date of the law counts from it."),
        initial=today,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    residence = forms.ChoiceField(label=gettext_lazy("Lives in"), choices=PLACES)
    language = forms.ChoiceField(label=gettext_lazy("Language of our letters"), choices=LANGUAGES)
    rights = AskedFor(
        label=gettext_lazy("Asks for"),
        choices=[(right.value, right.label) for right in FILABLE],
        widget=forms.CheckboxSelectMultiple,
    )
    requester = forms.ChoiceField(
        label=gettext_lazy("Asked by"),
        choices=[(kind.value, title) for kind, title in REQUESTERS.items()],
        required=False,
    )
    requester_name = forms.CharField(
        label=gettext_lazy("Name of who asks for the person"), max_length=MOST["requester_name"], required=False
    )
    requester_email = forms.CharField(
        label=gettext_lazy("E-mail of who asks for the person"),
        help_text=gettext_lazy("Letters go there, the receipt with its code among them."),
        max_length=MOST["requester_email"],
        required=False,
        widget=forms.EmailInput,
    )
    born_on = forms.DateField(
        label=gettext_lazy("Child born on"),
        help_text=gettext_lazy("For a parent only."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    name = forms.CharField(
        help_text=gettext_lazy("Of the person whose data it is; so are e-mail and account number."),
        max_length=MOST["name"],
    )
    email = forms.CharField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("If the person asks: the receipt goes there, with the code that proves the mailbox."),
        max_length=MOST["email"],
        required=False,
        widget=forms.EmailInput,
    )
    postal_address = forms.CharField(
        label=gettext_lazy("Postal address"),
        help_text=gettext_lazy("Of somebody who has no e-mail address: our letters are printed and posted."),
        max_length=MOST["postal_address"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    account_number = forms.CharField(max_length=MOST["account_number"], required=False)
    look_back = forms.ChoiceField(label=gettext_lazy("How far back"), choices=LookBack.choices)
    about_reference = forms.CharField(
        label=gettext_lazy("Reference of the request that it is about"),
        help_text=gettext_lazy("For a complaint only. An appeal is entered on the page of the case that it is about."),
        max_length=MOST["about_reference"],
        required=False,
    )
    details = forms.CharField(max_length=MOST["details"], required=False, widget=forms.Textarea(attrs={"rows": 5}))

    def __init__(self, data: QueryDict | None = None, *, initial: dict[str, object] | None = None) -> None:
        super().__init__(data, initial=initial)
        rows = _correction_fields()
        names = [name for name in self.fields if name not in ("about_reference", "details")]
        self.fields.update(rows)
        self.order_fields([*names, *rows])

    def clean(self) -> None:
        """A day that is none is told with the rules that count from it, as a day to come is."""
        if self.has_error("received_on", "invalid") and (organisation := self.cleaned_data.get("organisation")):
            rights, _unknown = rights_named(self.cleaned_data.get("rights", ()))
            why = no_day(organisation, self.cleaned_data.get("residence", ""), rights, today())
            self.errors["received_on"] = self.error_class([why])

    def receive(self, actor: Actor) -> Submission | None:
        """Hand the request to intake; None if it refuses, with its sentences at the fields."""
        given = dict(self.cleaned_data)
        given["channel"] = Channel(given["channel"])
        given["requester"] = Requester(given["requester"] or Requester.SELF)
        given["look_back"] = LookBack(given["look_back"])
        given["rights"], given["unknown_rights"] = rights_named(given["rights"])
        given["corrections"] = correcting.of_form(given)
        for name in _correction_fields():
            del given[name]
        try:
            return receive_submission(Intake(**given), by=actor, at=timezone.now())
        except IntakeRefused as refused:
            for name, error in refused.errors.items():
                self.add_error(name, error)
        return None


@admin.register(Submission)
class SubmissionAdmin(DeskAdmin[Submission]):
    """What arrived, without what it says: that is on the pages of its cases."""

    list_display = ("reference", "received", "channel", "lives_in", "asks_for", "is_confirmed")
    list_filter = ("channel",)
    ordering = ("-received_at",)
    sortable_by: ClassVar[tuple[str, ...]] = ()
    search_fields = ("reference",)
    search_help_text = gettext_lazy("Reference")
    actions = None

    @admin.display(description=gettext_lazy("Received on"))
    def received(self, submission: Submission) -> str:
        """The day of receipt, as the desk writes days."""
        return submission.received_on.isoformat()

    @admin.display(description=gettext_lazy("Residence"))
    def lives_in(self, submission: Submission) -> str:
        """Where the person lives."""
        return place_name(submission.residence)

    @admin.display(description=gettext_lazy("Asks for"))
    def asks_for(self, submission: Submission) -> str:
        """The rights, in words."""
        return ", ".join(case.right_asked.label for case in submission.cases.all())

    @admin.display(description=gettext_lazy("Mailbox confirmed"), boolean=True)
    def is_confirmed(self, submission: Submission) -> bool:
        """Whether control of the mailbox was proved."""
        return submission.confirmed_at is not None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        """What arrived, with its cases."""
        return Submission.objects.prefetch_related("cases")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Submission], search_term: str
    ) -> tuple[QuerySet[Submission], bool]:
        """By references alone."""
        if search_term:
            queryset = queryset.filter(pk__in=by_references(Case.objects.all(), search_term).values("submission"))
        return queryset, False

    def get_urls(self) -> list[URLPattern]:
        """The pages beside the admin's own."""
        no = path("declined/", self.admin_site.admin_view(self.declined), name="requests_app_submission_declined")
        return [no, *super().get_urls()]

    def declined(self, request: HttpRequest) -> HttpResponse:
        """Note that somebody below 16 was asked to opt in and did not: no request, and no case."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return declining.declined(request, {**self.admin_site.each_context(request), "opts": self.opts})

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Who works on cases may enter what arrived another way."""
        return request.user.has_perm("requests_app.add_submission")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """A submission has no page of its own: its cases in the queue are it."""
        submission = self.get_object(request, object_id)
        if submission is None or not self.has_view_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(_in_the_queue(submission))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Enter a request that came by telephone, post or e-mail; it starts as unproved as any other."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = EntryForm(request.POST or None, initial={"intake_key": uuid.uuid4()})
        if form.is_valid():
            submission = form.receive(actor_of(request))
            if submission is not None:
                received = (
                    _("Request %(reference)s received. Its receipt is on the way to the person.")
                    if submission.has_mailbox
                    else _("Request %(reference)s received. Its receipt has to be printed and posted.")
                )
                messages.success(request, received % {"reference": submission.reference})
                return HttpResponseRedirect(_in_the_queue(submission))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Enter a request"),
            "form": form,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/requests_app/submission/enter.html", context, status=status)


def _in_the_queue(submission: Submission) -> str:
    return f"{reverse('admin:requests_app_case_changelist')}?{urlencode({'q': submission.reference})}"
