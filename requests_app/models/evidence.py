"""Proved facts about who asks, and the codes that prove control of a mailbox."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from requests_app.law.words import EvidenceKind
from requests_app.models.people import Identifier, IdentifierKind
from requests_app.models.submission import Submission


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    """Which evidence counts."""

    def best_match(self, *, with_account: bool = True) -> Evidence | None:
        """The probe that proves most: of one record, that with most points; points of two never mix.

        Of several as good, the one whose record holds the mailbox, for whoever asks controls that; then the first. A
        fresh sign-in to the account comes before them all: whose account it is needs no points.
        """
        signed_in = self.filter(kind=EvidenceKind.ACCOUNT, identifiers__isnull=False) if with_account else self.none()
        mailbox = Identifier.objects.filter(evidence=models.OuterRef("pk"), kind=IdentifierKind.EMAIL)
        probes = self.filter(kind=EvidenceKind.DATA_POINTS).annotate(holds_mailbox=models.Exists(mailbox))
        best = probes.order_by("-matched_points", "-holds_mailbox", "proved_at")
        return signed_in.order_by("proved_at").first() or best.first()


class Evidence(models.Model):
    """One proved fact. ``matched_points`` counts data points that met in one record of a source; which, stays sealed.

    ``identifiers`` are those among them that find records. ``cases`` are those that were accepted on it: it says whose
    data they are about, whatever is proved afterwards.
    A declaration (11 CCR 7062) keeps its signed text: it belongs to the request's record (7101). A permission keeps
    what staff noted who accepted it, and the file that they looked at; a sign-in keeps the account's number.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="evidence")
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in EvidenceKind])
    matched_points = models.PositiveSmallIntegerField(default=0)
    proved_at = models.DateTimeField()
    actor = models.CharField(max_length=40)
    statement_sealed = models.BinaryField(null=True)
    statement = SealedText("statement_sealed", key="record_key")
    document = models.ForeignKey("PermissionFile", null=True, on_delete=models.PROTECT, related_name="evidence")
    offered = models.ForeignKey("ProofOffered", null=True, on_delete=models.SET_NULL, related_name="evidence")
    identifiers = models.ManyToManyField(Identifier, related_name="evidence")
    cases = models.ManyToManyField("requests_app.Case", related_name="proved_by")
    kinds_sealed = models.BinaryField(null=True)
    kinds = SealedText("kinds_sealed", key="record_key")

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "evidence"
        ordering = ("proved_at",)

    def __str__(self) -> str:
        return self.kind

    @property
    def record_key(self) -> uuid.UUID:
        """Evidence belongs to the request's record."""
        return self.submission.record_key

    @property
    def matched_kinds(self) -> frozenset[str]:
        """Kinds of the data points that stood in the record."""
        return frozenset(json.loads(self.kinds or "[]"))

    @matched_kinds.setter
    def matched_kinds(self, kinds: Collection[str]) -> None:
        self.kinds, self.matched_points = json.dumps(sorted(kinds)), len(kinds)


class ProofOffered(models.Model):
    """Data points that the person typed, waiting for their probe; erased by it, only keyed digests stay (11 CCR 7060).

    ``points`` is JSON, ``{"account_number": "…"}``, sealed; ``digests`` let the hand-over ask for one of them again.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="proofs_offered")
    offered_at = models.DateTimeField()
    by_itself = models.BooleanField(default=False, help_text="What came with the request: nobody was asked for it.")
    probed_at = models.DateTimeField(null=True)
    matched_points = models.PositiveSmallIntegerField(null=True)
    digests = models.JSONField(default=dict)
    points_sealed = models.BinaryField(null=True)
    points = SealedText("points_sealed", key="record_key")

    class Meta:
        ordering = ("offered_at",)
        verbose_name_plural = "proofs offered"

    def __str__(self) -> str:
        return f"proof offered {self.offered_at:%Y-%m-%d}"

    @property
    def record_key(self) -> uuid.UUID:
        """Sealed with the request's record until the probe has run."""
        return self.submission.record_key


class PermissionFile(models.Model):
    """A paper that who asks for another sent us: sealed under the record's key, outside the database.

    ``path`` is relative to the data folder. What it proves staff decide, who look at it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="permission_files")
    content_type = models.CharField(max_length=40)
    path = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ("sent_at",)

    def __str__(self) -> str:
        return f"{self.content_type} {self.sent_at:%Y-%m-%d}"

    @property
    def record_key(self) -> uuid.UUID:
        """A paper belongs to the request's record."""
        return self.submission.record_key

    @property
    def context(self) -> str:
        """What the sealed file is bound to."""
        return f"permission:{self.pk}"


class SignInUsed(models.Model):
    """An account's assertion of a fresh sign-in that was taken: none works twice."""

    digest = models.CharField(max_length=120, unique=True)
    used_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "sign-ins used"

    def __str__(self) -> str:
        return f"sign-in {self.used_at:%Y-%m-%d}"


class ProbeTry(models.Model):
    """One try at an identifier, across all submissions: few are allowed, so that nobody can guess his way in."""

    digest = models.CharField(max_length=120)
    tried_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=("digest", "tried_at"))]
        verbose_name_plural = "probe tries"

    def __str__(self) -> str:
        return f"try {self.tried_at:%Y-%m-%d}"


class CodePurpose(models.TextChoices):
    """What a code opens."""

    CONFIRM = "confirm", _("confirm the mailbox")
    ENTER = "enter", _("enter the case page")
    DOWNLOAD = "download", _("download the bundle")
    OPT_IN = "opt_in", _("confirm the choice to opt in")
    PERSON = "person", _("answer for oneself where another asks")
    PERSON_ENTER = "person_in", _("enter as the person for whom another asks")


class AccessCodeQuerySet(models.QuerySet["AccessCode"]):
    """What became of codes."""

    def of_downloads(self) -> AccessCodeQuerySet:
        """Codes that open the person's file."""
        return self.filter(purpose=CodePurpose.DOWNLOAD)

    def download_is_closed(self) -> bool:
        """Whether too many wrong answers came with right codes: somebody reads the mailbox and guesses."""
        missed = self.of_downloads().aggregate(missed=models.Sum("missed"))["missed"] or 0
        return bool(missed >= AccessCode.MISSES_ALLOWED)


class AccessCode(models.Model):
    """A code sent to the mailbox: kept as a digest only, with few tries and a short life.

    ``missed`` counts the wrong answers that came with it to the person's file: fresh codes give no fresh guesses.
    """

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="codes")
    purpose = models.CharField(max_length=10, choices=CodePurpose)
    digest = models.CharField(max_length=120)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    missed = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    TRIES_ALLOWED = 5
    MISSES_ALLOWED = 10  # of all codes of a submission together

    objects = AccessCodeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=("submission", "purpose"))]

    def __str__(self) -> str:
        return f"code to {self.get_purpose_display()}"
