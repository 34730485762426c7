"""Opt-outs in force: a long-lived store of its own, apart from cases and their clocks."""

from __future__ import annotations

import uuid

from django.db import models

from dsar.vault.fields import SealedText
from requests_app.models.organisation import Organisation
from requests_app.models.people import IdentifierKind


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    """Which opt-outs are meant."""

    def in_force(self) -> SuppressionQuerySet:
        """Opt-outs that nobody has taken back."""
        return self.filter(lifted_at__isnull=True)


class Suppression(models.Model):
    """One identifier that may no longer be sold or shared; looked up by keyed digest, the value under its own key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="suppressions")
    case_id = models.UUIDField(db_index=True, help_text="The case it came from; no foreign key, for it outlives that.")
    right = models.CharField(max_length=30)
    kind = models.CharField(max_length=20, choices=IdentifierKind)
    digest = models.CharField(max_length=120, db_index=True)
    in_force_since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    value_key = models.UUIDField(editable=False)
    value_sealed = models.BinaryField(null=True)
    value = SealedText("value_sealed", key="value_key")

    objects = SuppressionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.right} since {self.in_force_since:%Y-%m-%d}"
