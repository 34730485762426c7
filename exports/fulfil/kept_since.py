"""What is to be kept only since a source was searched: by the map in use now, or by a schedule in force now.

A deletion rests on the plan that was approved, and so on the map by which the source was searched. Where another map
lets more go, or finds more, the plan stays good; what it takes and nobody may take any more stops it.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from exports import findings
from exports.fulfil import schedules, trouble
from exports.models import Act, ActKind, DataSource, SourceRun
from exports.sources.datamap import Collection, DataMap, Keep
from requests_app.law.words import Right
from requests_app.models import Case


def check(source_run: SourceRun, *, at: datetime) -> None:
    """Before anything goes: what is to be kept by now stops it. Raises KeptSince."""
    going = [
        found
        for found in source_run.data_map().collections
        if not isinstance(found.on_delete, Keep) and source_run.counts.get(found.name)
    ]
    if not going:
        return
    scheduled = schedules.scheduled_for(source_run, at=at)
    in_use = _map_in_use(source_run)
    if any(found.name in scheduled or _is_kept(found, in_use) for found in going):
        raise trouble.KeptSince(source_run.source.slug)


def shut_because(case: Case) -> str:
    """Why a deletion can't be approved as it was planned, and what to do; empty if it can."""
    done = Act.objects.filter(case=case, kind=ActKind.DELETE, round=case.gathering_round)
    sources_done = set(done.values_list("source", flat=True))
    try:
        for source_run in findings.searched_runs(case):
            if source_run.source_id not in sources_done:
                check(source_run, at=timezone.now())
    except trouble.KeptSince as kept:
        return trouble.what_to_do(kept.code)
    return ""


def would_keep(source_run: SourceRun, collection: Collection, *, at: datetime) -> bool:
    """Whether a deletion would keep a collection: by the map with which it was searched or the one in use now, or by a
    schedule under its rule; whatever right the case is about.
    """
    if isinstance(collection.on_delete, Keep) or _is_kept(collection, _map_in_use(source_run)):
        return True
    return collection.name in schedules.scheduled_for(source_run, at=at, right=Right.DELETE)


def _map_in_use(source_run: SourceRun) -> DataMap:
    return DataSource.objects.select_related("map_version").get(pk=source_run.source_id).map_version.as_map()


def _is_kept(collection: Collection, in_use: DataMap) -> bool:
    """Whether the map in use keeps it: by its name, or where it has another one by where it stands."""
    named = [found for found in in_use.collections if found.name == collection.name]
    same = named or [found for found in in_use.collections if _stands_at(found, collection)]
    return any(isinstance(found.on_delete, Keep) for found in same)


def _stands_at(one: Collection, other: Collection) -> bool:
    if not one.table and one.files is None:  # a service has names alone
        return False
    return (one.schema, one.table, one.files) == (other.schema, other.table, other.files)
