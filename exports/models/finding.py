"""What gathering found: one row an encrypted file of records, never a row a record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from dsar.vault.files import SealedFile
from exports.models.source import DataMapVersion, DataSource
from exports.sources.connector import Mode
from exports.sources.datamap import Collection, DataMap, Keep
from requests_app.models import Case


class RunState(models.TextChoices):
    """How far the look into one source has come."""

    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    ASKED = "asked", _("its owner is asked")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    WAIVED = "waived", _("waived")


class PassedOver(models.TextChoices):
    """Why nobody looked into a source although its run is done: nothing could be found there, and nothing is said."""

    FOR_OTHERS = "held_for_others", _("held for others, not searched")
    NO_WAY = "not_searched", _("not searched: nothing leads there")
    NO_CONCERN = "no_concern", _("not searched: it holds none of the fields")

    @property
    def because(self) -> str:
        """The reason alone, as the event keeps it."""
        return {
            PassedOver.FOR_OTHERS: "held_for_others",
            PassedOver.NO_WAY: "nothing_leads_there",
            PassedOver.NO_CONCERN: "holds_none_of_the_fields",
        }[self]


# Somebody still waits for these.
UNFINISHED = (RunState.WAITING, RunState.RUNNING, RunState.ASKED, RunState.FAILED)


class SourceRun(models.Model):
    """The look into one source for one case, in one round of gathering."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="source_runs")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="runs")
    map_version = models.ForeignKey(DataMapVersion, on_delete=models.PROTECT)
    mode = models.CharField(max_length=10, choices=[(mode.value, mode.value) for mode in Mode])
    round = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=RunState, default=RunState.WAITING)
    records = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict, help_text="Records by collection.")
    held = models.JSONField(default=dict, help_text="Rows with something in them, by collection and column.")
    past_keeping = models.JSONField(
        default=dict, help_text="For a deletion: kept records whose time to be kept is over, by collection."
    )
    scheduled = models.JSONField(
        default=dict, help_text="For a deletion: what retention schedules keep, by collection, with ground and end."
    )
    never_empty = models.JSONField(
        default=dict, help_text="For a correction: the columns that always want a value, by collection."
    )
    deletion_order = models.JSONField(
        default=list,
        help_text="For a deletion: what goes first, as [collection, {collection that it points to: [columns]}].",
    )
    on_hold = models.JSONField(
        default=dict, help_text="For a deletion: the ground by collection that only a hold keeps."
    )
    hold_over_at = models.DateTimeField(null=True, help_text="When the desk was told that no hold keeps it any more.")
    passed_over = models.CharField(
        max_length=20, choices=PassedOver, blank=True, help_text="Why nobody looked, once it is done; mostly empty."
    )
    error = models.CharField(max_length=200, blank=True, help_text="A class of error, never its text.")
    finished_at = models.DateTimeField(null=True)
    waived_by = models.CharField(max_length=40, blank=True)
    waiver_sealed = models.BinaryField(null=True)
    waiver = SealedText("waiver_sealed", key="record_key")

    class Meta:
        ordering = ("position",)
        constraints = [models.UniqueConstraint(fields=("case", "source", "round"), name="one_run_a_source_and_round")]

    def __str__(self) -> str:
        return f"{self.source} ({self.get_state_display()})"

    @property
    def was_searched(self) -> bool:
        """Whether somebody looked: only then to find nothing is a result."""
        return self.state == RunState.DONE and not self.passed_over

    def empty_collections(self) -> list[Collection]:
        """What was searched and held nothing of the person, which is a result as well."""
        return [found for found in self.map_version.as_map().collections if self.counts.get(found.name) == 0]

    def data_map(self) -> DataMap:
        """The map as this run follows it: what a schedule or a hold keeps counts as kept by the map itself."""
        data_map = self.map_version.as_map()
        if not self.scheduled and not self.on_hold:
            return data_map
        return replace(data_map, collections=tuple(map(self._as_scheduled, data_map.collections)))

    def _as_scheduled(self, collection: Collection) -> Collection:
        if collection.name in self.on_hold:  # which may outlast any schedule
            return replace(collection, on_delete=Keep(self.on_hold[collection.name], 0, None))
        entry = self.scheduled.get(collection.name)
        if entry is None:
            return collection
        return replace(collection, on_delete=Keep(entry["ground"], entry["years"], entry["counted_from"] or None))

    def never_disclosed_kinds(self, held: Mapping[str, Mapping[str, int]] | None = None) -> set[str]:
        """Kinds of data that this source holds of the person and that may never be disclosed (11 CCR 7024(d)).

        ``held`` is the part of it that an answer is about; without it all.
        """
        held = self.held if held is None else held
        return {
            str(kind)
            for collection, found, kind in self.map_version.as_map().never_disclosed_fields()
            if held.get(collection.name, {}).get(found.column)
        }

    @property
    def record_key(self) -> uuid.UUID:
        """A waiver's reason belongs to the request's record."""
        return self.case.submission.record_key


