"""The key store: what is kept in the database ``keys``, apart from the main database and its dumps."""

from __future__ import annotations

import uuid

from django.db import models


class WrappedKey(models.Model):
    """A key under the master key. Deleting the row destroys whatever the key sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    purpose = models.CharField(max_length=100)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["purpose", "created_at"], name="vault_key_by_purpose")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"

    @property
    def context(self) -> str:
        """What the wrapping is bound to: a wrapped key moved to another row opens nothing."""
        return f"{self.purpose}:{self.pk}"


class DestroyedKey(models.Model):
    """That a key was destroyed, so that an opening can tell "destroyed" from "never known"."""

    id = models.UUIDField(primary_key=True, editable=False)
    destroyed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"destroyed {self.pk}"


class DigestKey(models.Model):
    """A live key of one kind of digest: the current one makes digests, the older ones are still looked up."""

    key = models.OneToOneField(WrappedKey, on_delete=models.CASCADE, primary_key=True, related_name="digest_key")
    kind = models.CharField(max_length=90)
    is_current = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(is_current=True), name="vault_one_current_digest_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class House(models.Model):
    """Which house the key store belongs to: one row, written once."""

    only = models.BooleanField(primary_key=True, default=True)
    house = models.UUIDField()

    class Meta:
        constraints = [models.CheckConstraint(name="vault_one_house", condition=models.Q(only=True))]

    def __str__(self) -> str:
        return f"house {self.house}"
