"""What a person states on an item that was not corrected (11 CCR 7023(f)(3))."""

from __future__ import annotations

import uuid

from django.db import models

from dsar.vault.fields import SealedText
from requests_app.models.case import Case, CorrectionAsked


class StatementQuerySet(models.QuerySet["Statement"]):
    """Which statements are meant."""

    def to_pass_on(self) -> StatementQuerySet:
        """Those that the person wants passed on, and nobody has noted as passed on."""
        return self.filter(is_to_pass_on=True, passed_on_at=None)


class Statement(models.Model):
    """One statement on one correction; kept with the request's record, and passed on if the person asks.

    The person may change it through ``changeable_until``; only then is it passed on, so that recipients get one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="statements")
    asked = models.OneToOneField(CorrectionAsked, on_delete=models.CASCADE, related_name="statement")
    is_to_pass_on = models.BooleanField(default=False, help_text="Whether the person asks that recipients get it.")
    filed_at = models.DateTimeField(help_text="When it was last written.")
    changeable_until = models.DateField(help_text="The last day on which the person may change it.")
    passed_on_by = models.CharField(max_length=40, blank=True)
    passed_on_at = models.DateTimeField(null=True)
    text_sealed = models.BinaryField(null=True)
    text = SealedText("text_sealed", key="record_key")
    proof_sealed = models.BinaryField(null=True)
    proof = SealedText("proof_sealed", key="record_key")  # what somebody noted of passing it on

    objects = StatementQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ("asked__number",)

    def __str__(self) -> str:
        return f"statement on {self.asked}"

    @property
    def record_key(self) -> uuid.UUID:
        """It is part of the request's record."""
        return self.case.submission.record_key
