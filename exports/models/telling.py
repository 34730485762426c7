"""Who is told of a case's act, by which way, and what became of it; and the dated files that carry instructions."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from exports.models.source import DataMapVersion
from requests_app.models import Case


class TellingWay(models.TextChoices):
    """How a recipient is told; as the register says, or otherwise by a person."""

    BATCH = "batch", _("in the file of the day")
    HTTP = "http", _("by a call to its service")
    OPENDSR = "opendsr", _("by OpenDSR")
    TASK = "task", _("by a person")
    IMPOSSIBLE = "impossible", _("not at all, as the register explains")


class TellingState(models.TextChoices):
    """How a telling stands."""

    WAITING = "waiting", _("on its way")
    FAILED = "failed", _("not reached")
    TOLD = "told", _("told")
    EXPLAINED = "explained", _("not told, and explained")
    DROPPED = "dropped", _("no longer wanted")


UNSETTLED = (TellingState.WAITING, TellingState.FAILED)


class TellingQuerySet(models.QuerySet["Telling"]):
    """Which tellings are meant."""

    def unsettled(self) -> TellingQuerySet:
        """Those that were begun and not ended, in whichever round."""
        return self.filter(state__in=UNSETTLED)

    def open(self) -> TellingQuerySet:
        """Those that a case waits for: of its present round."""
        return self.unsettled().filter(round=models.F("case__gathering_round"))

    def of_round(self, case: Case) -> TellingQuerySet:
        """Those of a case in its present round: a case that is opened again tells all of them anew."""
        return self.filter(case=case, round=case.gathering_round)

    def told(self) -> TellingQuerySet:
        """Those that reached the recipient."""
        return self.filter(state=TellingState.TOLD)


class Telling(models.Model):
    """One recipient that is told to delete, correct or stop (Civ. Code 1798.105(c); 11 CCR 7026(f)), once a round."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tellings")
    round = models.PositiveIntegerField(help_text="The round of the case whose act it passes on.")
    recipient = models.CharField(max_length=200)
    relation = models.CharField(max_length=40)
    map_version = models.ForeignKey(DataMapVersion, null=True, on_delete=models.PROTECT, help_text="Its register.")
    way = models.CharField(max_length=10, choices=TellingWay)
    state = models.CharField(max_length=10, choices=TellingState)
    request_id = models.UUIDField(default=uuid.uuid4, help_text="Names the instruction: given twice, it is one.")
    begun_at = models.DateTimeField(null=True)
    acted_at = models.DateTimeField(null=True, help_text="When the act in our own sources was done.")
    told_at = models.DateTimeField(null=True)
    batch = models.CharField(max_length=200, blank=True, help_text="The dated batch file that carries it.")
    error = models.CharField(max_length=100, blank=True)
    expected_at = models.DateTimeField(null=True, help_text="By when its system says that it has done it.")
    confirmed_at = models.DateTimeField(null=True, help_text="When it, or somebody for it, confirmed what was done.")
    receipts = models.JSONField(default=list, help_text="What its system answered: codes, hashes, signatures.")
    because = models.JSONField(default=dict, help_text="Why it is not told, as the register says, by language.")
    noted_by = models.CharField(max_length=40, blank=True)
    note_sealed = models.BinaryField(null=True)
    note = SealedText("note_sealed", key="record_key")  # what a person writes: the proof, or why it is not told

    objects = TellingQuerySet.as_manager()

    class Meta:
        ordering = ("recipient", "round")
        indexes = [models.Index(fields=["batch"], name="tellings_of_a_file")]
        constraints = [models.UniqueConstraint(fields=("case", "round", "recipient"), name="told_once_a_round")]

    def __str__(self) -> str:
        return self.recipient

    @property
    def record_key(self) -> uuid.UUID:
        """What is written about it belongs to the request's record."""
        return self.case.submission.record_key

    @property
    def is_open(self) -> bool:
        """Whether its case waits for it."""
        return self.state in UNSETTLED and self.round == self.case.gathering_round


class RecipientBatch(models.Model):
    """The instructions of one day to one recipient, in one file; and the recipient's receipt, as staff noted it."""

    path = models.CharField(max_length=200, unique=True, help_text="Below the folder of recipients, without ending.")
    recipient = models.CharField(max_length=200)
    day = models.DateField()
    instructions = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the whole file.")
    written_at = models.DateTimeField(null=True)
    receipt = models.CharField(max_length=500, blank=True)
    receipt_of = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the file that was received.")
    receipt_by = models.CharField(max_length=40, blank=True)
    receipt_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.path
