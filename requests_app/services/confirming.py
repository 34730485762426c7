"""'Is this the value that you hold?', for values that are never disclosed: yes or no (11 CCR 7023(j)).

A job compares it; where that can't be done, a person may, and notes the answer.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from requests_app import confirmable
from requests_app.events import EventKind
from requests_app.models import AskedBy, Case, ValueAsked
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.plain_text import is_usable
from requests_app.roles import PERSON, REQUESTER, SYSTEM, Actor
from requests_app.services import identity
from requests_app.services.history import locked, record

MOST = 100  # characters


class ValueRefused(Exception):
    """A value that can't be compared: says why, and never the value."""


def ask(case_id: uuid.UUID, *, field: str, value: str, at: datetime) -> ValueAsked:
    """Take a value to compare: one try, noted without it. Raises MoveShut, or ValueRefused."""
    typed = value.strip()
    if not any(sign.isalnum() for sign in typed):
        raise ValueRefused(_("Please type the value as you know it."))
    if len(typed) > MOST or not is_usable(typed):
        raise ValueRefused(_("Please use at most %(most)s characters.") % {"most": MOST})
    submission = Case.objects.select_related("submission").get(pk=case_id).submission
    with transaction.atomic():
        identity.one_at_a_time(submission)  # or many at once would be more than the few tries
        case = locked(case_id)
        provision = confirmable.check_ask(case, field, at=at)
        asked = ValueAsked(id=uuid.uuid4(), case=case, field=field, asked_at=at)
        asked.value = typed
        asked.save()
        AskedBy.objects.bulk_create(AskedBy(asked=asked, digest=person[0]) for person in confirmable.asking(case))
        tries_left = confirmable.tries_left(case, field, at=at)
        by = REQUESTER if case.submission.for_another else PERSON
        record(
            case, EventKind.VALUE_ASKED, by=by, at=at, field=field, tries_left=tries_left, citation=provision.citation
        )
        enqueue("compare_value", {"asked": str(asked.pk)}, key=f"compare_value:{asked.pk}")
    return asked


def answered(asked: ValueAsked, *, is_held: bool | None, at: datetime, error: str = "") -> None:
    """Keep the answer, none where the source gave none, and erase what was typed; in the job's last transaction."""
    case = locked(asked.case_id)
    asked.compared_at, asked.is_held, asked.value_sealed = at, is_held, None
    asked.save(update_fields=["compared_at", "is_held", "value_sealed"])
    if is_held is None:
        record(case, EventKind.VALUE_NOT_COMPARED, by=SYSTEM, at=at, field=asked.field, error=error)
    else:
        record(case, EventKind.VALUE_COMPARED, by=SYSTEM, at=at, field=asked.field)


@performs("answer_value")
def answer_value(case: Case, *, actor: Actor, at: datetime, asked: str, answer: str) -> None:
    """Note what a person found who compared it by hand: from now on it is a try, and the page answers it.

    What was typed was erased when no machine could compare it, and is not asked for again: who notes the answer was
    told the value by the person in another way. The event has no answer, or the history would tell it to all who read
    cases. Two requests of one person that are dealt with in the same moment could have one try too many: to shut
    that out the organisation would have to be locked after the case, and whoever asks locks it before.
    """
    found = case.values_asked.select_related("case__submission").get(pk=asked)
    if not confirmable.tries_left(case, found.field, at=at):
        raise InputRefused({"asked": _("This was asked too often in the last 30 days: no more is told of it now.")})
    found.compared_at, found.is_held = at, answer == confirmable.IS_HELD
    found.save(update_fields=["compared_at", "is_held"])
    tries_left = confirmable.tries_left(case, found.field, at=at)
    record(case, EventKind.ANSWER_VALUE, by=actor, at=at, field=found.field, tries_left=tries_left)
