"""Whose request it is: a job after intake joins the submission with the person's record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from dsar.vault import digests
from requests_app.events import EventKind
from requests_app.models import DataSubject, Identifier, IdentifierKind, IdentifierStatus, Submission
from requests_app.roles import SYSTEM
from requests_app.services.history import locked, record

def find_person(submission: Submission, *, identifier_key: uuid.UUID, at: datetime) -> None:
    """Join the submission with the person whose confirmed mailbox it came from, or with a new record.

    Until the mailbox is confirmed nothing is joined: an unverified request can't count against anybody's limit.
    ``identifier_key`` is a key made beforehand, used only if the person is new. Runs in the caller's transaction.
    """
    if submission.confirmed_at is None or submission.subject_id is not None:
        return
    email = submission.email.casefold()
    subject = _known_by(submission, email) or DataSubject.objects.create(
        id=uuid.uuid4(), organisation=submission.organisation, identifier_key=identifier_key, created_at=at
    )
    Submission.objects.filter(pk=submission.pk).update(subject=subject)
    submission.subject = subject
    add_identifier(subject, IdentifierKind.EMAIL, email, IdentifierStatus.CONFIRMED, submission, "mailbox", at=at)
    if submission.account_number:
        number = submission.account_number.strip()
        add_identifier(
            subject, IdentifierKind.ACCOUNT_NUMBER, number, IdentifierStatus.CLAIMED, submission, "form", at=at
        )
    for case in submission.cases.all():
        record(locked(case.pk), EventKind.PERSON_FOUND, by=SYSTEM, at=at, person=str(subject.pk))


def confirm_identifiers(submission: Submission, points: Mapping[str, str], *, at: datetime) -> None:
    """Identifiers that stood in the record which a probe matched are the person's."""
    if submission.subject is None:
        return
    for kind in (IdentifierKind.ACCOUNT_NUMBER, IdentifierKind.PHONE):
        if kind in points:
            add_identifier(
                submission.subject, kind, points[kind], IdentifierStatus.CONFIRMED, submission, "probe", at=at
            )


def add_identifier(
    subject: DataSubject,
    kind: IdentifierKind | str,
    value: str,
    status: IdentifierStatus,
    submission: Submission | None,
    provenance: str,
    *,
    at: datetime,
) -> None:
    """Keep an identifier of a person; one that is known already stays as it is, but a claimed one can be confirmed."""
    known = Identifier.objects.filter(
        subject=subject, kind=kind, digest__in=digests.candidates(f"identifier:{kind}", value)
    )
    if known.exists():
        if status == IdentifierStatus.CONFIRMED:
            known.filter(status=IdentifierStatus.CLAIMED).update(status=status, provenance=provenance)
        return
    identifier = Identifier(
        id=uuid.uuid4(),
        subject=subject,
        submission=submission,
        kind=kind,
        status=status,
        provenance=provenance,
        digest=digests.digest(f"identifier:{kind}", value),
        added_at=at,
    )
    identifier.value = value
    identifier.save()


def identifiers_of(submission: Submission) -> Mapping[str, list[str]]:
    """What may find this person in a source, by kind: confirmed and derived identifiers, never merely claimed ones."""
    statuses = [IdentifierStatus.CONFIRMED, IdentifierStatus.DERIVED]
    found: dict[str, list[str]] = {}
    if submission.subject is None:
        return found
    for identifier in submission.subject.identifiers.filter(status__in=statuses).order_by("added_at"):
        found.setdefault(identifier.kind, []).append(identifier.value)
    return found


def _known_by(submission: Submission, email: str) -> DataSubject | None:
    candidates = digests.candidates(f"identifier:{IdentifierKind.EMAIL}", email)
    return (
        DataSubject.objects.filter(
            organisation=submission.organisation,
            identifiers__kind=IdentifierKind.EMAIL,
            identifiers__status=IdentifierStatus.CONFIRMED,
            identifiers__digest__in=candidates,
        )
        .order_by("created_at")
        .first()
    )
