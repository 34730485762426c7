"""What leaves the building: bundles, their downloads, case reports; and the proof of what was carried out."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from dsar.vault.files import SealedFile
from exports.models.source import DataMapVersion, DataSource
from exports.sources.datamap import Collection
from requests_app.models import Case


class StoredFile(models.Model):
    """A sealed file with the size and hash that are checked before a byte of it is released."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    path = models.CharField(max_length=300, help_text="Relative to the data directory.")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    clear_size = models.PositiveBigIntegerField(help_text="Bytes that the person downloads.")
    made_at = models.DateTimeField()

    class Meta:
        abstract = True

    def as_sealed_file(self) -> SealedFile:
        """The file with the size and hash that it must have."""
        return SealedFile(Path(settings.DATA_DIR) / self.path, self.size, self.sha256)


class Bundle(StoredFile):
    """The machine-readable export handed to the person."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="bundle")
    manifest_sha256 = models.CharField(max_length=64)
    records = models.PositiveIntegerField()
    withheld = models.PositiveIntegerField()
    renewed_at = models.DateTimeField(null=True, help_text="When it was made available again last.")
    renewals = models.PositiveSmallIntegerField(default=0, help_text="How often the person made it available again.")

    def __str__(self) -> str:
        return f"bundle of {self.records} records"

    @property
    def expires_at(self) -> datetime:
        """Until when it can be fetched: counted from the case's closing or the last renewal, never past its content."""
        begun = max(filter(None, (self.case.closed_at or self.made_at, self.renewed_at)))
        return min(begun + settings.BUNDLE_LIFE, self.content_ends_at)

    @property
    def content_ends_at(self) -> datetime:
        """Until when its content lives, which is counted from the case's closing."""
        return (self.case.closed_at or self.made_at) + settings.CONTENT_LIFE

    def is_available(self, at: datetime) -> bool:
        """Whether it can be fetched now; while the case has not closed, always."""
        return self.case.closed_at is None or at < self.expires_at

    def is_renewable(self, at: datetime) -> bool:
        """Whether there is time left that a renewal would give."""
        return self.case.closed_at is not None and max(at, self.expires_at) < self.content_ends_at

    @property
    def context(self) -> str:
        """What the file is sealed to."""
        return f"bundle:{self.pk}"


class Download(models.Model):
    """Each hand-over of the clear bundle that began with its first byte; the history has every part that was sent."""

    bundle = models.ForeignKey(Bundle, on_delete=models.CASCADE, related_name="downloads")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"download {self.at:%Y-%m-%d %H:%M}"


class Report(StoredFile):
    """A PDF case report as of one event of the case's history."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="reports")
    as_of = models.PositiveIntegerField(help_text="Sequence number of the last event that the report tells of.")
    language = models.CharField(max_length=5, default="en")

    class Meta:
        ordering = ("-made_at",)
        constraints = [models.UniqueConstraint(fields=("case", "as_of", "language"), name="one_report_an_event")]

    def __str__(self) -> str:
        return f"report as of event {self.as_of}"

    @property
    def context(self) -> str:
        """What the file is sealed to."""
        return f"report:{self.pk}"


class ActKind(models.TextChoices):
    """What was done to a source."""

    DELETE = "delete", _("deleted")
    CORRECT = "correct", _("corrected")
    SUPPRESS = "suppress", _("suppressed")


class KnownBy(models.TextChoices):
    """How we know that a field was corrected."""

    READING = "reading", _("read back")
    SERVICE = "service", _("confirmed by the service, not read back")
    OWNER = "owner", _("confirmed by its owner, not read back")


class Act(models.Model):
    """One act in one source, done once a plan: counts by collection and digests of keys, no personal data.

    After a hand-back a new round may find more in a source where the act was done already: then it is done again.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="acts")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=10, choices=ActKind)
    map_version = models.ForeignKey(DataMapVersion, on_delete=models.PROTECT)
    round = models.PositiveIntegerField(help_text="The round of gathering that it rests on; 0 where none is needed.")
    proof = models.JSONField()
    looked_again = models.JSONField(
        null=True, help_text="What the source still held after a deletion, by collection: left, and unexpected of it."
    )
    done_at = models.DateTimeField()

    class Meta:
        ordering = ("done_at",)
        constraints = [
            models.UniqueConstraint(fields=("case", "source", "kind", "round"), name="one_act_a_source_and_round")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in {self.source}"

    @property
    def left_behind(self) -> dict[str, int]:
        """Rows that the second look found and nothing explains, by collection; none where nobody looked."""
        return {name: seen["unexpected"] for name, seen in (self.looked_again or {}).items() if seen["unexpected"]}

    @property
    def is_in_part(self) -> bool:
        """Whether a service did less of a deletion than it was ordered to: it has to be planned anew."""
        return any(entry.get("in_part") for entry in self.proof.values())

    @property
    def unreached(self) -> list[str]:
        """The collections whose flags could not be set, since nothing that the person gave leads there, by title."""
        language = get_language() or "en"
        return [found.title.in_language(language) for found, entry in self.by_collection() if entry.get("unreached")]

    @property
    def did_nothing(self) -> bool:
        """Whether there was nothing that it could have reached."""
        return bool(self.proof) and all(entry.get("unreached") for entry in self.proof.values())

    def known_by(self, collection: str, column: str) -> KnownBy:
        """How it is known of a field that it was corrected: of a service, by what the look after the order showed."""
        data_map, entry = self.map_version.as_map(), self.proof[collection]
        if data_map.owner is not None:
            return KnownBy.OWNER
        is_read = data_map.service is None or entry.get("read_back", {}).get(column) == entry["fields"][column]
        return KnownBy.READING if is_read else KnownBy.SERVICE

    @property
    def word_taken(self) -> str:
        """In words, whose word a correction rests on, if in any field on more than on reading it back."""
        if self.kind != ActKind.CORRECT:
            return ""
        known = {self.known_by(name, column) for name, entry in self.proof.items() for column in entry["fields"]}
        words = [str(found.label) for found in KnownBy if found in known and found != KnownBy.READING]
        return "; ".join(words)

    def by_collection(self) -> list[tuple[Collection, dict[str, Any]]]:
        """What was done to each collection, in the order and words of the data map that it was done by."""
        collections = self.map_version.as_map().collections
        return [(found, self.proof[found.name]) for found in collections if found.name in self.proof]


class ActBegun(models.Model):
    """An act that a source was about to commit: who finds this from an earlier attempt may find the act done.

    Without it, to find nothing means that the source changed since approval, however often the job was tried.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="acts_begun")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="acts_begun")
    kind = models.CharField(max_length=10, choices=ActKind)
    round = models.PositiveIntegerField()
    begun_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("case", "source", "kind", "round"), name="begun_once_a_source_and_round")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} in {self.source}, begun"


class Shredding(models.Model):
    """The content of a closed case was destroyed with its key: findings, plans and bundle; the record stays."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="shredding")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"shredded {self.at:%Y-%m-%d}"
