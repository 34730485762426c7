"""Codes sent to the mailbox: made, kept as digests, tried few times, used once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db.models import F

from dsar.vault import digests
from requests_app.models import AccessCode, CodePurpose, Submission

# No 0/O, 1/I/L: codes are read from a screen or over the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8
LIFE = {
    CodePurpose.CONFIRM: timedelta(days=30),
    CodePurpose.ENTER: timedelta(minutes=20),
    CodePurpose.DOWNLOAD: timedelta(minutes=20),
}
CODES_AN_HOUR = 5


class TooManyCodes(Exception):
    """Codes were asked for too often."""


def new_text() -> str:
    """A fresh code as the person types it: 31^8, with five tries a code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def issue(submission: Submission, purpose: CodePurpose, *, at: datetime) -> str:
    """Make a code and return its text, which only the letter may carry. Older codes of the purpose stop working."""
    recent = submission.codes.filter(purpose=purpose, expires_at__gt=at + LIFE[purpose] - timedelta(hours=1))
    if recent.count() >= CODES_AN_HOUR:
        raise TooManyCodes
    submission.codes.filter(purpose=purpose, used_at__isnull=True).update(expires_at=at)
    text = new_text()
    AccessCode.objects.create(
        submission=submission, purpose=purpose, digest=_digest(submission, text), expires_at=at + LIFE[purpose]
    )
    return text


def use(submission: Submission, purpose: CodePurpose, text: str, *, at: datetime) -> bool:
    """Use a code up; False if it opens nothing. A wrong text counts as a try of the live code, so it must be kept."""
    live = submission.codes.filter(
        purpose=purpose, used_at__isnull=True, expires_at__gt=at, tries__lt=AccessCode.TRIES_ALLOWED
    )
    candidates = digests.candidates("code", _told(submission, text))
    if live.filter(digest__in=candidates).update(used_at=at):
        return True
    live.update(tries=F("tries") + 1)
    return False


def _digest(submission: Submission, text: str) -> str:
    return digests.digest("code", _told(submission, text))


def _told(submission: Submission, text: str) -> str:
    cleaned = "".join(letter for letter in text.upper() if letter in ALPHABET)
    return f"{submission.pk}:{cleaned}"
