"""'Is this the value that you hold?', for values that are never disclosed: yes or no, by a job (11 CCR 7023(j))."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.queue import enqueue
from requests_app import confirmable
from requests_app.events import EventKind
from requests_app.models import AskedBy, Case, ValueAsked
from requests_app.plain_text import is_usable
from requests_app.roles import PERSON, REQUESTER, SYSTEM
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
