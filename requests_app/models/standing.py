"""Standing rules: what the privacy team lets the system do by itself, in versions."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from requests_app.law.words import Right
from requests_app.models.two_people import ByTwo


class Routine(models.TextChoices):
    """What a standing rule can do; nothing else is ever decided without a person."""

    GATHER_WHEN_VERIFIED = "gather_when_verified", _("Gather when verified and below the limit")
    KEEP_BY_SCHEDULE = "keep_by_schedule", _("Keep what a retention schedule names")
    RELEASE_NOTHING_FOUND = "release_nothing_found", _("Answer when nothing was found")


class StandingRule(ByTwo):
    """One version of a rule: proposed by one person, activated by another, ended by the next version or by hand.

    A version is never changed, so that a case's history names what the rule said when it was applied.
    """

    routine = models.CharField(max_length=40, choices=Routine)
    version = models.PositiveIntegerField()
    rights = models.JSONField(help_text="The rights to whose cases it is applied.")

    class Meta:
        ordering = ("routine", "-version")
        constraints = [
            models.UniqueConstraint(fields=("routine", "version"), name="one_row_a_rule_version"),
            models.UniqueConstraint(
                fields=("routine",),
                condition=models.Q(accepted_at__isnull=False, ended_at__isnull=True),
                name="one_version_in_force_a_rule",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_routine_display()}, version {self.version}"

    def covers(self, right: Right) -> bool:
        """Whether it is applied to cases of this right."""
        return right in self.rights
