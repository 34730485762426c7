"""Opting in again: asked for by the person, and then confirmed in a second step (11 CCR 7028). We never ask for it.

What loosens a protection takes the word of whoever it protects: for an agent the letter goes to the person's own
mailbox; a parent or guardian signs for a child, and takes back only what was asked for in the child's name.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from requests_app.events import EventKind
from requests_app.identifying import FAMILY
from requests_app.law.minors import OptsIn
from requests_app.law.words import Right
from requests_app.models import Case, CodePurpose, IdentifierKind, OptIn, Submission, Suppression
from requests_app.ports import work
from requests_app.roles import PERSON, REQUESTER
from requests_app.services import codes, identity, letters, minors, opt_outs
from requests_app.services.history import change_state, local_day, locked_cases
from requests_app.states import State


def ask_to_confirm(case: Case, *, at: datetime) -> None:
    """Mail the link by which the choice is confirmed; until then nothing changes."""
    code = codes.issue(case.submission, CodePurpose.OPT_IN, at=at)
    letters.queue(case.submission, letters.Letter.OPT_IN_CONFIRM, at=at, case=case, code=code)


def wants_signature(submission: Submission) -> bool:
    """Whether the second step is signed: a parent or guardian declares to be one (11 CCR 7070(a))."""
    return submission.asked_by in FAMILY


def confirm(submission: Submission, code: str, *, at: datetime, declared_name: str = "") -> bool:
    """Take the code as the second step; False if it opens nothing, nothing waits for it, or a signature is missing.

    It proves the mailbox that it went to as well, unless that is the person's for whom an agent asks. What the person
    had opted out of is allowed again; a child below 13 can't allow it.
    """
    with transaction.atomic():
        if not _may_confirm(submission, declared_name.strip(), on=local_day(at)):
            return False
        if not codes.use(submission, CodePurpose.OPT_IN, code, at=at):
            return False
        case = locked_cases(submission).filter(right=Right.OPT_IN, state=State.RECEIVED).first()
        if case is None:
            return False
        if wants_signature(submission):
            identity.declare(submission, declared_name.strip(), at=at)
        if not letters.goes_to_person(submission, letters.Letter.OPT_IN_CONFIRM):
            identity.note_mailbox(submission, at=at)
        case = locked_cases(submission).get(pk=case.pk)
        lifted = _opt_outs_of(submission).update(lifted_at=at)
        _remember(case, at=at)
        by = REQUESTER if submission.asked_by in FAMILY else PERSON
        change_state(case, EventKind.CONFIRM, case.confirm, by=by, at=at, lifted=lifted)
        work().carry_out(case, at=at)
    return True


def _may_confirm(submission: Submission, declared_name: str, *, on: date) -> bool:
    if wants_signature(submission):
        return bool(declared_name)
    return not minors.is_below_parents_age(submission.organisation, submission.email, on=on)


def _opt_outs_of(submission: Submission) -> QuerySet[Suppression]:
    """Everything that was put in force by an opt-out of sale and sharing from this mailbox.

    A parent takes back only what a parent or guardian has asked for: what was opted out of in the own name stays.
    """
    in_force = Suppression.objects.in_force().filter(
        organisation=submission.organisation, right=Right.OPT_OUT_SALE_SHARE
    )
    named = Q()
    for kind, value in _given(submission):
        named |= Q(kind=kind, digest__in=opt_outs.digests_of(kind, value))
    cases = set(in_force.filter(named).values_list("case_id", flat=True)) if named else set()
    if submission.asked_by in FAMILY:
        asked = Case.objects.filter(pk__in=cases, submission__requester__in=FAMILY)
        cases = set(asked.values_list("pk", flat=True))
    return in_force.filter(case_id__in=cases)


def _remember(case: Case, *, at: datetime) -> None:
    """Keep whose word it was: without it nothing is sold of somebody under 16 (Civ. Code 1798.120(c))."""
    by = OptsIn.PARENT if case.submission.asked_by in FAMILY else OptsIn.CONSUMER
    for kind, value in _given(case.submission):
        OptIn.objects.create(
            id=uuid.uuid4(),
            organisation=case.submission.organisation,
            case_id=case.pk,
            kind=kind,
            digest=opt_outs.digest_of(kind, value),
            by=by,
            opted_in_at=at,
        )


def _given(submission: Submission) -> list[tuple[IdentifierKind, str]]:
    """By what the opt-in holds: the mailbox that confirmed it; for a child what the parent has signed for."""
    came = list(opt_outs.came_with(submission))
    if submission.asked_by in FAMILY:
        return came
    return [(kind, value) for kind, value in came if kind == IdentifierKind.EMAIL]
