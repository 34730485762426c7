"""What we wrote to the person, as sent."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from requests_app.models.case import Case
from requests_app.models.submission import Submission


class MessageState(models.TextChoices):
    """How far a message has come."""

    QUEUED = "queued", _("queued")
    ACCEPTED = "accepted", _("accepted for delivery")
    FAILED = "failed", _("could not be delivered")


class Message(models.Model):
    """One letter to the person. The subject line holds no personal data; the text is sealed with the record.

    ``id`` makes the Message-ID, so that a letter sent twice by accident is one letter to every mail program.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="messages")
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.PROTECT, related_name="messages")
    letter = models.CharField(max_length=40)
    language = models.CharField(max_length=5)
    subject = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=MessageState, default=MessageState.QUEUED)
    queued_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    text_sealed = models.BinaryField(null=True)
    text = SealedText("text_sealed", key="record_key")

    class Meta:
        ordering = ("queued_at",)

    def __str__(self) -> str:
        return self.letter

    @property
    def record_key(self) -> uuid.UUID:
        """Notices as sent belong to the request's record."""
        return self.submission.record_key
