"""What we wrote to the person, as sent, and how it reached them."""

from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from requests_app.models.case import Case
from requests_app.models.submission import Submission


class MessageState(models.TextChoices):
    """How far a message has come."""

    QUEUED = "queued", _("queued")
    ACCEPTED = "accepted", _("accepted for delivery")
    FAILED = "failed", _("could not be delivered")
    BOUNCED = "bounced", _("came back")
    TO_POST = "to_post", _("to be posted")  # the person gave no e-mail address


class OtherChannel(models.TextChoices):
    """How a letter reached the person if not by mail."""

    POST = "post", _("posted")
    PHONE = "phone", _("told by telephone")


class MessageQuerySet(models.QuerySet["Message"]):
    """Which letters reached the person, and which did not."""

    def reached(self) -> MessageQuerySet:
        """Accepted for delivery and not come back, or told another way."""
        return self.filter(reached_on__isnull=False)

    def reached_nobody(self) -> MessageQuerySet:
        """Letters that need another channel."""
        lost = (MessageState.FAILED, MessageState.BOUNCED, MessageState.TO_POST)
        return self.filter(state__in=lost, reached_on__isnull=True)


class Message(models.Model):
    """One letter to the person. The subject line holds no personal data; the text is sealed with the record.

    ``id`` makes the Message-ID, so that a letter sent twice by accident is one letter to every mail program.
    ``state`` is what became of the mail; ``told_by`` and ``told_on`` say how else the person was told. ``reached_on``
    is the day from which either counts: the mail's acceptance, or the posting with an allowance for its way.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="messages")
    case = models.ForeignKey(Case, null=True, blank=True, on_delete=models.PROTECT, related_name="messages")
    letter = models.CharField(max_length=40)
    language = models.CharField(max_length=5)
    subject = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=MessageState, default=MessageState.QUEUED)
    to_person = models.BooleanField(
        default=False, help_text="Whether it goes to the person's own mailbox, not to who asks for the person."
    )
    queued_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    bounced_on = models.DateField(null=True, help_text="When it came back, after the mail server had taken it.")
    told_by = models.CharField(max_length=10, choices=OtherChannel, blank=True)
    told_on = models.DateField(null=True, help_text="When it was posted, or told by telephone.")
    reached_on = models.DateField(null=True, help_text="The day from which it counts as having reached the person.")
    set_aside = models.BooleanField(default=False, help_text="It told of a closing that was a mistake.")
    text_sealed = models.BinaryField(null=True)
    text = SealedText("text_sealed", key="record_key")

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ("queued_at",)

    def __str__(self) -> str:
        return self.letter

    @property
    def mail_counts_from(self) -> date | None:
        """The local day on which the mail was accepted; None if it was not, or came back."""
        is_there = self.state == MessageState.ACCEPTED and self.accepted_at
        return timezone.localdate(self.accepted_at) if is_there else None

    @property
    def record_key(self) -> uuid.UUID:
        """Notices as sent belong to the request's record."""
        return self.submission.record_key

    @property
    def address(self) -> str:
        """Where it goes."""
        return self.submission.email if self.to_person else self.submission.contact_email


class ReminderStep(models.TextChoices):
    """The reminders of somebody who does not prove who asks."""

    DAY_3 = "day_3", _("after 3 days")
    DAY_10 = "day_10", _("after 10 days")
    BEFORE_REFUSAL = "before_refusal", _("a week before the refusal")


class Reminder(models.Model):
    """One letter a step and submission, however often the clock comes round. ``begun_on``: when proof was asked for."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="reminders")
    step = models.CharField(max_length=20, choices=ReminderStep)
    begun_on = models.DateField()
    written_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("submission", "step", "begun_on"), name="one_reminder_a_step_and_submission"
            )
        ]

    def __str__(self) -> str:
        return self.step
