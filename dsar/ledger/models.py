"""What happened, in chains; where each chain ends; and the signed checkpoints over the ends.

All tables are append-only by trigger, except that a head moves forward (see ``triggers``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar, cast

from django.db import models

if TYPE_CHECKING:
    from dsar.ledger.canonical import Plain

HASH_LENGTH = 64


class Event(models.Model):
    """One thing that happened. ``text`` is what was hashed and so the truth; the other columns are for finding it."""

    chain = models.TextField()
    sequence = models.PositiveBigIntegerField()
    kind = models.TextField()
    actor = models.TextField()
    at = models.DateTimeField()
    text = models.TextField()
    previous_hash = models.CharField(max_length=HASH_LENGTH)
    hash = models.CharField(max_length=HASH_LENGTH)

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "sequence"], name="ledger_event_has_one_place"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} #{self.sequence} {self.kind}"

    @property
    def facts(self) -> dict[str, Plain]:
        """What the event tells, read from the hashed text."""
        return cast("dict[str, Plain]", json.loads(self.text)["facts"])


class ChainHead(models.Model):
    """The last event of a chain; its row is the lock under which the next one is appended."""

    chain = models.TextField(primary_key=True)
    sequence = models.PositiveBigIntegerField()
    hash = models.CharField(max_length=HASH_LENGTH)

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.chain} until #{self.sequence}"


class Checkpoint(models.Model):
    """A signed statement of the heads that moved since the last one; the signature is base64, over ``text``."""

    number = models.PositiveBigIntegerField(primary_key=True)
    at = models.DateTimeField()
    key_id = models.CharField(max_length=16)
    text = models.TextField()
    signature = models.TextField()

    class Meta:
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"checkpoint {self.number}"


class AnchoredHead(models.Model):
    """That a checkpoint states this head: how the next checkpoint knows which heads have moved since."""

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="heads")
    chain = models.TextField()
    sequence = models.PositiveBigIntegerField()

    class Meta:
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "sequence"], name="ledger_head_is_anchored_once"),
        ]

    def __str__(self) -> str:
        return f"{self.chain} #{self.sequence} in checkpoint {self.checkpoint_id}"


class House(models.Model):
    """Whose histories these are: the random id that the house's other databases have too; one row, written once."""

    only = models.BooleanField(primary_key=True, default=True)
    house = models.UUIDField()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [models.CheckConstraint(name="ledger_one_house", condition=models.Q(only=True))]

    def __str__(self) -> str:
        return f"house {self.house}"
