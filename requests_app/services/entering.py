"""Entering the case page, and opening the file: with a fresh code from the mailbox."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from requests_app.models import CodePurpose, Submission
from requests_app.services import codes, identity, intake, letters


def find(reference: str) -> Submission | None:
    """The submission of a reference as typed: case, spaces and dashes don't matter."""
    typed = "".join(letter for letter in reference.upper() if letter in codes.ALPHABET)
    written = intake.as_reference(typed[-intake.REFERENCE_LENGTH :])
    return Submission.objects.select_related("organisation", "subject").filter(reference=written).first()


def send_code(submission: Submission, purpose: CodePurpose, *, at: datetime) -> None:
    """Mail a fresh code; raises codes.TooManyCodes when too many were asked for within an hour."""
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


def open_file(submission: Submission, *, code: str, answer: str, at: datetime) -> bool:
    """Whether a fresh code, and an answer that the mailbox alone can't give, open the person's file.

    Both are looked at each time, so that a wrong answer can't be told from a wrong code.
    """
    with transaction.atomic():
        answered = not identity.answers_asked(submission) or identity.was_proved_with(submission, answer)
        return codes.use(submission, CodePurpose.DOWNLOAD, code, at=at, if_also=answered)
