"""Searches inside the findings of one case: where words were found, for an hour, and never what they were."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from exports.models.finding import Part
from requests_app.models import Case


class SearchState(models.TextChoices):
    """How far a search has come."""

    WAITING = "waiting", _("searching")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Search(models.Model):
    """One search; its words are sealed as content of the case until the job has read them, and gone then."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="searches")
    round = models.PositiveIntegerField()
    is_whole = models.BooleanField(default=False, help_text="The whole field says it, not a part of it.")
    words_sealed = models.BinaryField(null=True)
    words = SealedText("words_sealed", key="content_key")
    asked_by = models.CharField(max_length=40)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=SearchState, default=SearchState.WAITING)
    found = models.PositiveIntegerField(default=0, help_text="Fields that have the words.")
    is_full = models.BooleanField(default=False, help_text="It stopped at so many that nobody looks through them.")

    class Meta:
        default_permissions = ()
        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"{self.asked_at:%H:%M} ({self.get_state_display()})"

    @property
    def content_key(self) -> uuid.UUID:
        """What is searched for is as secret as what is searched."""
        return self.case.content_key


class Hit(models.Model):
    """A field that has the words: its place, and nothing of what it says."""

    search = models.ForeignKey(Search, on_delete=models.CASCADE, related_name="hits")
    part = models.ForeignKey(Part, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    field = models.CharField(max_length=100)

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=("search", "part", "number", "field"), name="hit_once")]

    def __str__(self) -> str:
        return f"{self.part_id}:{self.number}"
