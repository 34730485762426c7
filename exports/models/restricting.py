"""In which sources a restriction is set for a case (Art. 18 GDPR)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from exports.models.source import DataSource
from requests_app.models import Case


class SourceRestriction(models.Model):
    """A source was told to restrict the person of a case, by identifiers of these kinds, or to end that again."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="restrictions_in_sources")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="restrictions")
    is_set = models.BooleanField()
    kinds = models.JSONField(default=list, help_text=_("By which kinds of identifiers the person was named."))
    rows = models.PositiveIntegerField(help_text=_("How many stand so there, as the source says."))
    told_at = models.DateTimeField(
        null=True, help_text=_("None: an order was begun, and how the source took it is not noted.")
    )

    class Meta:
        default_permissions = ()
        ordering = ("source__position",)
        constraints = [models.UniqueConstraint(fields=("case", "source"), name="one_restriction_a_case_and_source")]

    def __str__(self) -> str:
        return f"{self.source}: {'restricted' if self.is_set else 'lifted'}"