class Part(models.Model):
    """One encrypted file of at most 5,000 records of one collection, as JSON lines; a finding is (part, number)."""

    MOST_RECORDS = 5000

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.ForeignKey(SourceRun, on_delete=models.CASCADE, related_name="parts")
    collection = models.CharField(max_length=100)
    number = models.PositiveIntegerField(help_text="Counts the parts of a collection from 1.")
    records = models.PositiveIntegerField()
    path = models.CharField(max_length=300, help_text="Relative to the data directory.")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    last_key_sealed = models.BinaryField(null=True)
    last_key = SealedText("last_key_sealed", key="content_key")

    class Meta:
        ordering = ("run__position", "collection", "number")
        constraints = [models.UniqueConstraint(fields=("run", "collection", "number"), name="one_part_a_number")]

    def __str__(self) -> str:
        return f"{self.collection} {self.number}"

    @property
    def content_key(self) -> uuid.UUID:
        """Findings are content of their case."""
        return self.run.case.content_key

    @property
    def context(self) -> str:
        """What the file is sealed to: a file put in another's place does not open."""
        return f"part:{self.pk}"

    def as_sealed_file(self) -> SealedFile:
        """The file with the size and hash that it must have."""
        return SealedFile(Path(settings.DATA_DIR) / self.path, self.size, self.sha256)


class Withholding(models.Model):
    """A record, one field of it, or a passage in one, that is kept back on a ground; only withholdings are rows.

    Without a ``number`` it takes every record of its part: a rule on a collection is a row a part.

    A passage is blacked out in what is released: from code point ``start`` to before ``end`` of the field's text
    (:func:`exports.bundle.redaction.text_of`).
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="withholdings")
    part = models.ForeignKey(Part, on_delete=models.CASCADE, related_name="withholdings")
    number = models.PositiveIntegerField(
        null=True, help_text="The record's place in its part, from 0; none: all of its records."
    )
    field = models.CharField(max_length=100, blank=True, help_text="Empty: the whole record.")
    start = models.PositiveIntegerField(null=True)
    end = models.PositiveIntegerField(null=True)
    kind = models.CharField(max_length=40, blank=True, help_text="Of a passage: what it is, if it is never disclosed.")
    code = models.CharField(max_length=60)
    citation = models.CharField(max_length=200)
    withheld_by = models.CharField(max_length=40)
    withheld_at = models.DateTimeField()
    explanation_sealed = models.BinaryField(null=True)
    explanation = SealedText("explanation_sealed", key="record_key")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("part", "number", "field"), condition=models.Q(start__isnull=True), name="withheld_once"
            ),
            models.UniqueConstraint(
                fields=("part", "number", "field", "start"),
                condition=models.Q(start__isnull=False),
                name="blacked_out_once",
            ),
            models.UniqueConstraint(
                fields=("part", "field"), condition=models.Q(number__isnull=True), name="withheld_by_rule_once"
            ),
            models.CheckConstraint(
                condition=models.Q(start__isnull=True, end__isnull=True)
                | (models.Q(end__gt=models.F("start")) & ~models.Q(field="")),
                name="a_passage_is_in_a_field",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def count(self) -> int:
        """In how many records it takes something."""
        return self.part.records if self.number is None else 1

    @property
    def takes(self) -> str:
        """What of a record it takes: ``records``, ``fields`` or ``passages``, as manifests count them."""
        if self.start is not None:
            return "passages"
        return "fields" if self.field else "records"

    @property
    def record_key(self) -> uuid.UUID:
        """What the person is told belongs to the request's record."""
        return self.case.submission.record_key
