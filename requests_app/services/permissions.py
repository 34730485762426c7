"""Who asks for somebody else: the papers that they show, and what the person says to it."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from requests_app import identifying
from requests_app.events import EventKind
from requests_app.law import agents
from requests_app.law.agents import Asked
from requests_app.law.words import EvidenceKind
from requests_app.models import (
    Case,
    CodePurpose,
    Evidence,
    IdentifierKind,
    IdentifierStatus,
    PermissionFile,
    Submission,
)
from requests_app.moves import performs
from requests_app.ports import systems
from requests_app.roles import PERSON, REQUESTER, Actor
from requests_app.services import codes, identity, letters, linking, papers, people, restricting
from requests_app.services.history import locked_cases, record
from requests_app.services.papers import FileRefused
from requests_app.who_asks import ON_PAPER, PERSON_RECEIVES

MOST_FILES = 5
FOLDER = "permissions"


def send_file(submission: Submission, content: bytes, *, at: datetime) -> PermissionFile:
    """Keep a paper that who asks for another has sent, sealed; staff look at it and decide what it proves.

    Raises FileRefused with a sentence.
    """
    content_type = _checked(submission, content)
    sent = PermissionFile(id=uuid.uuid4(), submission=submission, content_type=content_type, sent_at=at)
    papers.seal(sent, content, folder=FOLDER)
    with transaction.atomic():
        sent.save()
        for case in locked_cases(submission):
            record(case, EventKind.PERMISSION_SENT, by=REQUESTER, at=at, file=str(sent.pk), size=len(content))
    return sent


def may_send_file(submission: Submission) -> bool:
    """Whether a paper of whoever asks could still prove something."""
    return bool(_missing_papers(submission)) and submission.permission_files.count() < MOST_FILES


@performs("accept_permission")
def accept_permission(
    case: Case, *, actor: Actor, at: datetime, paper: str, seen: str, receiver: str, note: str
) -> None:
    """Staff looked at a paper and found it good. Then the person is asked, if the law lets us and needs it (7063(a)).

    Data goes to whoever asks only if the paper says so.
    """
    submission = case.submission
    evidence = Evidence(
        id=uuid.uuid4(), submission=submission, kind=EvidenceKind(paper), proved_at=at, actor=actor.slug
    )
    evidence.document_id = None if seen == ON_PAPER else uuid.UUID(seen)
    evidence.statement = note
    evidence.save()
    submission.person_receives = receiver == PERSON_RECEIVES and bool(submission.email)
    submission.save(update_fields=["person_receives"])
    record(case, EventKind.ACCEPT_PERMISSION, by=actor, at=at, paper=paper, seen=_code(seen), receiver=receiver)
    if any(map(_lets_us_ask, submission.cases.open())):  # the paper is for all of them, wherever it was accepted
        _ask_person(case, by=actor, at=at)
    enqueue("settle_identity", {"submission": str(submission.pk)}, key=f"settle_identity:{evidence.pk}")


def confirm_permission(submission: Submission, *, at: datetime) -> bool:
    """The person says, from their own mailbox, that they gave the permission; False if nobody asked, or it is told."""
    with transaction.atomic():
        identity.one_at_a_time(submission)
        cases = list(locked_cases(submission))
        if not awaits_person(submission):
            return False
        Evidence.objects.create(
            id=uuid.uuid4(), submission=submission, kind=EvidenceKind.CONFIRMATION, proved_at=at, actor=PERSON.slug
        )
        for case in cases:
            record(case, EventKind.PERMISSION_CONFIRMED, by=PERSON, at=at)
        restricting.tell_systems(cases)
        _join_with_known(cases[0], at=at)
        identity.compare_what_came(submission, at=at)
        identity.settle(submission, at=at)
    return True


def deny_permission(submission: Submission, *, at: datetime) -> bool:
    """The person says that they gave none: staff refuse, nothing is disclosed. False if nobody asked."""
    with transaction.atomic():
        cases = list(locked_cases(submission))
        if not awaits_person(submission):
            return False
        submission.codes.filter(purpose=CodePurpose.PERSON).update(used_at=at)
        for case in cases:
            record(case, EventKind.PERMISSION_DENIED, by=PERSON, at=at)
        Submission.objects.filter(pk=submission.pk).update(permission_denied_at=at)
    return True


def awaits_person(submission: Submission) -> bool:
    """Whether the person was asked for a word about the permission and has not given it."""
    asked = submission.codes.filter(purpose=CodePurpose.PERSON).exists()
    return asked and submission.permission_denied_at is None and not people.person_answered(submission)


def concerns_person(submission: Submission) -> bool:
    """Whether the person for whom somebody asks has something to do here; not before staff accepted a paper."""
    papers = (EvidenceKind.PERMISSION, EvidenceKind.POWER_OF_ATTORNEY)
    receives = submission.person_receives and submission.evidence.filter(kind__in=papers).exists()
    return bool(submission.email) and (receives or awaits_person(submission))


def _lets_us_ask(case: Case) -> bool:
    try:
        agents.check_may_ask(identifying.authority(case), Asked.IDENTITY_OR_CONFIRMATION)
    except agents.MayNotAsk:
        return False
    return True


def _ask_person(case: Case, *, by: Actor, at: datetime) -> None:
    """Ask the person for one of two: to confirm, or to prove who they are."""
    submission = case.submission
    code = codes.issue(submission, CodePurpose.PERSON, at=at)
    letters.queue(submission, letters.Letter.CONFIRM_PERMISSION, at=at, case=case, code=code)
    record(case, EventKind.CONFIRMATION_ASKED, by=by, at=at)


def _join_with_known(case: Case, *, at: datetime) -> None:
    """The person answered from this address: it is theirs, and so is a record that it has led to before."""
    submission = case.submission
    if submission.subject is None:
        return
    known = people.known_elsewhere(submission)
    people.add_identifier(
        submission.subject,
        IdentifierKind.EMAIL,
        submission.email,
        IdentifierStatus.CONFIRMED,
        submission,
        "mailbox",
        at=at,
    )
    if known is not None:
        linking.join(case, known, by=PERSON, at=at, reason="The person confirmed the permission from this mailbox.")


def _checked(submission: Submission, content: bytes) -> str:
    if submission.confirmed_at is None:
        raise FileRefused(_("Please confirm your mailbox first, with the code that we mailed to you."))
    if not may_send_file(submission):
        raise FileRefused(_("No further paper is needed here. Please write to us if you think otherwise."))
    content_type = papers.type_of(content)
    if fault := systems().fault_of_paper(content, submission.language):
        raise FileRefused(fault)
    return content_type


def _missing_papers(submission: Submission) -> list[Asked]:
    papers = {Asked.SIGNED_PERMISSION, Asked.COURT_PAPER, Asked.PARENT_SHOWN}
    return [
        asked for case in submission.cases.open() for asked in identifying.authority(case).missing if asked in papers
    ]


def _code(seen: str) -> str:
    return seen if seen == ON_PAPER else "file"
