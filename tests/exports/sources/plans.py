"""Deletion plans as callers make them: from the keys that were gathered."""

from __future__ import annotations

from collections.abc import Mapping

from exports.sources.connector import Action, Connector, DeletionPlan, KeySet, Mode, PlannedCollection
from exports.sources.values import Key

Identifiers = Mapping[str, list[str]]


def plan_of(
    connector: Connector, identifiers: Identifiers, spared: Mapping[str, set[Key]] | None = None, **actions: Action
) -> DeletionPlan:
    """A plan over the collections named, with what is there now."""
    planned = []
    for name, action in actions.items():
        keys = KeySet()
        for page in connector.pages(name, identifiers, mode=Mode.PLAN, size=2):
            keys.add(page.keys)
        planned.append(
            PlannedCollection(name, action, keys.rows, keys.hexdigest(), frozenset((spared or {}).get(name, ())))
        )
    return DeletionPlan(identifiers, tuple(planned))
