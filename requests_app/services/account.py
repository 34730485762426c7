"""A fresh sign-in to the person's account with the company (11 CCR 7061): told by the company's own account system.

The account system signs an assertion, a JWT with HS256 under a secret that both sides hold; the person's browser brings
it. It names one request, one account and the moment of the sign-in, lives for five minutes and works once.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from dsar.vault import digests
from requests_app.events import EventKind
from requests_app.law.words import EvidenceKind
from requests_app.models import Evidence, IdentifierKind, SignInUsed, Submission
from requests_app.plain_text import is_usable
from requests_app.roles import PERSON
from requests_app.services import identity, people
from requests_app.services.history import locked_cases, record

LIFE = timedelta(minutes=5)
CLOCKS_DIFFER = timedelta(seconds=30)
LONGEST = 4096
LONGEST_NUMBER = 64
SHORTEST_ID = 16
ALGORITHM = "HS256"
CLAIMS = ["aud", "auth_time", "jti", "ref", "sub"]


class SignInRefused(Exception):
    """An assertion that proves nothing; the sentence says what to do."""


@dataclass(frozen=True)
class SignIn:
    """What a good assertion says."""

    account_number: str
    signed_in_at: datetime
    number_of_its_own: str


def is_open() -> bool:
    """Whether the company's account system may tell of sign-ins."""
    return bool(settings.ACCOUNT_SECRET)


def take_sign_in(submission: Submission | None, assertion: str, *, at: datetime) -> None:
    """Take a fresh sign-in as the person's proof; what it proves is joined by a job. Raises SignInRefused.

    A request that is not known is refused in the words of a bad assertion.
    """
    said = _said(assertion, submission.reference if submission else "", at=at)
    if submission is None:
        raise _refused()
    if submission.confirmed_at is None:
        raise SignInRefused(_("Please confirm your mailbox first, with the code that we mailed to you."))
    with transaction.atomic():
        identity.one_at_a_time(submission)
        cases = list(locked_cases(submission))
        _check_account(submission, said.account_number)
        _use_up(said, at=at)
        evidence = Evidence(
            id=uuid.uuid4(), submission=submission, kind=EvidenceKind.ACCOUNT, proved_at=at, actor=PERSON.slug
        )
        evidence.statement = said.account_number
        evidence.kinds = json.dumps([IdentifierKind.ACCOUNT_NUMBER])
        evidence.save()
        for case in cases:
            record(case, EventKind.SIGNED_IN, by=PERSON, at=at, signed_in_at=said.signed_in_at.isoformat())
        enqueue("join_account", {"evidence": str(evidence.pk)}, key=f"join_account:{evidence.pk}")


def join_account(evidence: Evidence, *, at: datetime) -> None:
    """The account is the person's: its number finds the data, and the sign-in counts. In the job's transaction."""
    people.confirm_identifiers(evidence, {IdentifierKind.ACCOUNT_NUMBER: evidence.statement}, at=at)
    identity.settle(evidence.submission, at=at)


def _refused() -> SignInRefused:
    return SignInRefused(
        _("This sign-in proves nothing: it is older than five minutes, was used already, or is not for this request.")
    )


def _said(assertion: str, reference: str, *, at: datetime) -> SignIn:
    claims = _claims(assertion)
    try:
        signed_in_at = datetime.fromtimestamp(int(str(claims["auth_time"])), UTC)
    except (ValueError, OverflowError, OSError):
        raise _refused() from None
    account_number, own_number = str(claims["sub"]).strip(), str(claims["jti"])
    is_fresh = at - LIFE <= signed_in_at <= at + CLOCKS_DIFFER
    is_number = 0 < len(account_number) <= LONGEST_NUMBER and is_usable(account_number)
    if not (is_fresh and claims["ref"] == reference and is_number and len(own_number) >= SHORTEST_ID):
        raise _refused()
    return SignIn(account_number, signed_in_at, own_number)


def _claims(assertion: str) -> Mapping[str, object]:
    """The claims of an assertion that our account system has signed for us. Its age is judged by the moment given."""
    if not is_open() or len(assertion) > LONGEST:
        raise _refused()
    try:
        claims: Mapping[str, object] = jwt.decode(
            assertion.strip(),
            settings.ACCOUNT_SECRET,
            algorithms=[ALGORITHM],
            audience=settings.BASE_URL,
            options={"require": CLAIMS, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        raise _refused() from None
    return claims


def _check_account(submission: Submission, account_number: str) -> None:
    """The account must be the one that the request named; one that it did not name is written down with it."""
    if not submission.account_number:
        submission.account_number = account_number
        submission.save(update_fields=["account_number_sealed"])
    elif people.as_tried(IdentifierKind.ACCOUNT_NUMBER, submission.account_number) != people.as_tried(
        IdentifierKind.ACCOUNT_NUMBER, account_number
    ):
        raise SignInRefused(_("The request names another account. Please sign in to that one, or make a new request."))


def _use_up(said: SignIn, *, at: datetime) -> None:
    candidates = digests.candidates("sign_in", said.number_of_its_own)
    if SignInUsed.objects.filter(digest__in=candidates).exists():
        raise _refused()
    SignInUsed.objects.create(digest=digests.digest("sign_in", said.number_of_its_own), used_at=at)
