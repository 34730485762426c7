"""The person's own earlier requests: which they are, and what of them is given out. This system is a source, too.

Called while a case is gathered. Never given out: what staff noted, who acts for the person, and letters that open
something.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import NamedTuple

from django.db.models import Prefetch

from requests_app.law.words import EvidenceKind
from requests_app.models import (
    Case,
    CorrectionAsked,
    CorrectionDecision,
    Identifier,
    IdentifierKind,
    Message,
    Statement,
    Submission,
    SupportingDocument,
)
from requests_app.roles import PERSON
from requests_app.services import letters
from requests_app.services.history import local_day
from requests_app.services.people import as_compared

KIND = "request"  # of the identifiers by which they are found: references


class Request(NamedTuple):
    """One submission, as it came; what a letter or form did not say is None."""

    reference: str
    received_on: str
    closed_on: str | None  # when the last of its cases was closed; None while one is open
    channel: str
    asked_by: str
    residence: str
    language: str
    look_back: str
    name: str | None
    email: str | None
    account_number: str | None
    postal_address: str | None
    born_on: str | None
    details: str | None
    declaration: str | None


class Asked(NamedTuple):
    """One right of a submission, and how it ended."""

    reference: str
    right: str
    title: str  # in the words of its leading law
    laws: str
    received_on: str
    state: str
    outcome: str | None
    grounds: str | None  # on which it was refused, by their citations
    closed_on: str | None


class Corrected(NamedTuple):
    """One correction that was asked for, as it was asked, and what was decided on it last."""

    reference: str
    number: str  # its place in the request, from 01
    received_on: str
    field: str | None  # source.collection.field; None: told in words alone
    words: str | None
    value_now: str | None
    value: str | None
    decision: str | None  # None: none by itself, the outcome of the right tells
    ground: str | None  # of a refusal: its citation
    closed_on: str | None


class Stated(NamedTuple):
    """One statement on a correction that was refused, as it was written last; to whom it went is staff's own note."""

    reference: str
    number: str  # of the correction, from 01
    received_on: str
    filed_on: str
    text: str | None
    to_pass_on: bool  # whether the person asked for that
    passed_on: str | None  # the day on which it was noted as passed on
    closed_on: str | None


class Supported(NamedTuple):
    """One document that was sent for a correction, and its hash: who sent it has it.

    What somebody else called it, and wrote beside it, is theirs: staff, or who asked for the person.
    """

    reference: str
    document_id: str
    number: str  # of the correction, from 01
    received_on: str
    sent_on: str
    name: str | None
    note: str | None
    kind: str
    size: int
    sha256: str
    taken_back_on: str | None  # nobody looks at it since, nor at its name and note
    closed_on: str | None


class Letter(NamedTuple):
    """One letter that was written."""

    letter_id: str
    reference: str
    right: str | None
    subject: str
    written_on: str
    reached_on: str | None
    text: str | None  # None where it held a code, or went to somebody who asked for the person


def identifiers_of(case: Case) -> dict[str, list[str]]:
    """What finds the person's earlier requests; nothing where there are none.

    Only by confirmed links: the same record of a person, or one that a reviewer has linked. Of one mailbox that two
    people use, those that were proved by the record that this case was proved by; those for which nothing was proved
    if that record holds the mailbox. The request that is being answered is none of them.
    """
    found = Submission.objects.same_person_as(case.submission).order_by("received_at", "pk")
    proved = _proved(case)
    references = [one.reference for one in found if _is_theirs(one, case.submission, proved)]
    return {KIND: references} if references else {}


def requests(references: Collection[str]) -> Iterator[Request]:
    """Submissions by reference, in the order of their references."""
    for one in _submissions(references):
        cases = list(one.cases.all())
        closed = [_day(case) for case in cases]
        yield Request(
            reference=one.reference,
            received_on=one.received_on.isoformat(),
            closed_on=None if None in closed else max((day for day in closed if day), default=None),
            channel=one.channel,
            asked_by=one.requester,
            residence=one.residence,
            language=one.language,
            look_back=one.look_back,
            name=one.name or None,
            email=one.email or None,
            account_number=one.account_number or None,
            postal_address=None if one.for_another else one.postal_address or None,
            born_on=one.born_on or None,
            details=one.details or None,
            declaration=_declared(one),
        )


def cases(references: Collection[str]) -> Iterator[Asked]:
    """Their cases, in the order of references and rights."""
    for one in _submissions(references):
        for case in one.cases.order_by("right").prefetch_related("laws", "exemption_claims"):
            yield Asked(
                reference=one.reference,
                right=case.right,
                title=letters.right_title(case, one.language),
                laws=", ".join(pack.short_title.in_language(one.language) for pack in case.packs()),
                received_on=one.received_on.isoformat(),
                state=case.state,
                outcome=case.outcome or None,
                grounds="; ".join(claim.citation for claim in case.exemption_claims.all()) or None,
                closed_on=_day(case),
            )


