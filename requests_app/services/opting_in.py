"""Opting in again: asked for by the person, and then confirmed in a second step (11 CCR 7028). We never ask for it.

What loosens a protection takes the word of whoever it protects: for an agent the letter goes to the person's own
mailbox. A parent or guardian signs for a child, which anybody can: it counts once staff have accepted what shows who
asks (11 CCR 7070(a)), and takes back only what this very mailbox has asked for.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from dsar.vault import digests
from requests_app import identifying, who_asks
from requests_app.events import EventKind
from requests_app.identifying import FAMILY
from requests_app.law.agents import Requester
from requests_app.law.minors import OptsIn
from requests_app.law.words import EvidenceKind, Right
from requests_app.models import Case, CodePurpose, Evidence, IdentifierKind, OptIn, Submission, Suppression
from requests_app.models.suppression import SuppressionQuerySet
from requests_app.ports import work
from requests_app.roles import PERSON, REQUESTER
from requests_app.services import codes, identity, letters, minors, opt_outs, people
from requests_app.services.history import change_state, local_day, locked_cases, record
from requests_app.states import State


class ParentChooses(Exception):
    """Somebody whom we know as a child opts in: only a parent or guardian may (11 CCR 7070). Nothing was changed."""


def ask_to_confirm(case: Case, *, at: datetime) -> None:
    """Mail the link by which the choice is confirmed; until then nothing changes."""
    code = codes.issue(case.submission, CodePurpose.OPT_IN, at=at)
    signs = wants_signature(case.submission)
    letters.queue(case.submission, letters.Letter.OPT_IN_CONFIRM, at=at, case=case, code=code, signs=signs)


def wants_signature(submission: Submission) -> bool:
    """Whether the second step is signed: a parent or guardian declares to be one (11 CCR 7070(a))."""
    return submission.asked_by in FAMILY


def confirm(submission: Submission, code: str, *, at: datetime, declared_name: str = "") -> bool:
    """Take the code as the second step; False if it opens nothing, nothing waits for it, or a signature is missing.

    It proves the mailbox that it went to as well, unless that is the person's for whom an agent asks. What the person
    had opted out of is allowed again. What a parent or guardian signs changes nothing before staff have accepted what
    shows who they are. Every text is a try of the code, also without a signature. Raises ParentChooses, once it is
    noted, for a child below 13.
    """
    signature = declared_name.strip()
    with transaction.atomic():
        is_whole = bool(signature) or not wants_signature(submission)
        if not codes.use(submission, CodePurpose.OPT_IN, code, at=at, if_also=is_whole):
            return False
        case = _waiting(submission)
        if case is None:
            return False
        is_child = not wants_signature(submission) and _parent_chooses(submission, at=at)
        if is_child:
            record(case, EventKind.OPT_IN_BY_CHILD, by=PERSON, at=at)
        else:
            _take(submission, signature, at=at)
    if is_child:
        raise ParentChooses
    return True


def _take(submission: Submission, signature: str, *, at: datetime) -> None:
    if wants_signature(submission):
        identity.declare(submission, signature, at=at)
    if not letters.goes_to_person(submission, letters.Letter.OPT_IN_CONFIRM):
        identity.note_mailbox(submission, at=at)
    case = _waiting(submission)
    if case is not None and _is_known_to_be_family(case):
        _carry_out(case, at=at)
    elif case is not None:
        record(case, EventKind.OPT_IN_SIGNED, by=REQUESTER, at=at)


def _parent_chooses(submission: Submission, *, at: datetime) -> bool:
    return minors.parent_chooses(submission.organisation, _known_by(submission), on=local_day(at))


def _is_called_a_child(submission: Submission, *, at: datetime) -> bool:
    born_on = minors.born_on_of(submission.organisation, _known_by(submission))
    return born_on is not None and minors.is_below(born_on.isoformat(), on=local_day(at))


def _known_by(submission: Submission) -> dict[IdentifierKind, str]:
    return {IdentifierKind.EMAIL: submission.email}


def settle(submission: Submission, *, at: datetime) -> None:
    """Carry out what a parent or guardian signed, if staff have accepted who asks since. In the job's transaction."""
    case = _waiting(submission)
    if case is not None and who_asks.is_signed(submission) and _is_known_to_be_family(case):
        _carry_out(case, at=at)


