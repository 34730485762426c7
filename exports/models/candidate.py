"""Records between which a person decides, where what is known of somebody leads to more than one of a source."""

from __future__ import annotations

import uuid

from django.db import models

from dsar.vault.fields import SealedText
from exports.models.finding import SourceRun
from exports.models.source import DataSource
from requests_app.models import Case
from requests_app.models.decision import OfCase


class Candidate(models.Model):
    """One record that may be the person's: its key and what was masked of it are content of the case, sealed.

    ``chosen`` is None until somebody has decided. A choice holds for all rounds of its case.
    """

    MOST = 10  # of one source; of more nobody could decide

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="candidates")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="+")
    collection = models.CharField(max_length=100)
    number = models.PositiveSmallIntegerField(help_text="By which it is named on the page, from 1.")
    key_digest = models.CharField(max_length=120, help_text="Keyed; a key may be somebody's address.")
    chosen = models.BooleanField(null=True)
    found_at = models.DateTimeField()
    details_sealed = models.BinaryField(null=True)
    details = SealedText("details_sealed", key="content_key")

    class Meta:
        ordering = ("source__position", "source__slug", "number")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.collection} {self.number}"

    @property
    def content_key(self) -> uuid.UUID:
        """What was found is content of its case."""
        return self.case.content_key


class NearMisses(models.Model):
    """Records of a source that look like the person's and were not gathered: masked, sealed, to be seen by staff."""

    MOST = 10

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.OneToOneField(SourceRun, on_delete=models.CASCADE, related_name="near_misses")
    number = models.PositiveSmallIntegerField()
    details_sealed = models.BinaryField(null=True)
    details = SealedText("details_sealed", key="content_key")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.number} near misses"

    @property
    def content_key(self) -> uuid.UUID:
        """What was found is content of its case."""
        return self.run.case.content_key


class RecordChoice(OfCase):
    """That somebody chose among the records of a source, and why; the newest of a source holds."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="record_choices")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="+")
    candidates = models.PositiveSmallIntegerField()
    chosen = models.PositiveSmallIntegerField()

    class Meta(OfCase.Meta):
        abstract = False
        ordering = ("decided_at",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.chosen} of {self.candidates}"
