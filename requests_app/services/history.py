"""A case's history: every change writes its event in the same transaction, and raises the version by one.

Two locks guard it, taken in this order everywhere: first the case's row, then the head of its chain. So those who
change a case and those who only note something about it wait for each other, and never both at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from dsar.ledger import chains
from dsar.ledger.models import Event
from requests_app.events import EventKind
from requests_app.models import Case, Submission
from requests_app.models.case import CaseQuerySet
from requests_app.roles import Actor

# What a transition may set; nothing else of a row that somebody else may have read earlier is written back.
MACHINE_FIELDS = (
    "state",
    "version",
    "answered_as",
    "clarifying_from",
    "gathering_round",
    "approved_at",
    "carried_out_at",
    "outcome",
    "closed_at",
)

Fact = str | int | bool | None | list[str] | Mapping[str, int]


def record(case: Case, kind: EventKind, *, by: Actor, at: datetime, **facts: Fact) -> Event:
    """Write one event of this case. Facts are codes, ids, digests, dates and citations; never personal data."""
    Case.objects.filter(pk=case.pk).update(version=F("version") + 1)  # locks the row of a case that is saved
    event = chains.append(case.chain, kind, actor=by.slug, at=at, facts=facts)
    case.version = event.sequence
    return event


def change_state(
    case: Case,
    kind: EventKind,
    transition: Callable[[], object],
    *,
    by: Actor,
    at: datetime,
    sets: Collection[str] = (),
    **facts: Fact,
) -> None:
    """Make one transition of the machine and write its event: one UPDATE, which the database's trigger checks.

    ``sets`` names fields beyond those of the machine that this transition alone sets.
    A case that was read before its last event is refused there (IntegrityError): take it from ``locked``.
    """
    source = case.state
    transition()
    case.version += 1
    case.save(update_fields=[*MACHINE_FIELDS, *sets])
    chains.append(case.chain, kind, actor=by.slug, at=at, facts={"from": source, "to": str(case.state), **facts})


def locked(case_id: UUID | str) -> Case:
    """The case, locked until the transaction ends, with what services need of it."""
    return _locking().get(pk=case_id)


def locked_cases(submission: Submission) -> CaseQuerySet:
    """The cases of a submission, locked in one order, so that two who need several can't wait for each other."""
    return _locking().filter(submission=submission).order_by("pk")


def locked_all(cases: CaseQuerySet) -> CaseQuerySet:
    """These cases, whosever they are, locked in the same order."""
    return _locking().filter(pk__in=cases.order_by().values("pk")).order_by("pk")


def locked_if_free(cases: CaseQuerySet) -> CaseQuerySet:
    """These cases, locked, but for those that somebody else has locked: for who has one already and must not wait."""
    return cases.select_for_update(of=("self",), no_key=True, skip_locked=True)


def _locking() -> CaseQuerySet:
    # No key of a case is ever changed: who writes rows that point to one need not wait, nor be waited for.
    return Case.objects.select_for_update(of=("self",), no_key=True).select_related("submission__organisation")


def record_access(*, by: Actor, what: str, at: datetime, **facts: Fact) -> Event:
    """Note a look at personal data in the access chain of the day, not in the case's own history."""
    return chains.append(chains.access_chain(timezone.localdate(at)), f"seen.{what}", actor=by.slug, at=at, facts=facts)


def local_day(at: datetime) -> date:
    """The local date of a moment, in the business's time zone: the only date that a rule is asked with."""
    return timezone.localdate(at)
