"""Documents that show that a value is wrong, or what is right in its place (11 CCR 7023)."""

from __future__ import annotations

import uuid

from django.db import models

from dsar.vault.fields import SealedText
from requests_app.models.case import CorrectionAsked


class SupportingQuerySet(models.QuerySet["SupportingDocument"]):
    """Which documents are meant."""

    def standing(self) -> SupportingQuerySet:
        """Those that nobody took back."""
        return self.filter(taken_back_at=None)

    def kept(self) -> SupportingQuerySet:
        """Those whose content was not destroyed."""
        return self.filter(destroyed_at=None)


class SupportingDocument(models.Model):
    """A document for one correction, as it was sent: sealed outside the database, under a key of its own, so that it
    alone can be destroyed; until then it lives as long as the request's record.

    It is used for that correction and kept as its record (11 CCR 7101), and for nothing else. Of one that was taken
    back the fact stays, with type, size, day and hash. ``path`` is relative to the data folder; ``sha256`` is of the
    sealed file, which the vault checks, ``clear_sha256`` of the document itself. What it is called and what was
    written beside it is sealed, for it may say as much as the document.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    asked = models.ForeignKey(CorrectionAsked, on_delete=models.CASCADE, related_name="documents")
    content_type = models.CharField(max_length=40)
    pages = models.PositiveSmallIntegerField()
    path = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    clear_size = models.PositiveBigIntegerField()
    clear_sha256 = models.CharField(max_length=64)
    sent_by = models.CharField(max_length=40)
    sent_at = models.DateTimeField()
    pages_seen = models.JSONField(default=list, help_text="Numbers of the pages that somebody of the desk opened.")
    seen_by = models.CharField(max_length=40, blank=True, help_text="Who of the desk opened the last of its pages.")
    seen_at = models.DateTimeField(null=True, help_text="When each page had been opened: it can be considered.")
    taken_back_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True, help_text="After it was taken back, and no hold kept it.")
    own_key = models.UUIDField(
        null=True, editable=False, help_text="Empty: sealed under the key of the record, before each had its own."
    )
    name_sealed = models.BinaryField(null=True)
    name = SealedText("name_sealed", key="record_key")
    note_sealed = models.BinaryField(null=True)
    note = SealedText("note_sealed", key="record_key")

    objects = SupportingQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ("asked__number", "sent_at", "pk")

    def __str__(self) -> str:
        return f"{self.content_type} {self.sent_at:%Y-%m-%d}"

    @property
    def record_key(self) -> uuid.UUID:
        """What it is sealed under."""
        return self.own_key or self.asked.case.submission.record_key

    @property
    def pages_left(self) -> list[int]:
        """The numbers of the pages that nobody of the desk has opened yet."""
        seen = range(1, self.pages + 1) if self.seen_at else self.pages_seen
        return [number for number in range(1, self.pages + 1) if number not in seen]

    @property
    def is_to_look_at(self) -> bool:
        """Whether it has to be looked at before anybody decides."""
        return self.taken_back_at is None and bool(self.pages_left)

    @property
    def context(self) -> str:
        """What the sealed file is bound to."""
        return f"supporting:{self.pk}"
