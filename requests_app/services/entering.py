"""Entering the case page, and opening the file: with a fresh code from the mailbox."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from requests_app.events import EventKind
from requests_app.models import AccessCode, Case, CodePurpose, Submission
from requests_app.moves import performs
from requests_app.roles import SYSTEM, Actor
from requests_app.services import codes, identity, letters, permissions
from requests_app.services.history import locked_cases, record
from requests_app.services.references import find as find  # noqa: PLC0414 - entering begins with it


def send_entry_codes(submission: Submission, *, at: datetime) -> None:
    """Mail a code with which to enter; where another asks, the person gets one of their own, once they have a say.

    Raises codes.TooManyCodes.
    """
    send_code(submission, CodePurpose.ENTER, at=at)
    if permissions.concerns_person(submission):
        with transaction.atomic():
            code = codes.issue(submission, CodePurpose.PERSON_ENTER, at=at)
            letters.queue(submission, letters.Letter.PERSON_CODE, at=at, code=code)


def send_code(submission: Submission, purpose: CodePurpose, *, at: datetime) -> None:
    """Mail a fresh code; raises codes.TooManyCodes when too many were asked for within an hour.

    Who gave no e-mail address has no mailbox to prove, and no page: nothing is sent.
    """
    if not submission.has_mailbox:
        return
    letter = letters.Letter.DOWNLOAD_CODE if purpose == CodePurpose.DOWNLOAD else letters.Letter.ENTRY_CODE
    with transaction.atomic():
        code = codes.issue(submission, purpose, at=at)
        letters.queue(submission, letter, at=at, code=code)


def enter(submission: Submission, code: str, *, at: datetime) -> bool:
    """Whether the code opens the case page. It proves the mailbox as well: the same letter box answered."""
    with transaction.atomic():
        opens = codes.use(submission, CodePurpose.ENTER, code, at=at)
        if opens:
            identity.note_mailbox(submission, at=at)
    return opens


def enter_as_person(submission: Submission, code: str, *, at: datetime) -> bool:
    """Whether the code, which went to the person's own mailbox, lets the person in for whom another asks."""
    purposes = (CodePurpose.PERSON, CodePurpose.PERSON_ENTER)
    with transaction.atomic():
        return any(codes.use(submission, purpose, code, at=at) for purpose in purposes)


def open_file(case: Case, *, code: str, answer: str, at: datetime) -> bool:
    """Whether a fresh code, and an answer that the mailbox alone can't give, open the person's file.

    Both are looked at each time, so that a wrong answer can't be told from a wrong code. After too many wrong answers
    with right codes the download is closed, also for the right one, until staff have made sure who asks.
    """
    submission = case.submission
    with transaction.atomic():
        cases = {one.pk: one for one in locked_cases(submission)}  # tries sent at once wait for each other
        if submission.codes.download_is_closed():
            return False
        answered = not identity.answers_asked(case) or identity.was_proved_with(case, answer)
        opens = codes.use(submission, CodePurpose.DOWNLOAD, code, at=at, if_also=answered)
        if submission.codes.download_is_closed():
            record(cases[case.pk], EventKind.DOWNLOAD_CLOSED, by=SYSTEM, at=at, missed=AccessCode.MISSES_ALLOWED)
        return opens


@performs("open_download")
def open_download(case: Case, *, actor: Actor, at: datetime) -> None:
    """Let the person try again: what was missed counts no more."""
    case.submission.codes.of_downloads().update(missed=0)
    record(case, EventKind.OPEN_DOWNLOAD, by=actor, at=at)