def _waiting(submission: Submission) -> Case | None:
    return locked_cases(submission).filter(right=Right.OPT_IN, state=State.RECEIVED).first()


def _is_known_to_be_family(case: Case) -> bool:
    """Whether staff accepted what shows the parent or guardian; nobody else has to be one."""
    return not wants_signature(case.submission) or identifying.authority(case).is_enough


def _carry_out(case: Case, *, at: datetime) -> None:
    submission = case.submission
    lifted = _opt_outs_of(submission, on=local_day(at)).update(lifted_at=at)
    _remember(case, at=at)
    by = REQUESTER if submission.asked_by in FAMILY else PERSON
    change_state(
        case,
        EventKind.CONFIRM,
        case.confirm,
        by=by,
        at=at,
        lifted=lifted,
        stay=opt_outs.still_opted_out(submission).count(),
        # By somebody whom nobody has accepted: the look-up still protects, and the desk may have to look.
        said_to_be_child=not wants_signature(submission) and _is_called_a_child(submission, at=at),
    )
    work().carry_out(case, at=at)


def _opt_outs_of(submission: Submission, *, on: date) -> SuppressionQuerySet:
    """Everything that was put in force by the opt-outs of sale and sharing that this word ends.

    A parent or guardian takes back only what was asked for from the same mailbox, whoever else says to be one: what was
    opted out of in the own name stays. The own word ends all but what protects from it.
    """
    in_force = Suppression.objects.in_force().filter(
        organisation=submission.organisation, right=Right.OPT_OUT_SALE_SHARE
    )
    named = in_force.filter(opt_outs.named_by(opt_outs.named_by_opt_in(submission)))
    of_cases = set(named.filter(by_correction=False).values_list("case_id", flat=True))
    # What only a correction has named so may be the opt-out of whoever's address stood there wrongly.
    by_correction = set(named.filter(by_correction=True).values_list("pk", flat=True))
    asked = in_force.filter(Q(case_id__in=of_cases) | Q(pk__in=by_correction))
    if submission.asked_by in FAMILY:
        mailbox = people.as_compared(IdentifierKind.EMAIL, submission.requester_email)
        return asked.filter(
            asked_by__in=[who.value for who in FAMILY], requester_digest__in=digests.candidates("email", mailbox)
        )
    return asked.exclude(pk__in=[row.pk for row in asked if _outlasts_own_word(row, on=on)])


def _outlasts_own_word(opt_out: Suppression, *, on: date) -> bool:
    """A parent's for a child below 13, as the parent said it; a guardian's or an executor's whose paper was accepted.

    Nobody has proved what a parent said, but a child must not undo it. Whoever is none writes to us, and the desk, whom
    the event tells, refuses that opt-out.
    """
    match Requester(opt_out.asked_by):
        case Requester.PARENT:
            return minors.is_below(opt_out.born_on, on=on)
        case Requester.GUARDIAN | Requester.EXECUTOR:
            paper = Evidence.objects.filter(kind=EvidenceKind.COURT_PAPER, submission__cases=opt_out.case_id)
            return paper.exists()
        case _:
            return False


def _remember(case: Case, *, at: datetime) -> None:
    """Keep whose word it was: without it nothing is sold of somebody under 16 (Civ. Code 1798.120(c))."""
    by = OptsIn.PARENT if case.submission.asked_by in FAMILY else OptsIn.CONSUMER
    for kind, value in opt_outs.named_by_opt_in(case.submission):
        OptIn.objects.create(
            id=uuid.uuid4(),
            organisation=case.submission.organisation,
            case_id=case.pk,
            kind=kind,
            digest=opt_outs.opt_in_digest_of(kind, value),
            by=by,
            opted_in_at=at,
        )
