"""Whose request it is: a job after intake joins the submission with the person's record."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import StrIndex, Substr

from dsar.vault import digests
from requests_app.events import EventKind
from requests_app.law.words import EvidenceKind
from requests_app.models import (
    Case,
    DataSubject,
    Derivation,
    Evidence,
    Identifier,
    IdentifierKind,
    IdentifierRemoval,
    IdentifierStatus,
    Organisation,
    Submission,
)
from requests_app.models.people import as_compared as as_compared  # noqa: PLC0414 - services ask for it here
from requests_app.models.people import as_listed as as_listed  # noqa: PLC0414
from requests_app.models.people import as_mailed as as_mailed  # noqa: PLC0414 - and for this
from requests_app.models.people import as_tried as as_tried  # noqa: PLC0414
from requests_app.models.people import forms_listed as forms_listed  # noqa: PLC0414
from requests_app.roles import SYSTEM, Actor
from requests_app.services import standing
from requests_app.services.history import locked_cases, record

# What is known of an identifier may become surer, never less sure; one that staff removed stays removed.
SURER = {
    IdentifierStatus.CONFIRMED: (IdentifierStatus.CLAIMED, IdentifierStatus.DERIVED),
    IdentifierStatus.DERIVED: (IdentifierStatus.CLAIMED,),
    IdentifierStatus.CLAIMED: (),
}


def find_person(submission: Submission, *, identifier_key: uuid.UUID, at: datetime) -> None:
    """Join the submission with the person whose confirmed mailbox it came from, or with a new record.

    Where somebody asks for another, what they say of the person is a claim: it joins nothing until the person has
    answered from that address.

    Until the mailbox is confirmed nothing is joined: an unverified request can't count against anybody's limit.
    ``identifier_key`` is a key made beforehand, used only if the person is new. Runs in the caller's transaction.

    Of two jobs that look at the same moment, for one submission or for two of one person, the second waits and then
    finds the record that the first one made: there is one record a person, or the limit would count apart.
    """
    Organisation.objects.select_for_update(no_key=True).get(pk=submission.organisation_id)
    submission.refresh_from_db(fields=["confirmed_at", "subject"])
    if submission.confirmed_at is None or submission.subject_id is not None:
        return
    email = submission.email.casefold()
    is_theirs = not submission.for_another or person_answered(submission)
    subject = (_known_by(submission, email) if is_theirs else None) or DataSubject.objects.create(
        id=uuid.uuid4(), organisation=submission.organisation, identifier_key=identifier_key, created_at=at
    )
    Submission.objects.filter(pk=submission.pk).update(subject=subject)
    submission.subject = subject
    if email:
        status = IdentifierStatus.CONFIRMED if is_theirs else IdentifierStatus.CLAIMED
        provenance = "mailbox" if is_theirs else "form"
        add_identifier(subject, IdentifierKind.EMAIL, email, status, submission, provenance, at=at)
    if submission.account_number:
        number = submission.account_number
        add_identifier(
            subject, IdentifierKind.ACCOUNT_NUMBER, number, IdentifierStatus.CLAIMED, submission, "form", at=at
        )
    for case in locked_cases(submission):
        record(case, EventKind.PERSON_FOUND, by=SYSTEM, at=at, person=str(subject.pk))
        standing.gather(case, at=at)


def person_answered(submission: Submission) -> bool:
    """Whether the person for whom somebody asks answered from the address that was given."""
    return submission.evidence.filter(kind=EvidenceKind.CONFIRMATION).exists()


def known_elsewhere(submission: Submission) -> DataSubject | None:
    """The record of a person who answered from the given address, if that is another than the submission's."""
    known = _known_by(submission, submission.email.casefold()) if submission.email else None
    return known if known is not None and known != submission.subject else None


def confirm_identifiers(evidence: Evidence, found_by: Mapping[str, str], *, at: datetime) -> None:
    """Identifiers that stood in the record which a probe matched are the person's, and find the data."""
    submission = evidence.submission
    if submission.subject is None:
        return
    for kind, value in found_by.items():
        identifier = add_identifier(
            submission.subject, kind, value, IdentifierStatus.CONFIRMED, submission, "probe", at=at
        )
        evidence.identifiers.add(identifier)


def derive_identifier(case: Case, kind: str, value: str, provenance: str, *, at: datetime) -> None:
    """Keep an identifier that a source gave on the way: it leads on for this case and this round alone.

    What was a person's device last year may be somebody else's by now: each round asks the sources anew.
    """
    submission = case.submission
    if submission.subject is None:
        return
    if _is_removed(case, submission.subject, kind, value):
        return
    identifier = add_identifier(
        submission.subject, kind, value, IdentifierStatus.DERIVED, submission, provenance, at=at
    )
    derivation = Derivation(identifier=identifier, case=case, round=case.gathering_round, provenance=provenance)
    Derivation.objects.bulk_create([derivation], ignore_conflicts=True)  # it may have been given before


def remove_identifier(case: Case, identifier: Identifier, *, by: Actor, reason: str, at: datetime) -> None:
    """An identifier that a source gave is not this person's: it finds nothing any more, in whichever case or round.

    What the person proved elsewhere stays proved, and leads to nothing in this case. In the transaction of the move,
    whose event names it.
    """
    Identifier.objects.filter(pk=identifier.pk, status=IdentifierStatus.DERIVED).update(status=IdentifierStatus.REMOVED)
    Derivation.objects.filter(identifier=identifier, case=case).delete()
    removal = IdentifierRemoval(id=uuid.uuid4(), case=case, decided_by=by.slug, decided_at=at, identifier=identifier)
    removal.reason = reason
    removal.save()


