"""Work for the owner of a source in which a person looks: what is asked, by which link it opens, what was brought."""

from __future__ import annotations

import uuid
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault import files
from dsar.vault.fields import SealedText
from dsar.vault.files import SealedFile
from exports.models.finding import SourceRun
from exports.models.source import DataMapVersion, DataSource
from exports.models.telling import Telling
from exports.sources.datamap import FileFormat, Files, Owner
from exports.sources.manual import Sheet
from requests_app.models import Case
from requests_app.states import State


class TaskKind(models.TextChoices):
    """What is asked of the owner."""

    LOOK = "look", _("look for data")
    DELETE = "delete", _("delete")
    CORRECT = "correct", _("correct")
    SUPPRESS = "suppress", _("opt-out")
    TELL = "tell", _("tell a recipient")


class TaskState(models.TextChoices):
    """How a task stands; "late" is a question about its date, never a state."""

    OPEN = "open", _("open")
    DONE = "done", _("done")
    NOTHING = "nothing", _("nothing found")
    REFUSED = "refused", _("refused")
    CANCELLED = "cancelled", _("cancelled")


DAYS_TO_TELL = 7  # in which somebody of ours tells a recipient, where the case has as many
ANSWERED = (TaskState.DONE, TaskState.NOTHING)  # what work goes on with


class TaskQuerySet(models.QuerySet["Task"]):
    """Which tasks are meant."""

    def wanted(self) -> TaskQuerySet:
        """Open tasks on whose answer a case still waits."""
        case_waits = models.Q(kind=TaskKind.LOOK, case__state=State.GATHERING) | ~models.Q(
            kind=TaskKind.LOOK
        ) & models.Q(case__state=State.CARRYING_OUT)
        of_round = models.Q(round=models.F("case__gathering_round"))
        return self.filter(case_waits, of_round, state=TaskState.OPEN)

    def late(self, on: date) -> TaskQuerySet:
        """Wanted tasks whose date has passed."""
        return self.wanted().filter(due_on__lt=on)

    def owned_by(self, email: str) -> TaskQuerySet:
        """Tasks of somebody who signs in to the admin, by the address that the map registers."""
        return self.filter(is_insider=True, owner_email__iexact=email) if email else self.none()


class Task(models.Model):
    """One thing asked of the owner of one source, for one case and round; its reference is all that a mail names.

    ``run`` is the look that waits for it; none for an act, and for a look that was begun anew. ``telling`` is the
    recipient that somebody of ours is to tell; its source is one whose register names the recipient.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(max_length=20, unique=True)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tasks")
    source = models.ForeignKey(DataSource, on_delete=models.PROTECT, related_name="tasks")
    run = models.ForeignKey(SourceRun, null=True, on_delete=models.SET_NULL, related_name="tasks")
    telling = models.ForeignKey(Telling, null=True, on_delete=models.CASCADE, related_name="tasks")
    map_version = models.ForeignKey(DataMapVersion, on_delete=models.PROTECT)
    round = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=TaskKind)
    state = models.CharField(max_length=10, choices=TaskState, default=TaskState.OPEN)
    owner_email = models.EmailField(blank=True, help_text="As the data map registers it; empty: the desk does it.")
    is_insider = models.BooleanField()
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    reminded_on = models.DateField(null=True)
    answered_by = models.CharField(max_length=40, blank=True)
    answered_at = models.DateTimeField(null=True)
    name_sealed = models.BinaryField(null=True)
    name = SealedText("name_sealed", key="record_key")
    note_sealed = models.BinaryField(null=True)
    note = SealedText("note_sealed", key="record_key")

    if TYPE_CHECKING:
        run_id: uuid.UUID | None

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ("due_on", "asked_at")
        constraints = [
            models.UniqueConstraint(
                fields=("case", "source", "round", "kind"),
                condition=models.Q(state=TaskState.OPEN, telling=None),
                name="one_open_task_a_source_and_kind",
            ),
            models.UniqueConstraint(
                fields=("telling",), condition=models.Q(state=TaskState.OPEN), name="one_open_task_a_telling"
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def record_key(self) -> uuid.UUID:
        """Who answered, and what was written, belongs to the request's record."""
        return self.case.submission.record_key

    @property
    def owner(self) -> Owner:
        """The owner as the task's map registers it."""
        if self.kind == TaskKind.TELL:
            return Owner(self.owner_email, "en", days=DAYS_TO_TELL, is_insider=self.is_insider)
        owner = self.map_version.as_map().owner
        if owner is None:
            raise LookupError(f"{self.source.slug} has no owner")
        return owner

    @property
    def is_open(self) -> bool:
        """Whether it still takes an answer."""
        return self.state == TaskState.OPEN

    @property
    def is_done(self) -> bool:
        """Whether the owner reported a change as made; this and the next make it an `Answer` of a source."""
        return self.state == TaskState.DONE and self.kind != TaskKind.LOOK

    def about(self, language: str = "en") -> str:
        """What it is about, as pages and mails name it: the source, or the recipient."""
        return self.telling.recipient if self.telling else self.map_version.as_map().title.in_language(language)

    def sheets(self, collection: str) -> list[Sheet]:
        """What was brought for a collection, in the order in which it came."""
        return [upload.as_sheet() for upload in self.uploads.filter(collection=collection)]


