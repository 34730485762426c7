"""The replay list: what was deleted or de-identified in a source, to do it again after a backup was restored there.

It outlives the case and its content, and holds no personal data: digests under a key of its own a source (the kind is
``replay:<source>``). Whoever retires that key has the list forgotten.
"""

from __future__ import annotations

import uuid

from django.db import models

from exports.models.source import DataMapVersion, DataSource
from exports.sources.connector import Action


class Erasure(models.Model):
    """One deletion in one source. It names no case: what it was done for can't be told from it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="erasures")
    map_version = models.ForeignKey(DataMapVersion, on_delete=models.PROTECT)
    done_on = models.DateField()

    class Meta:
        ordering = ("done_on", "pk")

    def __str__(self) -> str:
        return f"{self.source} on {self.done_on}"


class ErasedRow(models.Model):
    """A row that was deleted or de-identified, by the digest of its collection and key."""

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="rows")
    collection = models.CharField(max_length=100)
    action = models.CharField(max_length=10, choices=[(action.value, action.value) for action in Action])
    key_digest = models.CharField(max_length=100, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("erasure", "collection", "key_digest"), name="erased_once_a_deletion")
        ]

    def __str__(self) -> str:
        return f"{self.collection}: {self.action}"


class ErasedIdentifier(models.Model):
    """By what the person was found there, as a digest: whoever is given an old key anew is not taken for them."""

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="identifiers")
    digest = models.CharField(max_length=100, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("erasure", "digest"), name="found_by_once_a_deletion")]

    def __str__(self) -> str:
        return self.digest[:12]


class ErasedName(models.Model):
    """What named the person when the deletion was noted, of whichever kind, as a digest: a hold may name that alone.

    A deletion without any was noted before there was this.
    """

    erasure = models.ForeignKey(Erasure, on_delete=models.CASCADE, related_name="names")
    digest = models.CharField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("erasure", "digest"), name="named_once_a_deletion")]

    def __str__(self) -> str:
        return self.digest[:12]
