"""Kept with an end: noted with the act, told to the desk after its last day, and then part of a plan once more.

The end is that of the retention schedule, or of what the data map says about its ground. Rows dated by a column are
past their time at different days; none of them is kept after the last day, which is the day of the act plus the years.
"""

from __future__ import annotations

import json
from datetime import date, datetime

from exports.fulfil.second_look import planned_keys
from exports.models import Act, KeptUntil, SourceRun
from exports.models.keeping import KeptUntilQuerySet
from exports.sources.connector import Action, DeletionPlan
from exports.sources.datamap import Keep
from requests_app.events import EventKind
from requests_app.law.calendars import months_after
from requests_app.roles import SYSTEM
from requests_app.services.history import local_day, locked, record
from requests_app.states import State


def note(act: Act, source_run: SourceRun, plan: DeletionPlan) -> None:
    """Note what this act kept with an end, and that it took up what had come back; in the transaction of the act."""
    on = local_day(act.done_at)
    for item in plan.collections:
        last = _last_day(source_run, item.name, on) if item.action is Action.KEEP else None
        if last is None:
            continue
        parts = planned_keys(source_run, source_run.map_version.as_map().collection(item.name))
        keys = [key for _part, found in parts for key in found if key not in item.spared]
        if keys:
            ground = source_run.data_map().collection(item.name).on_delete
            assert isinstance(ground, Keep)  # noqa: S101 - or it would have no last day
            kept = KeptUntil(act=act, collection=item.name, rows=len(keys), ground=ground.ground, until=last)
            kept.keys_text = json.dumps(keys)
            kept.save(force_insert=True)
    taken_up = [name for name in source_run.time_over if name not in source_run.on_hold]
    _of(source_run).over().filter(collection__in=taken_up).update(done_at=act.done_at)


def _last_day(source_run: SourceRun, collection: str, on: date) -> date | None:
    """None for what is kept without an end: a hold may be renewed, and a ground may name no years."""
    if collection in source_run.on_hold:
        return None
    if collection in source_run.scheduled:
        return date.fromisoformat(source_run.scheduled[collection]["until"])
    how = source_run.data_map().collection(collection).on_delete
    return months_after(on, 12 * how.years) if isinstance(how, Keep) and how.years else None


def over_in(source_run: SourceRun) -> list[str]:
    """The collections of which this case kept rows that may be kept no longer: they are found by their keys."""
    names = _of(source_run).over().values_list("collection", flat=True)
    known = {found.name for found in source_run.map_version.as_map().collections}
    return sorted(known & set(names))


def _of(source_run: SourceRun) -> KeptUntilQuerySet:
    return KeptUntil.objects.filter(act__case=source_run.case_id, act__source=source_run.source_id)


def to_follow_up(*, at: datetime) -> list[KeptUntil]:
    """What may be kept no longer, of closed cases, and nobody was told of."""
    past = KeptUntil.objects.filter(over_at__isnull=True, until__lt=local_day(at), act__case__state=State.CLOSED)
    return list(past.select_related("act__source"))


def follow_up(kept: KeptUntil, *, at: datetime) -> None:
    """Tell the desk that the time is over; in a transaction of its own."""
    case = locked(kept.act.case_id)
    if case.state != State.CLOSED:
        return
    if KeptUntil.objects.filter(pk=kept.pk, over_at__isnull=True).update(over_at=at):
        facts = {"source": kept.act.source.slug, "code": kept.ground, "until": kept.until.isoformat()}
        record(case, EventKind.KEEPING_OVER, by=SYSTEM, at=at, kept={kept.collection: kept.rows}, **facts)