def _is_removed(case: Case, subject: DataSubject, kind: str, value: str) -> bool:
    """Whether staff took it away in this case: another round must not bring it back."""
    removed = Identifier.objects.filter(removals__case=case, subject=subject, kind=kind)
    return removed.exists() and removed.filter(digest__in=digest_candidates(kind, value)).exists()


class Renamed(NamedTuple):
    """An identifier that we corrected: what names its person from now on, and what did until then."""

    kind: str
    old: str
    new: str


class Removed:
    """What staff took away from whom a request may be about, whether its mailbox is confirmed or not."""

    def __init__(self, submission: Submission) -> None:
        whose = Q(subject=submission.subject_id) if submission.subject_id else Q(pk__in=())
        confirmed = Identifier.objects.filter(
            subject__organisation=submission.organisation, status=IdentifierStatus.CONFIRMED
        )
        typed = {IdentifierKind.EMAIL: submission.email, IdentifierKind.ACCOUNT_NUMBER: submission.account_number}
        for kind, value in typed.items():
            if value:
                named = confirmed.filter(kind=kind, digest__in=digest_candidates(kind, value))
                whose |= Q(subject__in=named.values("subject"))
        removed = Identifier.objects.filter(whose, status=IdentifierStatus.REMOVED)
        self._known = frozenset(removed.values_list("kind", "digest"))

    def __bool__(self) -> bool:
        return bool(self._known)

    def __contains__(self, identifier: tuple[str, str]) -> bool:
        """Whether an identifier, by kind and value, is one of them."""
        kind, value = identifier
        return bool(self._known) and any((kind, known) in self._known for known in digest_candidates(kind, value))


def forget_derived(case: Case, source: str) -> None:
    """What a source gave in this round leads on no more: its findings were set aside. What others gave stays."""
    given = Derivation.objects.filter(case=case, round=case.gathering_round)
    given.filter(provenance__startswith=f"{source}.").delete()


def gave_alone(case: Case, source: str, kinds: Iterable[str]) -> bool:
    """Whether a source gave in this round an identifier of these kinds that did not stand in the record of the proof.

    Once it is gone from there, another round would not find what that leads to.
    """
    proved = Identifier.objects.filter(evidence__cases=case)
    given = Derivation.objects.filter(case=case, round=case.gathering_round, provenance__startswith=f"{source}.")
    return given.filter(identifier__kind__in=list(kinds)).exclude(identifier__in=proved).exists()


def add_identifier(  # noqa: PLR0917 - read in this order it is a sentence
    subject: DataSubject,
    kind: IdentifierKind | str,
    value: str,
    status: IdentifierStatus,
    submission: Submission | None,
    provenance: str,
    *,
    at: datetime,
) -> Identifier:
    """Keep an identifier of a person; one that is known already can only become surer."""
    known_as = digests.Digester(f"identifier:{kind}").candidates(as_compared(kind, value))  # the present one first
    same = Identifier.objects.filter(subject=subject, kind=kind, digest__in=known_as)
    known = same.first()
    if known is not None:
        same.filter(status__in=SURER[status]).update(status=status, provenance=provenance)
        return known
    identifier = Identifier(
        id=uuid.uuid4(),
        subject=subject,
        submission=submission,
        kind=kind,
        status=status,
        provenance=provenance,
        digest=known_as[0],
        added_at=at,
    )
    identifier.value = value
    identifier.save()
    return identifier


def digest_candidates(kind: IdentifierKind | str, value: str) -> list[str]:
    """The digests under which an identifier may be known."""
    return digests.candidates(f"identifier:{kind}", as_compared(kind, value))


def mailbox_candidates(email: str) -> list[str]:
    """The digests under which a submission may know a mailbox."""
    return digests.candidates(IdentifierKind.EMAIL.value, as_compared(IdentifierKind.EMAIL, email))


def identifiers_of(
    case: Case, *, in_round: int | None = None, given_by: QuerySet[Any] | None = None
) -> Mapping[str, list[str]]:
    """What finds this case's data, by kind.

    Identifiers that stood in the one record on which this case was accepted, and those that its own sources gave in
    the present round, or in an earlier one; `given_by` says by their names which sources count. Nothing else that is
    known of the person: a confirmed mailbox that does not stand in the matched record takes letters, and finds nothing;
    or whoever reads it could open its owner's data by his own.
    """
    stood = Q(evidence__cases=case)
    given = Derivation.objects.filter(case=case, round=case.gathering_round if in_round is None else in_round)
    if given_by is not None:
        giver = Substr("provenance", 1, StrIndex("provenance", Value(".")) - 1)
        given = given.annotate(giver=giver).filter(giver__in=given_by)
    derived = Q(derivations__in=given)
    found: dict[str, list[str]] = {}
    usable = Identifier.objects.exclude(status=IdentifierStatus.REMOVED).select_related("subject")
    for identifier in usable.filter(stood | derived).distinct().order_by("added_at", "pk"):
        found.setdefault(identifier.kind, []).append(identifier.value)
    return found


def _known_by(submission: Submission, email: str) -> DataSubject | None:
    """Whose confirmed mailbox it is; who has none gets a record of his own, until a reviewer links it to another."""
    if not email:
        return None
    return (
        DataSubject.objects.filter(
            organisation=submission.organisation,
            identifiers__kind=IdentifierKind.EMAIL,
            identifiers__status=IdentifierStatus.CONFIRMED,
            identifiers__digest__in=digest_candidates(IdentifierKind.EMAIL, email),
        )
        .order_by("created_at")
        .first()
    )
