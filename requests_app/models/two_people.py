"""What two people settle: a row that one proposes, another puts in force, and somebody ends."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models

Row_co = TypeVar("Row_co", bound=models.Model, covariant=True)


class ByTwoQuerySet(models.QuerySet[Row_co]):
    """Which rows are meant."""

    def in_force(self) -> Self:
        """Proposed by one, accepted by another, and not ended."""
        return self.filter(accepted_at__isnull=False, ended_at__isnull=True)

    def waiting(self) -> Self:
        """For a second person."""
        return self.filter(accepted_at__isnull=True, ended_at__isnull=True)


class ByTwo(models.Model):
    """A row that one person proposes and another puts in force.

    What it says is never changed: only the next step is written on it, and another row takes its place.
    """

    proposed_by = models.CharField(max_length=40)
    proposed_at = models.DateTimeField()
    accepted_by = models.CharField(max_length=40, blank=True)
    accepted_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=40, blank=True)
    ended_at = models.DateTimeField(null=True)

    objects = ByTwoQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def waits(self) -> bool:
        """Whether nobody has settled it."""
        return self.accepted_at is None and self.ended_at is None

    @property
    def is_in_force(self) -> bool:
        """Whether a second person accepted it, and nobody ended it."""
        return self.accepted_at is not None and self.ended_at is None

    @property
    def is_over(self) -> bool:
        """Whether no step can follow."""
        return self.ended_at is not None
