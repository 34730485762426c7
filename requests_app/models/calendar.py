"""The organisation's calendars, which of them each law counts with, and the changes that two people make to them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from requests_app.models.duty import CalendarVersion
from requests_app.models.organisation import Organisation

REASON_MOST = 2000


class FilledFrom(models.TextChoices):
    """What a calendar was filled from when it was made."""

    WEEKDAYS_ONLY = "weekdays_only", _("no holidays")
    US_FEDERAL = "us_federal", _("the holidays library: United States")
    CA_STATE_PAID = "ca_state_paid", _("Cal. Gov. Code § 19853")
    CA_GOVERNMENT_CODE_6700 = "ca_government_code_6700", _("Cal. Gov. Code § 6700")
    PLACE = "place", _("the holidays library")
    HAND = "hand", _("nothing: made by hand")


class HouseCalendarQuerySet(models.QuerySet["HouseCalendar"]):
    """Which calendars are meant."""

    def counted_with(self) -> HouseCalendarQuerySet:
        """Those that a law was chosen to count with."""
        return self.filter(choices__isnull=False).distinct()


class HouseCalendar(models.Model):
    """A calendar of an organisation by its name; ``current`` is what it says now.

    What it said stays: another content is another version, and duties keep the one that they were counted with.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="calendars")
    name = models.CharField(max_length=40, help_text=_("Short, for files and the command line: us_federal, DE-BE."))
    title = models.CharField(max_length=100)
    filled_from = models.CharField(max_length=30, choices=FilledFrom)
    current = models.ForeignKey(CalendarVersion, on_delete=models.PROTECT, related_name="calendars")

    objects = HouseCalendarQuerySet.as_manager()

    if TYPE_CHECKING:
        organisation_id: int

    class Meta:
        ordering = ("organisation", "title")
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        constraints = [models.UniqueConstraint(fields=("organisation", "name"), name="one_calendar_a_name")]

    def __str__(self) -> str:
        return self.title

    @property
    def is_fixed(self) -> bool:
        """Weekdays only is what its name says, and can't be edited: the strictest reading needs a name."""
        return self.filled_from == FilledFrom.WEEKDAYS_ONLY

    @property
    def ends_in(self) -> int | None:
        """The year of its last day: later dates are counted with weekends alone. None if it has no holidays."""
        return max((date.fromisoformat(day).year for day in self.current.holidays), default=None)


class CalendarChoice(models.Model):
    """The calendar that an organisation chose for a law; a law without a row counts as its pack says."""

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="calendar_choices")
    law = models.CharField(max_length=40)
    calendar = models.ForeignKey(HouseCalendar, on_delete=models.PROTECT, related_name="choices")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("organisation", "law"), name="one_calendar_a_law")]

    def __str__(self) -> str:
        return f"{self.law}: {self.calendar_id}"


class ChangeState(models.TextChoices):
    """Where a proposed change stands."""

    PROPOSED = "proposed", _("waits for a second person")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")


class CalendarChange(models.Model):
    """A proposed change: other days of a calendar, or (with ``law``) this calendar for a law. It stays as a row.

    ``seen`` is the version that its proposer saw: if another holds by now, the change can't be accepted any more.
    """

    calendar = models.ForeignKey(HouseCalendar, on_delete=models.PROTECT, related_name="changes")
    law = models.CharField(max_length=40, blank=True)
    seen = models.ForeignKey(CalendarVersion, on_delete=models.PROTECT, related_name="+")
    weekend = models.JSONField(default=list)
    holidays = models.JSONField(default=dict)
    reason = models.TextField(max_length=REASON_MOST)
    proposed_by = models.CharField(max_length=40)
    proposed_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=ChangeState, default=ChangeState.PROPOSED)
    settled_by = models.CharField(max_length=40, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_reason = models.TextField(max_length=REASON_MOST, blank=True)
    moved = models.PositiveIntegerField(null=True, help_text="How many dates it moved when it was accepted.")

    if TYPE_CHECKING:
        calendar_id: int

    class Meta:
        ordering = ("-proposed_at",)
        verbose_name = _("change of a calendar")
        verbose_name_plural = _("changes of calendars")

    def __str__(self) -> str:
        return f"{self.calendar}: {self.law or self.proposed_at.date()}"

    @property
    def waits(self) -> bool:
        """Whether nobody has settled it yet."""
        return self.state == ChangeState.PROPOSED
