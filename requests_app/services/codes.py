"""Codes sent to the mailbox: made, kept as digests, tried few times, used once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from dsar.vault import digests
from requests_app.models import AccessCode, CodePurpose, Submission

# No 0/O, 1/I/L: codes are read from a screen or over the telephone.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8
GROUPS, GROUP = 6, 4  # of a passphrase: 31^24, so that nobody finds it by trying, however fast the tries are
LIFE = {
    CodePurpose.CONFIRM: timedelta(days=30),
    CodePurpose.ENTER: timedelta(minutes=20),
    CodePurpose.DOWNLOAD: timedelta(minutes=20),
    CodePurpose.OPT_IN: timedelta(days=30),
    CodePurpose.PERSON: timedelta(days=30),
    CodePurpose.PERSON_ENTER: timedelta(minutes=20),
}
CODES_AN_HOUR = 5


class TooManyCodes(Exception):
    """Codes were asked for too often."""


def new_text() -> str:
    """A fresh code as the person types it: 31^8, with five tries a code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def new_passphrase() -> str:
    """A fresh passphrase, in groups that can be read aloud: ABCD-EFGH-…"""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def issue(submission: Submission, purpose: CodePurpose, *, at: datetime) -> str:
    """Make a code and return its text, which only the letter may carry. Older codes of the purpose stop working.

    Raises TooManyCodes.
    """
    earlier = submission.codes.filter(purpose=purpose)
    if earlier.filter(issued_at__gt=at - timedelta(hours=1)).count() >= CODES_AN_HOUR:
        raise TooManyCodes
    earlier.filter(used_at__isnull=True, expires_at__gt=at).update(expires_at=at)
    text = new_text()
    AccessCode.objects.create(
        submission=submission,
        purpose=purpose,
        digest=digests.digest("code", _told(submission, text)),
        issued_at=at,
        expires_at=at + LIFE[purpose],
    )
    return text


def is_live(submission: Submission, purpose: CodePurpose, *, at: datetime) -> bool:
    """Whether a code was mailed that still opens something."""
    return _live(submission, purpose, at=at).exists()


def use(submission: Submission, purpose: CodePurpose, text: str, *, at: datetime, if_also: bool = True) -> bool:
    """Use a code up; False if it opens nothing.

    Every text is a try of the live code, counted before it is looked at: of many texts sent at once no more than
    five are looked at. ``if_also`` is what else has to be right: a right code whose companion is wrong stays usable,
    one try poorer, and counts what was missed. The caller's transaction must be kept also when the answer is False.
    """
    if not _live(submission, purpose, at=at).update(tries=F("tries") + 1):
        return False
    candidates = digests.candidates("code", _told(submission, text))
    right = _unused(submission, purpose, at=at).filter(digest__in=candidates)
    if not if_also:
        right.update(missed=F("missed") + 1)
        return False
    return bool(right.update(used_at=at))


def _unused(submission: Submission, purpose: CodePurpose, *, at: datetime) -> QuerySet[AccessCode]:
    return submission.codes.filter(purpose=purpose, used_at__isnull=True, expires_at__gt=at)


def _live(submission: Submission, purpose: CodePurpose, *, at: datetime) -> QuerySet[AccessCode]:
    return _unused(submission, purpose, at=at).filter(tries__lt=AccessCode.TRIES_ALLOWED)


def cleaned(text: str) -> str:
    """A code as it was made, from one as it was typed: case, spaces and dashes don't matter."""
    return "".join(letter for letter in text.upper() if letter in ALPHABET)


def _told(submission: Submission, text: str) -> str:
    return f"{submission.pk}:{cleaned(text)}"
