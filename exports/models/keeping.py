"""What a deletion kept until a day: afterwards it comes back to the desk, and goes by a plan like any other."""

from __future__ import annotations

import json
import uuid

from django.db import models

from dsar.vault.fields import SealedText
from exports.models.handover import Act
from exports.sources.values import Key
from requests_app.states import State


class KeptUntilQuerySet(models.QuerySet["KeptUntil"]):
    """Which of it is meant."""

    def over(self) -> KeptUntilQuerySet:
        """What the desk was told may be kept no longer, and no deletion has taken up since."""
        return self.filter(over_at__isnull=False, done_at__isnull=True)

    def waits_for_the_desk(self) -> KeptUntilQuerySet:
        """Of that what nobody has opened its case again for."""
        return self.over().filter(act__case__state=State.CLOSED)


class KeptUntil(models.Model):
    """The rows of one collection that one deletion kept on a ground with an end.

    Their keys are noted, since nothing may lead to them later: the record that named the person is de-identified.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    act = models.ForeignKey(Act, on_delete=models.CASCADE, related_name="kept_until")
    collection = models.CharField(max_length=100)
    rows = models.PositiveIntegerField()
    ground = models.CharField(max_length=60)
    until = models.DateField(db_index=True, help_text="The last day on which any of it may be kept.")
    over_at = models.DateTimeField(null=True, help_text="When the desk was told that it may be kept no longer.")
    done_at = models.DateTimeField(null=True, help_text="When a later deletion had taken it up.")
    keys_sealed = models.BinaryField(null=True)
    keys_text = SealedText("keys_sealed", key="record_key")

    objects = KeptUntilQuerySet.as_manager()

    class Meta:
        ordering = ("until", "pk")
        constraints = [models.UniqueConstraint(fields=("act", "collection"), name="kept_once_an_act")]

    def __str__(self) -> str:
        return f"{self.collection} until {self.until}"

    @property
    def record_key(self) -> uuid.UUID:
        """Keys may be personal, such as an address; they live as long as the record of the case."""
        return self.act.case.submission.record_key

    def keys(self) -> frozenset[Key]:
        """The keys of the rows."""
        return frozenset(tuple(key) for key in json.loads(self.keys_text))
