"""Retention schedules: which routine data the law has kept, on which ground, and for how long."""

from __future__ import annotations

from django.db import models

from exports.sources.datamap import Collection, Keep
from requests_app.models.two_people import ByTwo


class RetentionSchedule(ByTwo):
    """One row: a collection or a statutory category, the ground to keep it by law, and for how long.

    Never changed once it is proposed: what a case was kept on stays readable; another row takes its place.
    """

    covers = models.CharField(max_length=200, help_text="source.collection, or a statutory category.")
    grounds = models.JSONField(help_text='The ground by law, e.g. {"ccpa": "ca_105d8_legal_obligation"}.')
    years = models.PositiveSmallIntegerField()
    counted_from = models.CharField(max_length=100, blank=True, help_text="A date column; empty: from the request.")
    until = models.DateField(null=True, help_text="The last day on which the schedule keeps anything; null: no end.")

    class Meta:
        ordering = ("covers", "pk")

    def __str__(self) -> str:
        return f"{self.covers}, {self.years} years"

    def names(self, source: str, collection: Collection) -> bool:
        """Whether it covers this collection: by its name, or by the category of every field of it."""
        if self.covers == f"{source}.{collection.name}":
            return True
        return bool(collection.fields) and all(field.category == self.covers for field in collection.fields)

    def keeps(self, code: str) -> Keep:
        """What the data map would say if it named this ground itself."""
        return Keep(code, self.years, self.counted_from or None)
