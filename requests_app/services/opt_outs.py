"""Opt-outs: in force on receipt, without proof; lifted when they are refused."""

from __future__ import annotations

import uuid
from datetime import datetime

from dsar.vault import digests
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case, IdentifierKind, Submission, Suppression
from requests_app.ports import work
from requests_app.roles import SYSTEM
from requests_app.services import letters, people
from requests_app.services.history import change_state

# Opt-outs in the words of the laws; others say "objection" or "withdrawal" of what holds at once.
OPT_OUTS = frozenset({Right.OPT_OUT_SALE_SHARE, Right.LIMIT_SENSITIVE, Right.OPT_OUT_AUTOMATED})


def act_at_once(case: Case, suppression_key: uuid.UUID, *, at: datetime) -> None:
    """In force now, confirmed now, and carried out by the workers; no proof may be asked for (11 CCR 7060(b))."""
    change_state(case, EventKind.ACT_AT_ONCE, case.act_at_once, by=SYSTEM, at=at)
    suppress(case, case.right_asked, suppression_key, at=at)
    letters.queue(case.submission, _letter(case), at=at, case=case)
    work().carry_out(case, at=at)


def _letter(case: Case) -> letters.Letter:
    """The letter that says that what was asked for is in force."""
    return letters.Letter.OPT_OUT_CONFIRMED if case.right_asked in OPT_OUTS else letters.Letter.IN_FORCE


def lift(case: Case, *, at: datetime) -> None:
    """The opt-out of this case holds no longer; another one of the same person stays in force."""
    Suppression.objects.in_force().filter(case_id=case.pk).update(lifted_at=at)


def must_offer(case: Case) -> bool:
    """A refused deletion offers the opt-out where data is sold or shared and the person has not opted out (G12)."""
    submission = case.submission
    return case.right_asked == Right.DELETE and submission.organisation.sells_or_shares and not holds(submission)


def put_in_force_again(case: Case) -> None:
    """What this case had put in force holds again: taking it off was a mistake."""
    Suppression.objects.filter(case_id=case.pk).update(lifted_at=None)


def is_in_force(case: Case) -> bool:
    """Whether something that this case has put in force still holds."""
    return Suppression.objects.in_force().filter(case_id=case.pk).exists()


def holds(submission: Submission) -> bool:
    """Whether whoever uses this e-mail address has opted out of sale and sharing."""
    value = people.as_compared(IdentifierKind.EMAIL, submission.email)
    in_force = Suppression.objects.in_force().filter(
        organisation=submission.organisation,
        right=Right.OPT_OUT_SALE_SHARE,
        kind=IdentifierKind.EMAIL,
        digest__in=digests.candidates(f"suppression:{IdentifierKind.EMAIL}", value),
    )
    return in_force.exists()


def suppress(case: Case, right: Right, value_key: uuid.UUID, *, at: datetime) -> None:
    """Put an opt-out or a restriction in force, for every identifier that came with it."""
    submission = case.submission
    given = {IdentifierKind.EMAIL: submission.email, IdentifierKind.ACCOUNT_NUMBER: submission.account_number}
    for kind, typed in given.items():
        value = people.as_compared(kind, typed)
        if not value:
            continue
        entry = Suppression(
            id=uuid.uuid4(),
            organisation=submission.organisation,
            case_id=case.pk,
            right=right,
            kind=kind,
            digest=digests.digest(f"suppression:{kind}", value),
            in_force_since=at,
            value_key=value_key,
        )
        entry.value = value
        entry.save()
