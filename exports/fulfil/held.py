"""What holds keep of a deletion: marked on the plan, asked again for each batch, and told to the desk once it may go.

A law-enforcement hold keeps data on Civ. Code 1798.145(a)(1)(B), a legal one on the defence of claims; where the laws
of a case have no such ground, or the person may not be told of the hold, on the obligation to obey other law.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime

from django.db.models import QuerySet

from exports.fulfil import trouble
from exports.models import RunState, SourceRun
from exports.sources.datamap import Keep
from requests_app import guards, holding
from requests_app.events import EventKind
from requests_app.law.exemptions import ExemptionDoesNotFit
from requests_app.law.words import Right
from requests_app.models import Case, Hold, HoldKind
from requests_app.roles import SYSTEM
from requests_app.services.history import local_day, locked, record
from requests_app.states import State

OTHER_LAW = "ca_145a_comply_law"
GROUNDS = {
    HoldKind.LAW_ENFORCEMENT: "ca_145a_law_enforcement_hold",
    HoldKind.LEGAL: "ca_145a_legal_claims",
}


def mark(case: Case, *, at: datetime) -> None:
    """Note on each searched source of a deletion what holds keep of it; in the transaction that ends a search.

    All sources are marked anew, for a later one may give the identifier by which a hold is found.
    """
    if case.right_answered != Right.DELETE:
        return
    searched = case.source_runs.filter(round=case.gathering_round, state=RunState.DONE)
    for run in searched.select_related("source", "map_version"):
        marked = _marked(case, run, at=at)
        if marked == run.on_hold:
            continue
        SourceRun.objects.filter(pk=run.pk).update(on_hold=marked)
        kept = {name: run.counts[name] for name in marked if run.counts.get(name)}
        if kept:
            code = ", ".join(sorted(set(marked.values())))
            record(case, EventKind.KEPT_BY_HOLD, by=SYSTEM, at=at, source=run.source.slug, kept=kept, code=code)


def _marked(case: Case, run: SourceRun, *, at: datetime) -> dict[str, str]:
    """The collections that would go if no hold kept them, each with the ground."""
    found = holds_in(case, run.source.slug, at=at)
    if not found:
        return {}
    code = ground_for(case, found)
    collections = run.map_version.as_map().collections
    return {item.name: code for item in collections if not isinstance(item.on_delete, Keep)}


def ground_for(case: Case, found: Iterable[Hold]) -> str:
    """The ground on which holds keep data of this case: one that its laws have, as they name it.

    If they have none, the one that was looked for: it shuts the approval until somebody has decided.
    """
    holds = list(found)
    offered = [GROUNDS[HoldKind(hold.kind)] for hold in holds if not hold.is_secret]
    for code in (*offered, OTHER_LAW):
        try:
            return guards.ground_to_keep(case, code).code
        except ExemptionDoesNotFit:
            continue
    return offered[0] if offered else OTHER_LAW


def holds_in(case: Case, source: str, *, at: datetime, person: Collection[str] | None = None) -> list[Hold]:
    """The holds that keep what a source has of this person now; ``person`` as in `holding.holds_on`."""
    found = holding.holds_on(case, local_day(at), sources=[source], person=person)
    return [hold for hold in found if hold.covers(source)]


def check(case: Case, source: str, *, at: datetime, person: Collection[str] | None = None) -> None:
    """Before anything goes: a hold that came after the approval stops it. Raises HeldSince."""
    if holds_in(case, source, at=at, person=person):
        raise trouble.HeldSince(source)


def keeps_content(case: Case, *, at: datetime) -> bool:
    """Whether a hold keeps what was gathered for a case from being destroyed; the list of holds is locked.

    What was gathered of the person is a copy of what is held; so a hold in one source keeps all of it.
    """
    sources = set(case.source_runs.filter(records__gt=0).values_list("source__slug", flat=True))
    return bool(holding.holds_on(case, local_day(at), sources=sources))


def covered_sources(case: Case, sources: Collection[str], on: date) -> set[str]:
    """Of these sources those in which a hold keeps what is the person's on a day, whatever was planned there."""
    found = holding.holds_on(case, on, sources=sources)
    return {source for source in sources if any(hold.covers(source) for hold in found)}


def held_sources(case: Case) -> set[str]:
    """The sources in which a hold kept something from this deletion."""
    runs = case.source_runs.filter(round=case.gathering_round).exclude(on_hold={})
    return set(runs.values_list("source__slug", flat=True))


def is_over_for(case: Case, on: date) -> bool:
    """Whether something is planned to be kept by a hold where none keeps anything of the person on a day."""
    searched = case.source_runs.filter(round=case.gathering_round, state=RunState.DONE).exclude(on_hold={})
    marked = {
        run.source.slug
        for run in searched.select_related("source")
        if any(run.counts.get(name) for name in run.on_hold)
    }
    return bool(marked and marked - covered_sources(case, marked, on))


def is_held(case: Case, *, at: datetime) -> bool:
    """Whether a hold kept something when the sources were searched, or would stop the deletion now."""
    searched = case.source_runs.filter(round=case.gathering_round, state=RunState.DONE)
    sources = set(searched.values_list("source__slug", flat=True))
    found = holding.holds_on(case, local_day(at), sources=sources)
    return bool(held_sources(case)) or any(hold.covers(source) for hold in found for source in sources)


def over() -> QuerySet[SourceRun]:
    """What holds kept of closed deletions, and the desk was told may go; until it is gathered again."""
    return SourceRun.objects.filter(hold_over_at__isnull=False, case__state=State.CLOSED)


def to_follow_up() -> list[SourceRun]:
    """What holds kept of closed deletions, of which nobody was told yet that it may go."""
    kept = SourceRun.objects.filter(hold_over_at__isnull=True, case__state=State.CLOSED).exclude(on_hold={})
    return list(kept.select_related("source", "case__submission__organisation", "case__submission__subject"))


def follow_up(run: SourceRun, *, at: datetime) -> None:
    """Tell the desk that no hold keeps any more what one has kept; in a transaction of its own."""
    case = locked(run.case_id)
    kept = {name: run.counts[name] for name in run.on_hold if run.counts.get(name)}
    if run.round != case.gathering_round or not kept or holds_in(case, run.source.slug, at=at):
        return
    if SourceRun.objects.filter(pk=run.pk, hold_over_at__isnull=True).update(hold_over_at=at):
        record(case, EventKind.HOLD_OVER, by=SYSTEM, at=at, source=run.source.slug, kept=kept)
