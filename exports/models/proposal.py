"""A source, or a change of one, as somebody proposes it and a second person puts it in force."""

from __future__ import annotations

from django.db import models

from exports.models.source import DataMapVersion
from requests_app.models.two_people import ByTwo


class SourceChange(ByTwo):
    """One proposal: the whole data map, the names of the variables that hold the addresses, and where those lead.

    ``seen`` is the map that was in use when it was proposed, null for a new source: a proposal that was made on another
    one is out of date. What is accepted is done, and can't be ended.

    ``undecided`` is what the map is silent about, as sentences of a worker that read the schema; null until it has.
    """

    source_slug = models.SlugField()
    text = models.TextField()
    read_url_variable = models.CharField(max_length=100)
    write_url_variable = models.CharField(max_length=100, blank=True)
    read_host = models.TextField(blank=True)
    write_host = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    seen = models.ForeignKey(DataMapVersion, on_delete=models.PROTECT, null=True, related_name="+")
    undecided = models.JSONField(null=True)
    trouble = models.TextField(blank=True)  # why the schema could not be read

    class Meta:
        ordering = ("-pk",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.source_slug}, proposed {self.proposed_at:%Y-%m-%d}"

    @property
    def is_over(self) -> bool:
        """Whether no step can follow."""
        return not self.waits


class SourceDraft(models.Model):
    """A data map that a worker drafted from a database's schema, with the questions that people have yet to answer.

    Nothing is searched by it: decided, it is proposed as a change. No value of the database is in it.
    """

    source_slug = models.SlugField()
    read_url_variable = models.CharField(max_length=100)
    sample_rows = models.PositiveSmallIntegerField(default=0)
    text = models.TextField(blank=True)
    trouble = models.TextField(blank=True)  # why there is none
    asked_by = models.CharField(max_length=40)
    asked_at = models.DateTimeField()
    drafted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # proposed, or put away

    class Meta:
        ordering = ("-pk",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.source_slug}, asked for {self.asked_at:%Y-%m-%d}"
