"""Complaints: linked with the request that they are about, if the person gave its reference."""

from __future__ import annotations

from datetime import datetime

from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import SYSTEM
from requests_app.services.history import locked, record


def link(case_id: str, reference: str, *, at: datetime) -> None:
    """Note which case a complaint is about: for the desk alone, for anybody may give anybody's reference.

    Of a request for several rights it is the first; the desk sees the others beside it. A reference that nobody has
    links nothing.
    """
    case = locked(case_id)
    order = list(Right)
    found = Case.objects.filter(submission__reference=reference).exclude(pk=case.pk)
    about = min(found, key=lambda one: order.index(one.right_asked), default=None)
    if about is None or case.about_id is not None:
        return
    case.about = about
    case.save(update_fields=["about"])
    record(case, EventKind.LINKED, by=SYSTEM, at=at, about=reference, right=about.right)
