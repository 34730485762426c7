"""Documents that owners of sources bring: sealed, with their pages as drawn, areas, and released copies."""

from __future__ import annotations

import uuid
from pathlib import Path

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from dsar.vault.files import SealedFile
from exports.models.finding import RunState
from exports.models.task import Task, TaskState
from requests_app.models import Case


class DocumentState(models.TextChoices):
    """How far its pages are drawn."""

    WAITING = "waiting", _("being drawn")
    READY = "ready", _("drawn")
    FAILED = "failed", _("can't be shown")


class DocumentChoice(models.TextChoices):
    """What a person decided on a document."""

    OPEN = "", _("to be looked through")
    RELEASE = "release", _("release, with its areas blacked out")
    WITHHOLD = "withhold", _("withhold it whole, on a ground")
    REPLACE = "replace", _("release the redacted copy in its place, on a ground")


class DocumentQuerySet(models.QuerySet["Document"]):
    """Which documents are meant."""

    def of_answer(self, case: Case) -> DocumentQuerySet:
        """Those of the present round: of answers on which a search that is done rests."""
        run = {"task__run__round": case.gathering_round, "task__run__state": RunState.DONE}
        answered = self.filter(task__case=case, task__state=TaskState.DONE, **run)
        return answered.filter(task__map_version=models.F("task__run__map_version"))

    def to_decide_on(self) -> DocumentQuerySet:
        """Without the redacted copies, which are decided on with what they replace."""
        return self.filter(replaces__isnull=True)


class Document(models.Model):
    """One document as it was brought, sealed; ``label`` tells it apart among those of its task and says nothing of it.

    ``sha256`` is of the sealed file, which the vault checks; ``clear_sha256`` of the document itself. The released copy
    has the same two. A document with a ``parent`` came with a mail; one that ``replaces`` another is its redacted copy.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="documents")
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="attachments")
    replaces = models.OneToOneField("self", null=True, on_delete=models.CASCADE, related_name="redacted")
    label = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    state = models.CharField(max_length=10, choices=DocumentState, default=DocumentState.WAITING)
    fault = models.CharField(max_length=40, blank=True, help_text="Why it can't be shown.")
    path = models.CharField(max_length=300, help_text="Relative to the data directory.")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    clear_size = models.PositiveBigIntegerField()
    clear_sha256 = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    decision = models.CharField(max_length=10, choices=DocumentChoice, default=DocumentChoice.OPEN, blank=True)
    decided_by = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=60, blank=True)
    citation = models.CharField(max_length=200, blank=True)
    explanation_sealed = models.BinaryField(null=True)
    explanation = SealedText("explanation_sealed", key="record_key")
    copy_path = models.CharField(max_length=300, blank=True)
    copy_size = models.PositiveBigIntegerField(default=0)
    copy_sha256 = models.CharField(max_length=64, blank=True)
    copy_clear_size = models.PositiveBigIntegerField(default=0)
    copy_clear_sha256 = models.CharField(max_length=64, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        ordering = ("task__run__position", "task", "sent_at", "label")
        constraints = [models.UniqueConstraint(fields=("task", "label"), name="one_document_a_label")]

    def __str__(self) -> str:
        return f"document {self.label}"

    @property
    def content_key(self) -> uuid.UUID:
        """What is brought is content of its case."""
        return self.task.case.content_key

    @property
    def record_key(self) -> uuid.UUID:
        """What the person is told belongs to the request's record."""
        return self.task.case.submission.record_key

    @property
    def context(self) -> str:
        """What the original is sealed to."""
        return f"document:{self.pk}"

    @property
    def copy_context(self) -> str:
        """What the released copy is sealed to."""
        return f"released:{self.pk}"

    def as_sealed_file(self) -> SealedFile:
        """The original, with the size and hash that it must have."""
        return SealedFile(Path(settings.DATA_DIR) / self.path, self.size, self.sha256)

    def copy_as_sealed_file(self) -> SealedFile:
        """The released copy, with the size and hash that it must have."""
        return SealedFile(Path(settings.DATA_DIR) / self.copy_path, self.copy_size, self.copy_sha256)

    @property
    def is_released(self) -> bool:
        """Whether the person gets it, or a redacted copy of it."""
        return self.decision in (DocumentChoice.RELEASE, DocumentChoice.REPLACE)

    @property
    def shown(self) -> Document:
        """The document whose pages are released: itself, or its redacted copy."""
        return self.redacted if self.decision == DocumentChoice.REPLACE else self


class DocumentPage(models.Model):
    """One page as it was drawn, a sealed PNG; what is looked at, marked and released is this picture."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="pages")
    number = models.PositiveIntegerField(help_text="From 1.")
    width = models.PositiveIntegerField(help_text="In pixels, as the height.")
    height = models.PositiveIntegerField()
    path = models.CharField(max_length=300, help_text="Relative to the data directory.")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    seen_by = models.CharField(max_length=40, blank=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ("number",)
        constraints = [models.UniqueConstraint(fields=("document", "number"), name="one_picture_a_page")]

    def __str__(self) -> str:
        return f"page {self.number}"

    @property
    def context(self) -> str:
        """What the picture is sealed to."""
        return f"page:{self.pk}"

    def as_sealed_file(self) -> SealedFile:
        """The picture, with the size and hash that it must have."""
        return SealedFile(Path(settings.DATA_DIR) / self.path, self.size, self.sha256)


class DocumentArea(models.Model):
    """A rectangle on a page that is blacked out on a ground; edges in thousandths of the page's width and height."""

    WHOLE = 1000

    page = models.ForeignKey(DocumentPage, on_delete=models.CASCADE, related_name="areas")
    left = models.PositiveSmallIntegerField()
    top = models.PositiveSmallIntegerField()
    right = models.PositiveSmallIntegerField()
    bottom = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=60)
    citation = models.CharField(max_length=200)
    marked_by = models.CharField(max_length=40)
    marked_at = models.DateTimeField()
    explanation_sealed = models.BinaryField(null=True)
    explanation = SealedText("explanation_sealed", key="record_key")

    class Meta:
        default_permissions = ()
        ordering = ("page__number", "top", "left", "pk")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(right__gt=models.F("left"), bottom__gt=models.F("top"), right__lte=1000)
                & models.Q(bottom__lte=1000),
                name="an_area_is_on_its_page",
            )
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def record_key(self) -> uuid.UUID:
        """What the person is told belongs to the request's record."""
        return self.page.document.record_key