def corrections(references: Collection[str]) -> Iterator[Corrected]:
    """What they asked to have corrected, in the order of references and numbers."""
    latest = Prefetch("decisions", CorrectionDecision.objects.order_by("-round"))
    asked = CorrectionAsked.objects.filter(case__submission__reference__in=references).prefetch_related(latest)
    for one in asked.select_related("case__submission").order_by("case__submission__reference", "number"):
        decision = next(iter(one.decisions.all()), None)
        yield Corrected(
            reference=one.case.submission.reference,
            number=f"{one.number:02}",
            received_on=one.case.submission.received_on.isoformat(),
            field=one.field or None,
            words=one.words or None,
            value_now=one.value_now or None,
            value=one.value or None,
            decision=decision.verdict if decision else None,
            ground=decision.citation or None if decision else None,
            closed_on=_day(one.case),
        )


def statements(references: Collection[str]) -> Iterator[Stated]:
    """What was stated on corrections that were refused (11 CCR 7023(f)(3)), in the order of references and numbers."""
    found = Statement.objects.filter(asked__case__submission__reference__in=references)
    related = found.select_related("asked__case__submission", "case__submission")
    for one in related.order_by("asked__case__submission__reference", "asked__number"):
        case = one.asked.case
        yield Stated(
            reference=case.submission.reference,
            number=f"{one.asked.number:02}",
            received_on=case.submission.received_on.isoformat(),
            filed_on=local_day(one.filed_at).isoformat(),
            text=one.text or None,
            to_pass_on=one.is_to_pass_on,
            passed_on=local_day(one.passed_on_at).isoformat() if one.passed_on_at else None,
            closed_on=_day(case),
        )


def documents(references: Collection[str]) -> Iterator[Supported]:
    """What was sent to support corrections, in the order of references and ids."""
    found = SupportingDocument.objects.filter(asked__case__submission__reference__in=references)
    for one in found.select_related("asked__case__submission").order_by("asked__case__submission__reference", "pk"):
        submission = one.asked.case.submission
        own = one.sent_by == PERSON.slug and one.taken_back_at is None
        yield Supported(
            reference=submission.reference,
            document_id=str(one.pk),
            number=f"{one.asked.number:02}",
            received_on=submission.received_on.isoformat(),
            sent_on=local_day(one.sent_at).isoformat(),
            name=one.name or None if own else None,
            note=one.note or None if own else None,
            kind=one.content_type,
            size=one.clear_size,
            sha256=one.clear_sha256,
            taken_back_on=local_day(one.taken_back_at).isoformat() if one.taken_back_at else None,
            closed_on=_day(one.asked.case),
        )


def sent(references: Collection[str]) -> Iterator[Letter]:
    """The letters that were written in them, in the order of their ids."""
    written = Message.objects.filter(submission__reference__in=references, set_aside=False)
    for message in written.select_related("submission", "case").order_by("pk"):
        reached_on: date | None = message.reached_on
        yield Letter(
            letter_id=str(message.pk),
            reference=message.submission.reference,
            right=message.case.right if message.case else None,
            subject=message.subject,
            written_on=local_day(message.queued_at).isoformat(),
            reached_on=reached_on.isoformat() if reached_on else None,
            text=message.text or None if _may_be_given(message) else None,
        )


def _submissions(references: Collection[str]) -> Iterator[Submission]:
    yield from Submission.objects.filter(reference__in=references).order_by("reference")


def _proved(case: Case) -> frozenset[Identifier]:
    """What stood in the record on which this case was accepted."""
    return frozenset(Identifier.objects.filter(evidence__cases=case).select_related("subject"))


def _is_theirs(other: Submission, submission: Submission, proved: frozenset[Identifier]) -> bool:
    if other.subject_id != submission.subject_id:  # a reviewer has linked the two records
        return True
    accepted_on = set(Identifier.objects.filter(evidence__submission=other, evidence__cases__isnull=False))
    if accepted_on:
        return bool(accepted_on & proved)
    mailboxes = {as_compared(one.kind, one.value) for one in proved if one.kind == IdentifierKind.EMAIL}
    return as_compared(IdentifierKind.EMAIL, other.email) in mailboxes


def _may_be_given(message: Message) -> bool:
    """Not what opens a page or a file, and not what was written to somebody else."""
    is_key = letters.has_code(message) or message.letter == letters.Letter.PASSPHRASE
    to_somebody_else = message.submission.for_another and not message.to_person
    return not is_key and not to_somebody_else


def _declared(submission: Submission) -> str | None:
    """What the person signed (11 CCR 7062)."""
    if submission.for_another:
        return None
    signed = submission.evidence.filter(kind=EvidenceKind.DECLARATION).order_by("proved_at")
    return "\n\n".join(one.statement for one in signed) or None


def _day(case: Case) -> str | None:
    return local_day(case.closed_at).isoformat() if case.closed_at else None