class TaskLink(models.Model):
    """A way for an outsider to one task: only a keyed digest of its token is kept, and a code still has to be typed."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="links")
    digest = models.CharField(max_length=120, unique=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"link of {self.made_at:%Y-%m-%d}"


class TaskCode(models.Model):
    """A code mailed to the registered owner: kept as a digest, with few tries and a short life."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=120)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"code of {self.issued_at:%Y-%m-%d}"


class TaskUpload(models.Model):
    """A file as the owner sent it, sealed, until a worker has taken its rows in; then it is gone.

    ``collection`` is empty for the proof of an act, which stays as long as the case's content. ``number`` counts the
    files of a collection from 1; ``clear_sha256`` tells one that is sent a second time.
    """

    PROOF = ""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="uploads")
    collection = models.CharField(max_length=100, blank=True)
    number = models.PositiveIntegerField(default=1)
    format = models.CharField(max_length=10, blank=True)
    encoding = models.CharField(max_length=20, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    records = models.PositiveIntegerField(default=0)
    path = models.CharField(max_length=300, help_text="Relative to the data directory.")
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    clear_sha256 = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        ordering = ("collection", "number")
        constraints = [
            models.UniqueConstraint(fields=("task", "collection", "number"), name="one_upload_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.records} records"

    @property
    def content_key(self) -> uuid.UUID:
        """What is found is content of its case, from the moment it comes in."""
        return self.task.case.content_key

    @property
    def context(self) -> str:
        """What the file is sealed to."""
        return f"upload:{self.pk}"

    def as_sealed_file(self) -> SealedFile:
        """The file with the size and hash that it must have."""
        return SealedFile(Path(settings.DATA_DIR) / self.path, self.size, self.sha256)

    def as_sheet(self) -> Sheet:
        """The file as a source reads it."""
        written = Files("", FileFormat(self.format), self.encoding, self.delimiter)
        opened = partial(files.open_file, self.as_sealed_file(), self.content_key, context=self.context)
        return Sheet(written, opened, self.number)


class TaskMail(models.Model):
    """A mail to the owner. Its text may hold a link or a code, so it is sealed, and erased once it was delivered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="mails")
    letter = models.CharField(max_length=20)
    subject = models.CharField(max_length=200)
    queued_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    text_sealed = models.BinaryField(null=True)
    text = SealedText("text_sealed", key="record_key")

    class Meta:
        default_permissions = ()
        ordering = ("queued_at",)

    def __str__(self) -> str:
        return self.letter

    @property
    def record_key(self) -> uuid.UUID:
        """Sealed with the request's record until it is delivered."""
        return self.task.record_key

    @property
    def address(self) -> str:
        """The registered address, and no other."""
        return self.task.owner_email
