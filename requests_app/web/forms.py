"""The portal's forms: they hand plain values to the services, which check them; faults come back by field."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from django import forms
from django.forms.boundfield import BoundField, BoundWidget
from django.http import QueryDict
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.asking_for import AskedFor
from requests_app.identifying import AGENTS
from requests_app.law.agents import Requester
from requests_app.law.words import Right
from requests_app.models import Channel, LookBack, Organisation
from requests_app.ports import BIRTH_DATE, CorrectableField, Receiver
from requests_app.rights import ANSWERED_WITH_DATA
from requests_app.services import correcting
from requests_app.services.asked_for import rights_named
from requests_app.services.intake import Intake
from requests_app.web import corrections
from requests_app.web.offers import GROUPS as GROUPS_OF_RIGHTS
from requests_app.web.offers import Offer, Reach
from requests_app.web.places import place_groups

ASKS_FOR = {
    Requester.SELF: gettext_lazy("For myself"),
    Requester.PARENT: gettext_lazy("For my child"),
    Requester.AGENT: gettext_lazy("For somebody who gave me a signed permission"),
    Requester.ATTORNEY: gettext_lazy("For somebody who gave me a power of attorney"),
    Requester.GUARDIAN: gettext_lazy("For somebody whose guardian I am"),
    Requester.EXECUTOR: gettext_lazy("For somebody who died, as executor"),
}
GROUPS = (forms.CheckboxSelectMultiple, forms.RadioSelect)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong, with the id of the control that mends it; no id for the form as a whole."""

    text: str
    anchor: str = ""


class PortalForm(forms.Form):
    """A form whose faults can be listed above it, each with a link to its field."""

    def faults(self) -> list[Fault]:
        """Everything that is wrong, in the order of the page."""
        of_form = [Fault(str(text)) for text in self.non_field_errors()]
        return of_form + [Fault(str(text), _anchor(field)) for field in self for text in field.errors]

    def refuse(self, errors: Mapping[str, str]) -> None:
        """Take over what a service found wrong, by the field's name."""
        for name, sentence in errors.items():
            self.add_error(name if name in self.fields else None, sentence)


def _anchor(field: BoundField) -> str:
    return f"{field.auto_id}_0" if isinstance(field.field.widget, GROUPS) else field.auto_id


class PlaceForm(PortalForm):
    """Where the person lives: it decides which rights the next page offers."""

    residence = forms.ChoiceField(
        label=gettext_lazy("Where do you live?"),
        help_text=gettext_lazy("Your rights depend on your place of residence. You don't have to prove it."),
        error_messages={
            "required": gettext_lazy("Please choose the place where you live."),
            "invalid_choice": gettext_lazy("Please choose the place where you live."),
        },
    )

    asks_for = forms.ChoiceField(
        label=gettext_lazy("For whom do you ask?"),
        required=False,
        widget=forms.RadioSelect,
        choices=[(requester.value, title) for requester, title in ASKS_FOR.items()],
    )

    def __init__(self, data: QueryDict | None, *, language: str) -> None:
        super().__init__(data, initial={"asks_for": Requester.SELF.value})
        residence = cast("forms.ChoiceField", self.fields["residence"])
        residence.choices = [("", _("Choose a place…")), *place_groups(language)]


class FormKey(forms.Field):
    """The key of one form; one that is no key is replaced by a new one, so that nothing typed is lost."""

    widget = forms.HiddenInput

    def clean(self, value: object) -> uuid.UUID:
        """The key that was posted, or a new one."""
        try:
            return uuid.UUID(str(value))
        except ValueError:
            return uuid.uuid4()


