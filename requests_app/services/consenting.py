"""What a person says may be deleted in place of its correction, on the case page (11 CCR 7023(e)).

It asks for nothing: whether a value is corrected, deleted or stays, the desk decides.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from requests_app import deleting_instead
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.roles import PERSON
from requests_app.services.history import locked, record


def say_what_may_go(case_id: uuid.UUID, numbers: Collection[int], *, at: datetime) -> Case:
    """Keep the consent for the corrections of these numbers, and take it back for the others. Raises MoveShut.

    A consent that stands keeps its day; numbers that are no correction's are nobody's. Said again is no event.
    """
    with transaction.atomic():
        case = locked(case_id)
        provision = deleting_instead.check_consent(case)
        changed = [one for one in case.corrections.all() if (one.number in numbers) is (one.delete_instead_at is None)]
        for one in changed:
            one.delete_instead_at = at if one.number in numbers else None
            one.save(update_fields=["delete_instead_at"])
        if changed:
            stands = case.corrections.filter(delete_instead_at__isnull=False).values_list("number", flat=True)
            record(
                case,
                EventKind.DELETE_INSTEAD,
                by=PERSON,
                at=at,
                corrections=[str(number) for number in stands],
                citation=provision.citation,
            )
    return case
