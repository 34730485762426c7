"""Handing over by post: the bundle as an encrypted ZIP on a medium, its passphrase by another way."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from exports.models.transfer import EncryptedFile
from requests_app.models import Case, Message


class PassphraseBy(models.TextChoices):
    """How the passphrase reaches the person: never with the medium."""

    EMAIL = "email", _("by e-mail to the address on file")
    PHONE = "phone", _("by telephone, called back at a number that we knew")
    LETTER = "letter", _("by a letter of its own")


class MediumState(models.TextChoices):
    """How far a medium has come; whether it was posted is noted of its letter."""

    MAKING = "making", _("being encrypted")
    READY = "ready", _("encrypted, to be written to a medium and posted")
    DONE = "done", _("posted, passphrase given")
    FAILED = "failed", _("could not be encrypted")
    ENDED = "ended", _("given up")


class Medium(models.Model):
    """One bundle on one medium. The passphrase is sealed with the content, and destroyed once it was given."""

    OPEN = (MediumState.MAKING, MediumState.READY, MediumState.FAILED)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="media")
    bundle = models.UUIDField(help_text="The bundle that is on it.")
    state = models.CharField(max_length=10, choices=MediumState, default=MediumState.MAKING)
    passphrase_by = models.CharField(max_length=10, choices=PassphraseBy)
    ordered_by = models.CharField(max_length=40)
    ordered_at = models.DateTimeField()
    file = models.OneToOneField(EncryptedFile, null=True, on_delete=models.SET_NULL, related_name="medium")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the encrypted ZIP.")
    letter = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    passphrase_sealed = models.BinaryField(null=True)
    passphrase = SealedText("passphrase_sealed", key="content_key")
    passphrase_given_on = models.DateField(null=True)
    error = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name_plural = "media"
        ordering = ("ordered_at",)
        constraints = [
            models.UniqueConstraint(
                fields=("case",),
                condition=models.Q(state__in=("making", "ready", "failed")),
                name="one_open_medium_a_case",
            )
        ]

    def __str__(self) -> str:
        return f"medium, {self.get_state_display()}"

    @property
    def content_key(self) -> uuid.UUID:
        """The passphrase ends with the content, or sooner."""
        return self.case.content_key

    @property
    def is_posted(self) -> bool:
        """Whether somebody noted that the letter with it was posted."""
        return self.letter is not None and self.letter.told_on is not None