class RequestForm(PortalForm):
    """A request: which rights, and what is needed to answer. What counts as right is the intake service's word."""

    intake_key = FormKey()
    rights = AskedFor(
        label=gettext_lazy("What do you ask for?"),
        help_text=gettext_lazy("Choose one or more."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    about_reference = forms.CharField(
        label=gettext_lazy("Reference of the request that it is about (optional)"),
        help_text=gettext_lazy("As our letters write it, such as R-ABCD-EFGH."),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
    receiver = forms.CharField(
        label=gettext_lazy("Send it straight to"),
        help_text=gettext_lazy(
            "These organisations take files from us. You keep your own download in any case, and are asked once more"
            " before anything is sent."
        ),
        required=False,
        widget=forms.Select,
    )
    look_back = forms.ChoiceField(
        label=gettext_lazy("How far back shall we look?"), required=False, widget=forms.RadioSelect
    )
    requester_name = forms.CharField(
        label=gettext_lazy("Your own name"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
    )
    requester_email = forms.CharField(
        label=gettext_lazy("Your own e-mail address"),
        help_text=gettext_lazy("We write to this address."),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    born_on = forms.DateField(
        label=gettext_lazy("The child's date of birth"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": gettext_lazy("Please give the date like this: 2016-03-31.")},
    )
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
    )
    email = forms.CharField(
        label=gettext_lazy("Your e-mail address"),
        help_text=gettext_lazy("We write to this address. Use one that we know you by, if you can."),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    account_number = forms.CharField(
        label=gettext_lazy("Account number (optional)"),
        help_text=gettext_lazy("It helps us to find you. You need no account to ask."),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    details = forms.CharField(
        label=gettext_lazy("Anything else we should know (optional)"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        offered: Sequence[Offer],
        correctable: Sequence[CorrectableField],
        receivers: Sequence[Receiver],
        reach: Reach | None,
        requester: Requester = Requester.SELF,
    ) -> None:
        super().__init__(data, initial={"intake_key": uuid.uuid4(), "look_back": LookBack.TWELVE_MONTHS})
        self.offered = offered
        self._choose("rights", [(offer.right.value, offer.title) for offer in offered])
        self._choose("look_back", _reaches(reach))
        rights = {offer.right for offer in offered}
        if Right.CORRECT in rights:
            rows = corrections.fields_of_rows(correctable)
            self.fields.update(rows)
            self.order_fields(["intake_key", "rights", *rows])
        self._ask_for_receiver(receivers if Right.PORTABILITY in rights and requester not in AGENTS else ())
        if Right.COMPLAINT not in rights:
            del self.fields["about_reference"]
        if reach is None or not rights & ANSWERED_WITH_DATA:
            del self.fields["look_back"]
        self.requester = requester
        self._ask_about_the_person()

    def _ask_for_receiver(self, receivers: Sequence[Receiver]) -> None:
        """Where there are none it is not asked, unless one was chosen meanwhile that was ended: then it is told."""
        if not receivers and not self.data.get("receiver"):
            del self.fields["receiver"]
            return
        choices = [("", _("Nobody; I only download it")), *((receiver.key, receiver.name) for receiver in receivers)]
        cast("forms.Select", self.fields["receiver"].widget).choices = choices

    def _ask_about_the_person(self) -> None:
        """Who asks for another is asked about both; an agent for the person's own address, which may be asked."""
        if self.requester is not Requester.PARENT:
            del self.fields["born_on"]
        if self.requester is Requester.SELF:
            del self.fields["requester_name"], self.fields["requester_email"]
            return
        needed = self.requester in AGENTS
        name, email = self.fields["name"], self.fields["email"]
        name.label = _("Name of the person whose data it is")
        email.label = _("The person's e-mail address") if needed else _("The person's e-mail address (if any)")
        email.help_text = _("One that we know the person by, not yours.")
        self.fields["account_number"].help_text = _("It helps us to find the person's data.")
        for shown in (name, email):
            shown.widget.attrs["autocomplete"] = "off"

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast("forms.ChoiceField", self.fields[name]).choices = choices

    def corrections(self) -> list[corrections.Row]:
        """The rows that ask what is to be corrected; none where that is not offered."""
        return list(corrections.rows_of(self)) if correcting.name_of("field", 1) in self.fields else []

    def groups(self) -> Iterator[tuple[str, list[tuple[BoundWidget, Offer]]]]:
        """The rights by what they are about, each as its checkbox with what is said about it."""
        cards = {card[1].right: card for card in zip(self["rights"].subwidgets, self.offered, strict=True)}
        for title, rights in GROUPS_OF_RIGHTS:
            found = [cards[right] for right in rights if right in cards]
            if found:
                yield str(title), found

    def intake(self, *, organisation: Organisation, residence: str, language: str) -> Intake:
        """The message in plain values; where no law sets a date, everything is asked for."""
        typed = self.cleaned_data
        rights, unknown = rights_named(typed["rights"])
        return Intake(
            organisation=organisation,
            channel=Channel.WEB,
            residence=residence,
            rights=rights,
            unknown_rights=unknown,
            name=typed["name"],
            email=typed["email"],
            account_number=typed["account_number"],
            details=typed["details"],
            language=language,
            look_back=LookBack(typed.get("look_back", LookBack.EVERYTHING) or LookBack.TWELVE_MONTHS),
            corrections=correcting.of_form(typed),
            about_reference=typed.get("about_reference", ""),
            receiver=typed.get("receiver", ""),
            requester=self.requester,
            requester_name=typed.get("requester_name", ""),
            requester_email=typed.get("requester_email", ""),
            born_on=typed.get("born_on"),
            intake_key=typed["intake_key"],
        )


class AppealForm(PortalForm):
    """Why a decision is wrong, in the person's words."""

    intake_key = FormKey()
    details = forms.CharField(
        label=gettext_lazy("Why do you think that the decision is wrong?"),
        help_text=gettext_lazy("Somebody who took no part in it reads this, and decides anew."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, initial={"intake_key": uuid.uuid4()})


def _reaches(reach: Reach | None) -> list[tuple[str, str]]:
    if reach is None:
        return []
    since = reach.everything_since
    everything = (
        _("everything since %(day)s") % {"day": formats.date_format(since, "DATE_FORMAT")}
        if since
        else _("everything you hold")
    )
    return [
        (LookBack.TWELVE_MONTHS, _("the last %(months)s months") % {"months": reach.months}),
        (LookBack.EVERYTHING, everything),
    ]


class ReferenceForm(PortalForm):
    """The reference of a request, to be sent a code."""

    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        help_text=gettext_lazy("It stands in every letter from us, for example R-ABCD-2345."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Please type the reference of your request.")},
    )


class CodeForm(ReferenceForm):
    """A reference with the code that was sent for it."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("8 letters and digits, from our newest letter."),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": gettext_lazy("Please type the code from our letter.")},
    )


# A day is compared as records hold it; typed the way of a country, it would match nothing, and nobody would learn why.
HINTS = {BIRTH_DATE: gettext_lazy("Year, month and day, such as 1985-03-31.")}


class ProofForm(PortalForm):
    """The fixed questions whose answers are compared with the records, and a declaration where the law asks for one."""

    POINT = "point_"

    def __init__(self, data: QueryDict | None = None, *, questions: Mapping[str, str], declaration: bool) -> None:
        super().__init__(data)
        for kind, title in questions.items():
            self.fields[self.POINT + kind] = forms.CharField(
                label=title,
                help_text=HINTS.get(kind, ""),
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )
        if declaration:
            self.fields["declared_name"] = forms.CharField(
                label=_("Sign by typing your full name"),
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "name"}),
            )

    def points(self) -> dict[str, str]:
        """The typed answers by kind of data point."""
        return {
            name.removeprefix(self.POINT): value
            for name, value in self.cleaned_data.items()
            if name.startswith(self.POINT)
        }

    def point_fields(self) -> list[BoundField]:
        """The questions as fields."""
        return [field for field in self if field.name.startswith(self.POINT)]
