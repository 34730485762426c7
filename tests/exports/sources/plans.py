"""Deletion plans as callers make them: from the keys that were gathered."""

from __future__ import annotations

from collections.abc import Mapping

from exports.sources.connector import Action, Connector, DeletionPlan, KeySet, Mode, PlannedCollection
from exports.sources.contents import RowDigests, columns_of
from exports.sources.values import Key

Identifiers = Mapping[str, list[str]]


def plan_of(
    connector: Connector,
    identifiers: Identifiers,
    spared: Mapping[str, set[Key]] | None = None,
    digests: RowDigests | None = None,
    **actions: Action,
) -> DeletionPlan:
    """A plan over the collections named, with what is there now; with ``digests`` also of what the rows hold."""
    planned = []
    for name, action in actions.items():
        keys, contents, collection = KeySet(), b"", connector.datamap.collection(name)
        fields = columns_of(collection) if digests else ()
        for page in connector.pages(name, identifiers, mode=Mode.PLAN, size=2, fields=fields):
            keys.add(page.keys)
            rows = zip(page.keys, page.records, strict=True)
            contents += b"".join(digests.planned(collection, key, record) for key, record in rows) if digests else b""
        left = frozenset((spared or {}).get(name, ()))
        planned.append(PlannedCollection(name, action, keys.rows, keys.hexdigest(), left, contents))
    return DeletionPlan(identifiers, tuple(planned), digests)
