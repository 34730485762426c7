"""A case's history: every change writes its event in the same transaction, and raises the version by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from uuid import UUID

from django.utils import timezone

from dsar.ledger import chains
from dsar.ledger.models import Event
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.roles import Actor

# What a transition may set; nothing else of a row that somebody else may have read earlier is written back.
MACHINE_FIELDS = (
    "state",
    "version",
    "answered_as",
    "clarifying_from",
    "gathering_round",
    "approved_at",
    "outcome",
    "closed_at",
)

Fact = str | int | bool | None | list[str] | Mapping[str, int]


def record(case: Case, kind: EventKind, *, by: Actor, at: datetime, **facts: Fact) -> Event:
    """Write one event of this case. Facts are codes, ids, digests, dates and citations; never personal data."""
    event = chains.append(case.chain, kind, actor=by.slug, at=at, facts=facts)
    case.version = event.sequence
    if not case._state.adding:
        Case.objects.filter(pk=case.pk).update(version=event.sequence)
    return event


def change_state(
    case: Case, kind: EventKind, transition: Callable[[], None], *, by: Actor, at: datetime, **facts: Fact
) -> None:
    """Make one transition of the machine and write its event: one UPDATE, which the database's trigger checks."""
    source = case.state
    transition()
    event = chains.append(
        case.chain, kind, actor=by.slug, at=at, facts={"from": source, "to": str(case.state), **facts}
    )
    case.version = event.sequence
    case.save(update_fields=MACHINE_FIELDS)


def locked(case_id: UUID | str) -> Case:
    """The case, locked until the transaction ends, with what services need of it."""
    return Case.objects.select_for_update(of=("self",)).select_related("submission__organisation").get(pk=case_id)


def record_access(*, by: Actor, what: str, at: datetime, **facts: Fact) -> Event:
    """Note a look at personal data in the access chain of the day, not in the case's own history."""
    return chains.append(
        chains.access_chain(timezone.localdate(at)), f"seen.{what}", actor=by.slug, at=at, facts=facts
    )


def local_day(at: datetime) -> date:
    """The local date of a moment, in the business's time zone: the only date that a rule is asked with."""
    return timezone.localdate(at)
