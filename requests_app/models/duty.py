"""What is owed by when: computed from a law pack, never typed in."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from requests_app.law.calendars import Calendar
from requests_app.law.words import DutyKind
from requests_app.law.workings import Working
from requests_app.models.case import Case, PackVersion


class CalendarVersion(models.Model):
    """A calendar of business days as it stood; immutable, duties point to it."""

    name = models.CharField(max_length=40)
    version = models.CharField(max_length=40)
    weekend = models.JSONField(help_text="Weekday numbers that are no business days; Monday is 0.")
    holidays = models.JSONField(help_text='{"2026-11-26": "Thanksgiving"}')

    class Meta:
        constraints = [models.UniqueConstraint(fields=("name", "version"), name="one_row_a_calendar_version")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def as_calendar(self) -> Calendar:
        """The calendar as the law layer counts with it."""
        return Calendar(
            name=self.name,
            version=self.version,
            weekend=frozenset(self.weekend),
            holidays={date.fromisoformat(day): why for day, why in self.holidays.items()},
        )


class DutyQuerySet(models.QuerySet["Duty"]):
    """Which duties are meant."""

    def unmet(self) -> DutyQuerySet:
        """Still owed."""
        return self.filter(met_at__isnull=True, void=False)

    def of_kind(self, kind: DutyKind) -> DutyQuerySet:
        """Duties of one kind, under whichever law."""
        return self.filter(kind=kind)


class Duty(models.Model):
    """Something owed to the person by a date, under one law, with the working that leads to the date.

    ``due_on`` is the law's date and alone decides lateness; ``target_on`` is the house's own earlier date.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="duties")
    law = models.CharField(max_length=40)
    kind = models.CharField(max_length=30, choices=[(kind.value, kind.value) for kind in DutyKind])
    due_on = models.DateField()
    target_on = models.DateField(null=True)
    extended_on = models.DateField(null=True, help_text="When the one extension of this law was taken.")
    first_due_on = models.DateField(null=True, help_text="The date before the extension: by then its notice counts.")
    void_extension_on = models.DateField(
        null=True, help_text="When an extension was taken whose notice reached nobody in time: it does not count."
    )
    void_due_on = models.DateField(null=True, help_text="The date that the void extension would have given.")
    defensible_due_on = models.DateField(
        null=True, help_text="The later date that could be defended where the law leaves a pause open."
    )
    met_at = models.DateTimeField(null=True)
    void = models.BooleanField(default=False, help_text="No longer owed: the case closed another way.")
    working = models.JSONField()
    citation = models.CharField(max_length=200)
    sureness = models.CharField(max_length=20)
    pack_version = models.ForeignKey(PackVersion, on_delete=models.PROTECT)
    calendar_version = models.ForeignKey(CalendarVersion, on_delete=models.PROTECT)

    objects = DutyQuerySet.as_manager()

    if TYPE_CHECKING:
        case_id: str

    class Meta:
        ordering = ("due_on", "id")
        verbose_name_plural = "duties"
        constraints = [models.UniqueConstraint(fields=("case", "law", "kind"), name="one_duty_a_kind")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.due_on}"

    @property
    def duty_kind(self) -> DutyKind:
        """What is owed."""
        return DutyKind(self.kind)

    def explained(self, language: str = "en") -> str:
        """The working as a sentence."""
        return Working.from_data(self.working).sentence(language)

    def is_late(self, on: date) -> bool:
        """Whether the legal date passed without the duty being met, or it was met after it."""
        if self.void:
            return False
        return (self.met_on or on) > self.due_on

    @property
    def met_on(self) -> date | None:
        """The local date on which the duty was met."""
        return timezone.localdate(self.met_at) if self.met_at else None
