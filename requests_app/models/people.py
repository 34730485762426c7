"""The person whose data it is."""

from __future__ import annotations

import unicodedata
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from dsar.vault.fields import SealedText
from requests_app.models.organisation import Organisation
from requests_app.models.submission import Submission

DIGITS = frozenset("0123456789")


class DataSubject(models.Model):
    """One person, known by identifiers. ``root`` joins records that a reviewer linked; its row is locked to count."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="data_subjects")
    root = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="linked")
    identifier_key = models.UUIDField(editable=False)
    created_at = models.DateTimeField()

    if TYPE_CHECKING:
        root_id: uuid.UUID | None

    def __str__(self) -> str:
        return f"person {str(self.pk)[:8]}"

    @property
    def root_or_self(self) -> uuid.UUID:
        """The record that stands for all that are linked with this one."""
        return self.root_id or self.pk


class IdentifierKind(models.TextChoices):
    """What can find a person in a source. A name never is an identifier."""

    EMAIL = "email", _("e-mail address")
    ACCOUNT_NUMBER = "account_number", _("account number")
    PHONE = "phone", _("telephone number")
    DEVICE_ID = "device_id", _("device id")


def as_mailed(email: str) -> str:
    """An address as mail to it goes out: an international domain in the one form to which it is converted.

    Mail to ``faß.example`` goes to ``fass.example`` (IDNA 2003), so only that mailbox can be confirmed; kept as typed,
    it would prove an address that somebody else owns.
    """
    local, sign, domain = email.strip().rpartition("@")
    with suppress(UnicodeError):  # no domain at all, or ASCII that has no other form: the check of the address decides
        domain = domain.encode("idna").decode("idna")
    return f"{local}{sign}{domain}"


def as_compared(kind: IdentifierKind | str, value: str) -> str:
    """An identifier as its digest is made, so that two spellings of one are one: everywhere, and by nothing else."""
    match kind:
        case IdentifierKind.EMAIL:
            return as_mailed(value).casefold()
        case IdentifierKind.PHONE:
            return "".join(letter for letter in value if letter in DIGITS)  # as sources compare them
        case _:
            return value.strip()


def as_tried(kind: IdentifierKind | str, value: str) -> str:
    """An identifier as tries at it are counted: coarser than sources compare, so that no spelling gives one more."""
    if kind in (IdentifierKind.EMAIL, IdentifierKind.PHONE):
        return as_compared(kind, value)
    return "".join(letter for letter in unicodedata.normalize("NFKC", value).casefold() if letter.isalnum())


def as_listed(kind: IdentifierKind | str, value: str) -> str:
    """An identifier as what protects its person is known, a hold or an opt-out: without case, blanks, dashes.

    Better one person too many than one too few. What loosens a protection goes by `as_compared`.
    """
    return as_tried(kind, value) or as_compared(kind, value)


def forms_listed(kind: IdentifierKind | str, value: str) -> list[str]:
    """The forms under which it may stand on such a list: this one, and that of lists from before there was it."""
    return list(dict.fromkeys((as_listed(kind, value), as_compared(kind, value))))


class IdentifierStatus(models.TextChoices):
    """How sure it is that an identifier is this person's."""

    CLAIMED = "claimed", _("claimed")
    CONFIRMED = "confirmed", _("confirmed")
    DERIVED = "derived", _("derived")
    REMOVED = "removed", _("removed")


class Identifier(models.Model):
    """One identifier of a data subject, sealed; found by its digest, never by scanning.

    That it is known leads to no data: an address is given to somebody else, a device sold. What finds a case's data is
    what stood in the record that its submission's probe matched (``Evidence``), or came on the way (``Derivation``).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(DataSubject, on_delete=models.CASCADE, related_name="identifiers")
    submission = models.ForeignKey(Submission, null=True, on_delete=models.PROTECT, related_name="identifiers")
    kind = models.CharField(max_length=20, choices=IdentifierKind)
    status = models.CharField(max_length=10, choices=IdentifierStatus)
    provenance = models.CharField(max_length=100, help_text='Where it comes from: "form", "mailbox", or a collection.')
    digest = models.CharField(max_length=120, db_index=True)
    added_at = models.DateTimeField()
    value_sealed = models.BinaryField(null=True)
    value = SealedText("value_sealed", key="identifier_key")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("subject", "kind", "digest"), name="one_identifier_once_a_subject")
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_status_display()})"

    @property
    def identifier_key(self) -> uuid.UUID:
        """The subject's key, under which all of its identifiers are sealed."""
        return self.subject.identifier_key


class Derivation(models.Model):
    """A source gave an identifier while a case was gathered: it finds for that case, and in that round, only."""

    identifier = models.ForeignKey(Identifier, on_delete=models.CASCADE, related_name="derivations")
    case = models.ForeignKey("requests_app.Case", on_delete=models.CASCADE, related_name="derivations")
    round = models.PositiveIntegerField(help_text="The round of gathering whose own sources gave it.")
    provenance = models.CharField(max_length=100, help_text="The collection that gave it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("identifier", "case", "round", "provenance"), name="derived_once_a_case_round_and_source"
            )
        ]

    def __str__(self) -> str:
        return f"from {self.provenance}"
