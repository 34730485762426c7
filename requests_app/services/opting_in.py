"""Opting in again: asked for by the person, and then confirmed in a second step (11 CCR 7028). We never ask for it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from dsar.vault import digests
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case, CodePurpose, IdentifierKind, Submission, Suppression
from requests_app.ports import work
from requests_app.roles import PERSON
from requests_app.services import codes, identity, letters, people
from requests_app.services.history import change_state, locked_cases
from requests_app.states import State


def ask_to_confirm(case: Case, *, at: datetime) -> None:
    """Mail the link by which the choice is confirmed; until then nothing changes."""
    code = codes.issue(case.submission, CodePurpose.OPT_IN, at=at)
    letters.queue(case.submission, letters.Letter.OPT_IN_CONFIRM, at=at, case=case, code=code)


def confirm(submission: Submission, code: str, *, at: datetime) -> bool:
    """Take the code as the person's second step; False if it opens nothing, or nothing waits for it.

    It proves the mailbox as well. What the mailbox had opted out of is allowed again.
    """
    with transaction.atomic():
        if not codes.use(submission, CodePurpose.OPT_IN, code, at=at):
            return False
        case = locked_cases(submission).filter(right=Right.OPT_IN, state=State.RECEIVED).first()
        if case is None:
            return False
        identity.note_mailbox(submission, at=at)
        case = locked_cases(submission).get(pk=case.pk)
        lifted = _opt_outs_of(submission).update(lifted_at=at)
        change_state(case, EventKind.CONFIRM, case.confirm, by=PERSON, at=at, lifted=lifted)
        work().carry_out(case, at=at)
    return True


def _opt_outs_of(submission: Submission) -> QuerySet[Suppression]:
    """Everything that was put in force by an opt-out of sale and sharing from this mailbox."""
    value = people.as_compared(IdentifierKind.EMAIL, submission.email)
    in_force = Suppression.objects.in_force().filter(
        organisation=submission.organisation, right=Right.OPT_OUT_SALE_SHARE
    )
    by_mailbox = in_force.filter(
        kind=IdentifierKind.EMAIL, digest__in=digests.candidates(f"suppression:{IdentifierKind.EMAIL}", value)
    )
    return in_force.filter(case_id__in=list(by_mailbox.values_list("case_id", flat=True)))
