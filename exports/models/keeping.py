"""What a deletion kept until a day: afterwards it is a task of the desk, and a person notes what became of it."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from exports.models.handover import Act


class KeptSettled(models.TextChoices):
    """What became of rows that were kept until a day."""

    GONE = "gone", _("gone")
    LONGER = "longer", _("kept longer")
    TAKEN_UP = "taken_up", _("taken up by a later act")


class KeptUntilQuerySet(models.QuerySet["KeptUntil"]):
    """Which of it is meant."""

    def open(self) -> KeptUntilQuerySet:
        """What is still to go one day."""
        return self.filter(settled="")

    def over(self, on: date) -> KeptUntilQuerySet:
        """What may be kept no longer on this day, and nobody has settled."""
        return self.open().filter(until__lt=on)

    def gone_unlisted(self) -> KeptUntilQuerySet:
        """What was noted as gone and is on no replay list: after a restore people see to it again."""
        return self.filter(settled=KeptSettled.GONE, is_listed=False)


class KeptUntil(models.Model):
    """The rows of one collection that one deletion kept on a ground with an end. Nothing deletes them by this note.

    Kept longer, the note is settled, and another one of the same act stands for the rows.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    act = models.ForeignKey(Act, on_delete=models.CASCADE, related_name="kept_until")
    collection = models.CharField(max_length=100)
    rows = models.PositiveIntegerField()
    ground = models.CharField(max_length=60)
    until = models.DateField(help_text="The last day on which any of it may be kept.")
    settled = models.CharField(max_length=10, choices=KeptSettled, blank=True)
    settled_by = models.CharField(max_length=40, blank=True)
    settled_at = models.DateTimeField(null=True)
    note_sealed = models.BinaryField(null=True)
    note = SealedText("note_sealed", key="record_key")  # the proof that it is gone, or why it is kept longer
    # Which deletion of the replay list the rows go to once they are gone: sealed, for that list names no case.
    erasure_sealed = models.BinaryField(null=True)
    erasure = SealedText("erasure_sealed", key="record_key")
    is_listed = models.BooleanField(default=False, help_text="Whether the replay list has what was noted as gone.")

    objects = KeptUntilQuerySet.as_manager()

    class Meta:
        ordering = ("until", "pk")
        indexes = [models.Index(fields=("until",), condition=models.Q(settled=""), name="kept_and_open")]
        constraints = [
            models.UniqueConstraint(
                fields=("act", "collection"), condition=models.Q(settled=""), name="kept_once_an_act"
            )
        ]

    def __str__(self) -> str:
        return f"{self.collection} until {self.until}"

    @property
    def title(self) -> str:
        """The collection's title, in the words of the map that the act was done by."""
        return str(self.act.map_version.as_map().collection(self.collection).title)

    @property
    def record_key(self) -> uuid.UUID:
        """What is written belongs to the request's record."""
        return self.act.case.submission.record_key


class KeptKeys(models.Model):
    """At most 1,000 keys of rows that a deletion kept, by which a person finds them: no program acts on them
    before that person has noted that they are gone; then their digests go to the replay list.

    They are keys of the day of the act and of the map that it was done by, and are destroyed once the rows are gone.
    """

    MOST_KEYS = 1000

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    act = models.ForeignKey(Act, on_delete=models.CASCADE, related_name="kept_keys")
    collection = models.CharField(max_length=100)
    number = models.PositiveIntegerField(help_text="Counts the rows of a collection from 1.")
    keys_sealed = models.BinaryField(null=True)
    keys = SealedText("keys_sealed", key="record_key")

    class Meta:
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=("act", "collection", "number"), name="kept_keys_once_a_number")]

    def __str__(self) -> str:
        return f"{self.collection} {self.number}"

    @property
    def record_key(self) -> uuid.UUID:
        """Keys may be personal, such as an address; they live as long as the record of the case."""
        return self.act.case.submission.record_key
