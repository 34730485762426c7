"""How far a service was walked: what is needed to go on behind a page, as long as its run is not done."""

from __future__ import annotations

import uuid

from django.db import models

from dsar.vault.fields import SealedText
from exports.models.finding import SourceRun


class WalkFor(models.TextChoices):
    """What a collection is walked for: its rows, or what all of them give to other sources."""

    ROWS = "rows"
    GIVES = "gives"


class PageTaken(models.Model):
    """A page that was taken of a service, with the place behind it; the last of a walk says where to go on.

    The service's cursor may hold anything, so it is sealed as content of the case. The keys of the page are there as
    digests, under a secret that comes from the content key: a row that comes again is known by them.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(SourceRun, on_delete=models.CASCADE, related_name="pages_taken")
    collection = models.CharField(max_length=100)
    walk = models.CharField(max_length=10, choices=WalkFor)
    number = models.PositiveIntegerField(help_text="Counts what was noted in a walk from 1.")
    key_digests = models.BinaryField()
    place_sealed = models.BinaryField(null=True)
    place = SealedText("place_sealed", key="content_key")

    is_further = False  # not kept: whether no attempt came so far before

    class Meta:
        ordering = ("collection", "walk", "number")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=("run", "collection", "walk", "number"), name="one_page_taken_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.collection} {self.walk} {self.number}"

    @property
    def content_key(self) -> uuid.UUID:
        """What a service says is content of the case."""
        return self.run.case.content_key
