"""The specific pieces, shown within a correction so that the person can check them (11 CCR 7023(j)).

They go the way of any request for them, as a case of the same submission that is about the correction: verified,
looked through, handed over. Only that they don't count, and that nothing new is acknowledged.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from dsar.vault import keys
from requests_app import checking
from requests_app.events import EventKind
from requests_app.law.words import DutyKind, Right
from requests_app.models import Case, LookBack, Submission
from requests_app.rights import ANSWERED_WITH_DATA
from requests_app.roles import PERSON, REQUESTER, SYSTEM, Actor
from requests_app.services import duties, identity
from requests_app.services.history import change_state, locked, record


def ask_to_see(case_id: uuid.UUID, *, at: datetime) -> Case:
    """Open the case in which the pieces of a correction are shown. Raises MoveShut, and then nothing was changed."""
    content_key = keys.create("content", at=at)
    try:
        with transaction.atomic():
            correction = locked(case_id)
            provision = checking.check_ask(correction)
            by = REQUESTER if correction.submission.for_another else PERSON
            record(correction, EventKind.PIECES_ASKED, by=by, at=at, citation=provision.citation)
            return _open(correction, content_key, by=by, at=at)
    except Exception:
        keys.destroy(content_key, at=at)
        raise


def _open(correction: Case, content_key: uuid.UUID, *, by: Actor, at: datetime) -> Case:
    """It runs by the dates of the correction's own receipt: what is to be checked comes before what is decided."""
    submission, right, on = correction.submission, Right.KNOW_SPECIFIC, correction.received_on()
    laws = submission.organisation.laws_for(submission.residence, right, on)
    case = Case(
        id=uuid.uuid4(),
        submission=submission,
        right=right,
        answered_as=right,
        route=laws[0].route(right, on),
        content_key=content_key,
        about=correction,
    )
    record(
        case,
        EventKind.RECEIVED,
        by=by,
        at=at,
        right=right,
        channel=submission.channel,
        received_on=on.isoformat(),
        requester=submission.requester,
        laws=[pack.slug for pack in laws],
        about=submission.reference,
    )
    case.save(force_insert=True)
    duties.pin_laws(case, laws, at=at)
    duties.owe(case, laws, at=at)
    _acknowledged_with(correction, case, at=at)
    _look_at_everything(submission)
    change_state(case, EventKind.ASK_PROOF, case.ask_proof, by=SYSTEM, at=at)
    identity.settle_case(case, at=at)
    return case


def _acknowledged_with(correction: Case, case: Case, *, at: datetime) -> None:
    """The receipt of the submission was confirmed once, for all that came of it."""
    confirmed = correction.duties.of_kind(DutyKind.ACKNOWLEDGE).filter(met_at__isnull=False).first()
    if confirmed is not None:
        duties.meet(case, DutyKind.ACKNOWLEDGE, at=at, met_at=confirmed.met_at)


def _look_at_everything(submission: Submission) -> None:
    """What is wrong may be old; how far back another case of the submission looks is the person's word."""
    others = submission.cases.filter(right__in=ANSWERED_WITH_DATA, about=None)
    if not others.exists():
        Submission.objects.filter(pk=submission.pk).update(look_back=LookBack.EVERYTHING)
