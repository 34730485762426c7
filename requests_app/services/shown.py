"""Who asks, of somebody without a mailbox: what was shown to staff takes the place of the mailbox's confirmation."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from dsar.vault import digests
from requests_app.events import EventKind
from requests_app.law.words import EvidenceKind
from requests_app.models import Case, Evidence, ProofOffered, Submission
from requests_app.move import SIGNED, InputRefused
from requests_app.moves import performs
from requests_app.roles import Actor
from requests_app.services import identity
from requests_app.services.history import record

ON_PAPER = "Signed on paper, kept in the files:"


@performs("identity_shown")
def identity_shown(
    case: Case,
    *,
    actor: Actor,
    at: datetime,
    how: str,
    question_1: str,
    answer_1: str,
    question_2: str,
    answer_2: str,
    question_3: str,
    answer_3: str,
    declaration: str,
    reason: str,
) -> None:
    """Note how somebody showed who asks, and offer the answers that were given by post or telephone as proof.

    What is shown to staff reaches no degree by itself: the answers are compared like those on the case page, and the
    degree engine counts (11 CCR 7062). The comparison is a job, and holds for every case of the submission.
    """
    answered = ((question_1, answer_1), (question_2, answer_2), (question_3, answer_3))
    points = _points(case.submission, answered)
    _note_shown(case.submission, reason, actor=actor, at=at)
    if declaration == SIGNED:
        _note_declaration(case.submission, actor=actor, at=at)
    _offer(case.submission, points, at=at)
    signed = declaration == SIGNED
    record(case, EventKind.IDENTITY_SHOWN, by=actor, at=at, how=how, points=len(points), declared=signed)


def _points(submission: Submission, answered: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The answers by kind; each question may be answered once, and only one that is asked in this case."""
    asked, points = identity.questions(submission), dict[str, str]()
    for number, (kind, value) in enumerate(answered, start=1):
        if not kind and not value:
            continue
        if not kind or not value:
            raise InputRefused({f"answer_{number}": _("Give the question and the answer, or neither.")})
        if kind not in asked:
            raise InputRefused({f"question_{number}": _("This is known already, or is what the case is about.")})
        if kind in points:
            raise InputRefused({f"question_{number}": _("This question was answered above.")})
        points[kind] = value
    return points


def _note_shown(submission: Submission, reason: str, *, actor: Actor, at: datetime) -> None:
    Submission.objects.filter(pk=submission.pk, confirmed_at__isnull=True).update(confirmed_at=at)
    submission.refresh_from_db(fields=["confirmed_at"])
    _evidence(submission, EvidenceKind.SHOWN_TO_STAFF, reason, actor=actor, at=at)


def _note_declaration(submission: Submission, *, actor: Actor, at: datetime) -> None:
    words = identity.declaration(submission, submission.contact_name)
    _evidence(submission, EvidenceKind.DECLARATION, f"{ON_PAPER} {words}", actor=actor, at=at)


def _evidence(submission: Submission, kind: EvidenceKind, statement: str, *, actor: Actor, at: datetime) -> None:
    evidence = Evidence(id=uuid.uuid4(), submission=submission, kind=kind, proved_at=at, actor=actor.slug)
    evidence.statement = statement
    evidence.save()


def _offer(submission: Submission, points: Mapping[str, str], *, at: datetime) -> None:
    """A try like any other: few a day for one identifier, whoever asks."""
    try:
        identity.count_tries(submission, points, at=at)
    except identity.ProofRefused as refused:
        raise InputRefused({"answer_1": str(refused)}) from None
    offered = ProofOffered(id=uuid.uuid4(), submission=submission, offered_at=at)
    offered.digests = {
        kind: digests.digest("proof", identity.told(submission, value)) for kind, value in points.items()
    }
    offered.points = json.dumps(points)
    offered.save()
    enqueue("probe", {"proof": str(offered.pk)}, key=f"probe:{offered.pk}")
