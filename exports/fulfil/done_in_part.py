"""What a source did less of than it was ordered to, or than it says: nothing half done goes untold, nor is it told as
done what was not. Databases do all or nothing; a service can break that contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exports.sources.connector import Action, Deletion, DeletionPlan, DoneCollection, PlannedCollection
from exports.sources.values import Key


def as_it_went(
    plan: DeletionPlan,
    done: Deletion,
    stays: Mapping[str, frozenset[Key]],
    said: Mapping[str, int] | None = None,
) -> tuple[DeletionPlan, Deletion]:
    """The plan and what was done of it, without the rows that are there still; and by no more than the service said.

    What stays counts as spared: it is on no replay list, for a person decides on it again.
    """
    planned = {item.name: item for item in plan.collections}
    collections = tuple(_spares(item, stays.get(item.name, frozenset())) for item in plan.collections)
    told = [_as_planned(item, planned[item.name]) if done.found_done else item for item in done.collections]
    went = tuple(_without(item, planned[item.name], stays.get(item.name), said) for item in told)
    return replace(plan, collections=collections), replace(done, collections=went, found_done=False)


def _as_planned(item: DoneCollection, planned: PlannedCollection) -> DoneCollection:
    """A try that died counted nothing that this one could tell: what it did is what was planned."""
    return item if item.action is Action.KEEP else replace(item, rows=planned.rows - len(planned.spared))


def _spares(item: PlannedCollection, stays: frozenset[Key]) -> PlannedCollection:
    return replace(item, spared=item.spared | stays)


def _without(
    item: DoneCollection, planned: PlannedCollection, stays: frozenset[Key] | None, said: Mapping[str, int] | None
) -> DoneCollection:
    if item.action is Action.KEEP or stays is None:
        return item
    gone = planned.rows - len(planned.spared) - len(stays)
    return replace(item, rows=gone if said is None else min(gone, said.get(item.name, 0)))
