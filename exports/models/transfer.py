"""Handing over in other ways than the download: straight to a receiver that the house registered, encrypted for it."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from exports.bundle import age
from exports.models.handover import StoredFile
from requests_app.models import Case
from requests_app.models.two_people import ByTwo


class EncryptedFile(StoredFile):
    """A bundle encrypted for somebody outside, and sealed once more: it ends with the case's content or sooner.

    ``clear_size`` is the size of what is encrypted for them, ``encrypted_sha256`` its hash. The row goes with the file.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="encrypted_files")
    encrypted_sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"encrypted file of {self.clear_size} bytes"

    @property
    def context(self) -> str:
        """What the file is sealed to."""
        return f"encrypted:{self.pk}"


class ReceiverWay(models.TextChoices):
    """How a receiver gets a file."""

    UPLOAD = "upload", _("sent to its address")
    PICK_UP = "pick_up", _("passed on by staff, encrypted")


class Receiver(ByTwo):
    """Another organisation to which people may have their data sent (GDPR Art. 20(2)).

    Never changed once it is proposed, so that it stays known to whom, and under which key, something went; another row
    takes its place.
    """

    name = models.CharField(max_length=200, help_text="Its legal name, as the person confirms it.")
    contact = models.CharField(max_length=300)
    public_key = models.CharField(max_length=100, help_text="Its X25519 recipient in age's form, age1….")
    way = models.CharField(max_length=10, choices=ReceiverWay)
    url = models.CharField(max_length=500, blank=True, help_text="Where files are posted to; empty for a pick-up.")

    class Meta:
        ordering = ("name", "pk")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name

    @property
    def fingerprint(self) -> str:
        """Of its key, to be compared with its own word."""
        return age.fingerprint(self.public_key)


class TransferState(models.TextChoices):
    """How far a transfer has come."""

    CHOSEN = "chosen", _("chosen, not confirmed")
    CONFIRMED = "confirmed", _("confirmed, being sent")
    READY = "ready", _("encrypted, to be passed on")
    SENT = "sent", _("sent")
    FAILED = "failed", _("could not be sent")
    ENDED = "ended", _("taken back")


class Transfer(models.Model):
    """One bundle on its way to one receiver: chosen and confirmed by the person, then a job's work.

    The id is the idempotency key under which the receiver gets it; what it answered is the receipt.
    """

    OPEN = (TransferState.CHOSEN, TransferState.CONFIRMED, TransferState.READY, TransferState.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="transfers")
    receiver = models.ForeignKey(Receiver, on_delete=models.PROTECT, related_name="transfers")
    state = models.CharField(max_length=10, choices=TransferState, default=TransferState.CHOSEN)
    chosen_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    bundle = models.UUIDField(null=True, help_text="The bundle that the person confirmed.")
    file = models.OneToOneField(EncryptedFile, null=True, on_delete=models.SET_NULL, related_name="transfer")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the encrypted file, which is gone once sent.")
    sent_at = models.DateTimeField(null=True)
    receipt_status = models.PositiveSmallIntegerField(null=True)
    receipt_sha256 = models.CharField(max_length=64, blank=True, help_text="Of the body of the receiver's answer.")
    error = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("chosen_at",)
        constraints = [
            models.UniqueConstraint(
                fields=("case",),
                condition=models.Q(state__in=("chosen", "confirmed", "ready", "failed")),
                name="one_open_transfer_a_case",
            )
        ]

    def __str__(self) -> str:
        return f"transfer, {self.get_state_display()}"
