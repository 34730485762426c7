"""What a person does because no machine can: writing the answer to the person, and the work that it tells of."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from requests_app.events import EventKind
from requests_app.models import Balancing, Case, HandWork, WrittenAnswer
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.ports import UNDECIDED
from requests_app.roles import Actor
from requests_app.services import closing
from requests_app.services.history import record


@performs("write_answer")
def write_answer(case: Case, *, actor: Actor, at: datetime, text: str, proof: str, balancing: str, review: str) -> None:
    """Keep the answer, sealed with the record, until the decision is approved; the newest one goes out.

    ``review`` is what becomes of an automated decision that is appealed; empty for every other request.
    """
    if UNDECIDED in text:
        raise InputRefused({"text": _("Put an answer in the place of each “%(open)s …]”.") % {"open": UNDECIDED}})
    number = case.answers.count() + 1
    answer = WrittenAnswer(id=uuid.uuid4(), case=case, number=number, decided_by=actor.slug, decided_at=at)
    answer.text, answer.reason = text, proof
    answer.save()
    note_balancing(case, balancing, actor=actor, at=at)
    reviewed = {"review": review} if review else {}
    record(case, EventKind.WRITE_ANSWER, by=actor, at=at, answer=number, balanced=bool(balancing), **reviewed)


def note_balancing(case: Case, balancing: str, *, actor: Actor, at: datetime) -> None:
    """Keep the balancing behind a decision on an objection, if there is one."""
    if balancing:
        row = Balancing(id=uuid.uuid4(), case=case, decided_by=actor.slug, decided_at=at)
        row.reason = balancing
        row.save()


@performs("note_done")
def note_done(case: Case, *, actor: Actor, at: datetime, proof: str) -> None:
    """Keep what was done by hand for a request that acts at once, and how it is proved; then the case can close."""
    row = HandWork(id=uuid.uuid4(), case=case, decided_by=actor.slug, decided_at=at)
    row.reason = proof
    row.save()
    record(case, EventKind.NOTE_DONE, by=actor, at=at)
    closing.carried_out(case.pk, at=at)
