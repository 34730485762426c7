"""Whether a value that is never disclosed is the one that is held: asked in a correction, answered yes or no."""

from __future__ import annotations

import uuid

from django.db import models

from dsar.vault.fields import SealedText
from requests_app.models.case import Case


class ValueAsked(models.Model):
    """One try (11 CCR 7023(j)): the typed value is erased once it was compared, and no digest of it stays.

    ``is_held`` is the whole answer; none while the value is being compared, or where no machine could and
    nobody has noted what was found by hand.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="values_asked")
    field = models.CharField(max_length=200, help_text="source.collection.field")
    asked_at = models.DateTimeField()
    compared_at = models.DateTimeField(null=True)
    is_held = models.BooleanField(null=True)
    value_sealed = models.BinaryField(null=True)
    value = SealedText("value_sealed", key="record_key")

    class Meta:
        default_permissions = ()
        ordering = ("asked_at",)
        verbose_name_plural = "values asked"

    def __str__(self) -> str:
        return f"{self.field} asked {self.asked_at:%Y-%m-%d}"

    @property
    def record_key(self) -> uuid.UUID:
        """Sealed with the request's record until it was compared."""
        return self.case.submission.record_key


class AskedBy(models.Model):
    """Who made a try, as tries are counted: a keyed digest of an identifier with which the case was accepted.

    So that somebody with several mailboxes, or several requests, has no more tries than others.
    """

    asked = models.ForeignKey(ValueAsked, on_delete=models.CASCADE, related_name="asked_by")
    digest = models.CharField(max_length=120, db_index=True)

    class Meta:
        default_permissions = ()
        verbose_name_plural = "asked by"

    def __str__(self) -> str:
        return f"who asked about {self.asked}"
