"""One message as it arrived: the parent of its cases."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from requests_app.law.agents import Requester
from requests_app.models.organisation import Organisation


class Channel(models.TextChoices):
    """How a submission reached us (11 CCR 7101: "the manner in which the request was made")."""

    WEB = "web", _("web form")
    API = "api", _("API")
    EMAIL = "email", _("e-mail")
    PHONE = "phone", _("telephone")
    POST = "post", _("post")


class LookBack(models.TextChoices):
    """How far back a know request reaches (Civ. Code 1798.130(a)(2)(B))."""

    TWELVE_MONTHS = "twelve_months", _("the last 12 months")
    EVERYTHING = "everything", _("everything you hold")


class SubmissionQuerySet(models.QuerySet["Submission"]):
    """Which submissions are meant."""

    def same_person_as(self, submission: Submission) -> SubmissionQuerySet:
        """Submissions of the same data subject, this one left out; only links that were confirmed."""
        if submission.subject is None or submission.confirmed_at is None:
            return self.none()
        root = submission.subject.root_id or submission.subject.pk
        group = models.Q(subject=root) | models.Q(subject__root=root)
        return self.filter(group, confirmed_at__isnull=False).exclude(pk=submission.pk)


class Submission(models.Model):
    """Owns the receipt date, the requester, the evidence, the reference and the case page.

    What the person wrote is sealed under ``record_key``, the key of the record that lives at least 24 months after
    closing (11 CCR 7101). ``email_digest`` finds the mailbox's submissions without reading anything, ``person_digest``
    and ``account_digest`` those of somebody for whom another asks.

    ``name``, ``email`` and ``account_number`` are the person's whose data it is; who asks for somebody else has a name
    and a mailbox of their own, to which letters go. ``confirmed_at`` is about the mailbox that letters go to.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    intake_key = models.UUIDField(unique=True, help_text="One form, one submission: a second submit finds the first.")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="submissions")
    reference = models.CharField(max_length=20, unique=True)
    channel = models.CharField(max_length=10, choices=Channel)
    received_at = models.DateTimeField()
    received_on = models.DateField(help_text="Local date of arrival in the business's time zone.")
    residence = models.CharField(max_length=6, help_text="ISO 3166: a state such as US-CA, or a country such as DE.")
    language = models.CharField(max_length=5, default="en")
    look_back = models.CharField(max_length=20, choices=LookBack, default=LookBack.TWELVE_MONTHS)
    subject = models.ForeignKey(
        "requests_app.DataSubject", null=True, blank=True, on_delete=models.PROTECT, related_name="submissions"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When control of the mailbox was proved.")
    provided_at = models.DateTimeField(
        null=True, blank=True, help_text="When information was provided, in full or part: what the yearly limit counts."
    )

    requester = models.CharField(
        max_length=10, choices=[(kind.value, kind.value) for kind in Requester], default=Requester.SELF.value
    )
    person_receives = models.BooleanField(
        default=False,
        help_text="Whether data goes to the person's own mailbox: somebody asks whose permission does not cover it.",
    )

    permission_denied_at = models.DateTimeField(
        null=True, blank=True, help_text="When the person said that whoever asks has no permission."
    )

    record_key = models.UUIDField(editable=False)
    email_digest = models.CharField(
        max_length=120, db_index=True, editable=False, help_text="Empty: the person gave no e-mail address."
    )
    person_digest = models.CharField(
        max_length=120, db_index=True, blank=True, editable=False, help_text="Of the person's address, if another asks."
    )
    account_digest = models.CharField(
        max_length=120, db_index=True, blank=True, editable=False, help_text="Of the account number, if another asks."
    )
    name_sealed = models.BinaryField(null=True)
    email_sealed = models.BinaryField(null=True)
    postal_address_sealed = models.BinaryField(null=True)
    account_number_sealed = models.BinaryField(null=True)
    details_sealed = models.BinaryField(null=True)
    requester_name_sealed = models.BinaryField(null=True)
    requester_email_sealed = models.BinaryField(null=True)
    born_on_sealed = models.BinaryField(null=True)
    name = SealedText("name_sealed", key="record_key")
    email = SealedText("email_sealed", key="record_key")
    postal_address = SealedText("postal_address_sealed", key="record_key")
    account_number = SealedText("account_number_sealed", key="record_key")
    details = SealedText("details_sealed", key="record_key")
    requester_name = SealedText("requester_name_sealed", key="record_key")
    requester_email = SealedText("requester_email_sealed", key="record_key")
    born_on = SealedText("born_on_sealed", key="record_key")  # of a child, as 2015-03-01

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        ordering = ("-received_at",)

    def __str__(self) -> str:
        return self.reference

    @property
    def has_mailbox(self) -> bool:
        """Whether letters go by mail; else they are printed and posted."""
        return bool(self.email_digest)

    @property
    def asked_by(self) -> Requester:
        """Who sent it."""
        return Requester(self.requester)

    @property
    def for_another(self) -> bool:
        """Whether somebody asks for the person, who is somebody else."""
        return self.asked_by is not Requester.SELF

    @property
    def contact_name(self) -> str:
        """Whom our letters greet."""
        return self.requester_name if self.for_another else self.name

    @property
    def contact_email(self) -> str:
        """Where our letters go."""
        return self.requester_email if self.for_another else self.email
