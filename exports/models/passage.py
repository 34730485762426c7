"""Passages that look like something never disclosed: where they stand, and what a person said of each."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from exports.models.finding import Part, SourceRun


class ScreeningState(models.TextChoices):
    """How far the look through the texts of one source has come."""

    WAITING = "waiting", _("waiting")
    FULL = "full", _("waiting for decisions")  # so many passages are open that it goes on once they are decided
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Screening(models.Model):
    """The look through the texts that one source gave; it goes on where it stopped."""

    run = models.OneToOneField(SourceRun, on_delete=models.CASCADE, primary_key=True, related_name="screening")
    state = models.CharField(max_length=10, choices=ScreeningState, default=ScreeningState.WAITING)
    parts = models.PositiveIntegerField(default=0, help_text="Parts that were read to their end.")
    number = models.PositiveIntegerField(default=0, help_text="The next record of the part after those.")
    records = models.PositiveIntegerField(default=0, help_text="Records that were looked through.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.run} ({self.get_state_display()})"


class Decision(models.TextChoices):
    """What a person said of a passage."""

    OPEN = "", _("to be decided")
    BLACK_OUT = "black_out", _("black it out")
    NOT_ONE = "not_one", _("it is no such thing")


class Flag(models.Model):
    """A passage that the detector found, in code points of its field's text; the text itself is kept nowhere."""

    part = models.ForeignKey(Part, on_delete=models.CASCADE, related_name="flags")
    number = models.PositiveIntegerField(help_text="The record's place in its part, from 0.")
    field = models.CharField(max_length=100)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    kind = models.CharField(max_length=40)
    why = models.CharField(max_length=20)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.OPEN, blank=True)
    decided_by = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ("part", "number", "field", "start")
        constraints = [models.UniqueConstraint(fields=("part", "number", "field", "start"), name="flagged_once")]

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_decision_display()})"
