"""The forms of calendars: a new one, other days, another law. The services check what is typed, once more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from requests_app.law import packs
from requests_app.models import CalendarChange, FilledFrom, HouseCalendar, Organisation
from requests_app.models.calendar import REASON_MOST
from requests_app.move import InputRefused
from requests_app.roles import Actor
from requests_app.services import calendar_changes, calendars, filling
from requests_app.services.calendar_days import YEARS, Content, read_days

WEEKDAYS = [
    (0, gettext_lazy("Monday")),
    (1, gettext_lazy("Tuesday")),
    (2, gettext_lazy("Wednesday")),
    (3, gettext_lazy("Thursday")),
    (4, gettext_lazy("Friday")),
    (5, gettext_lazy("Saturday")),
    (6, gettext_lazy("Sunday")),
]
DAYS_MOST = 100_000


def titles_of_laws() -> dict[str, str]:
    """Every law by its slug, as the desk calls it."""
    return {slug: str(pack.short_title) for slug, pack in packs.all_packs().items()}


def _law_choices() -> list[tuple[str, str]]:
    return [("", _("Please choose")), *sorted(titles_of_laws().items(), key=lambda law: law[1])]


class ReasonField(forms.CharField):
    """Why; read by whoever decides on it, and by the auditor."""

    def __init__(self, **changes: object) -> None:
        usual: dict[str, object] = {
            "label": gettext_lazy("Reason"),
            "help_text": gettext_lazy("Whoever decides on it reads it, and the auditor. Name no person of a request."),
            "max_length": REASON_MOST,
            "widget": forms.Textarea(attrs={"rows": 3}),
        }
        super().__init__(**{**usual, **changes})  # type: ignore[arg-type]


class ChangeForm(forms.Form):
    """A change of a calendar that is proposed."""

    def change(self, calendar: HouseCalendar, *, by: Actor, at: datetime) -> CalendarChange | None:
        """The change, not yet proposed; None if it is refused, with the sentences at the fields. Raises MoveShut."""
        try:
            return self._change(calendar, by=by, at=at)
        except InputRefused as refused:
            take_errors(self, refused.errors)
        return None

    def _change(self, calendar: HouseCalendar, *, by: Actor, at: datetime) -> CalendarChange:
        raise NotImplementedError


class DaysForm(ChangeForm):
    """Other days for a calendar."""

    weekend = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Weekend"),
        choices=WEEKDAYS,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.CharField(
        label=gettext_lazy("Holidays"),
        help_text=gettext_lazy("One a line: the date, then its name. 2026-11-26 Thanksgiving Day"),
        max_length=DAYS_MOST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "false"}),
    )
    reason = ReasonField()

    @classmethod
    def of(cls, content: Content) -> DaysForm:
        """The form, filled with what a calendar says."""
        return cls(initial={"weekend": sorted(content.weekend), "days": content.as_text()})

    def _change(self, calendar: HouseCalendar, *, by: Actor, at: datetime) -> CalendarChange:
        given = self.cleaned_data
        content = Content(frozenset(given["weekend"]), read_days(given["days"]))
        return calendar_changes.days_change(calendar, content, reason=given["reason"], by=by, at=at)


class LawForm(ChangeForm):
    """A calendar for a law."""

    law = forms.ChoiceField(label=gettext_lazy("Law"), choices=_law_choices)
    reason = ReasonField()

    def _change(self, calendar: HouseCalendar, *, by: Actor, at: datetime) -> CalendarChange:
        given = self.cleaned_data
        return calendar_changes.law_change(calendar, given["law"], reason=given["reason"], by=by, at=at)


class NewCalendarForm(forms.Form):
    """A calendar that is not there yet: filled by its law, of a place, or by hand."""

    organisation = forms.ModelChoiceField(Organisation.objects.order_by("pk"), empty_label=None)
    filled_from = forms.ChoiceField(
        label=gettext_lazy("Filled with"),
        choices=[
            *((kind.value, title) for kind, title in filling.TITLES.items()),
            (FilledFrom.PLACE.value, gettext_lazy("The public holidays of a place")),
            (FilledFrom.HAND.value, gettext_lazy("Nothing: our own days, written by hand")),
        ],
    )
    place = forms.CharField(
        label=gettext_lazy("Place"),
        help_text=gettext_lazy("For the holidays of a place: a code such as IE, DE-BE, GB-ENG (ISO 3166)."),
        max_length=6,
        required=False,
    )
    first = forms.IntegerField(label=gettext_lazy("From the year"), min_value=YEARS[0], max_value=YEARS[-1])
    last = forms.IntegerField(label=gettext_lazy("To the year"), min_value=YEARS[0], max_value=YEARS[-1])
    name = forms.CharField(
        label=gettext_lazy("Short name"),
        help_text=gettext_lazy("Of our own days only: for the command line and for reports, e.g. head_office."),
        max_length=40,
        required=False,
    )
    title = forms.CharField(
        label=gettext_lazy("Title"),
        help_text=gettext_lazy("Of our own days only: what the staff call it."),
        max_length=calendars.TITLE_MOST,
        required=False,
    )

    def make(self, *, by: Actor, at: datetime) -> HouseCalendar | None:
        """Make it; None if it is refused, with the sentences at the fields."""
        try:
            return calendars.make(self.cleaned_data["organisation"], self._filling(), by=by, at=at)
        except InputRefused as refused:
            take_errors(self, self._at_the_fields(refused.errors))
        except filling.CannotFill as refused:
            self.add_error("place" if self._kind == FilledFrom.PLACE else "last", str(refused))
        return None

    @property
    def _kind(self) -> FilledFrom:
        return FilledFrom(self.cleaned_data["filled_from"])

    def _filling(self) -> filling.Filling:
        given = self.cleaned_data
        if self._kind is FilledFrom.HAND:
            return filling.Filling(given["name"], given["title"], FilledFrom.HAND)
        if given["first"] > given["last"]:
            raise InputRefused({"last": _("The last year comes before the first one.")})
        name = given["place"] if self._kind is FilledFrom.PLACE else self._kind.value
        return filling.fill(name, range(given["first"], given["last"] + 1))

    def _at_the_fields(self, errors: Mapping[str, str]) -> dict[str, str]:
        """A name that was not typed is told of where it comes from."""
        if "name" not in errors or self._kind is FilledFrom.HAND:
            return dict(errors)
        return {"place" if self._kind is FilledFrom.PLACE else "filled_from": errors["name"]}


def take_errors(form: forms.Form, errors: Mapping[str, str]) -> None:
    """Put the sentences of a service at the fields."""
    for name, error in errors.items():
        form.add_error(name, error)
