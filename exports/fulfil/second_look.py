"""The proof of a deletion: the source is asked again, by the same identifiers, and what it still holds is explained.

Explained is what was kept on a ground or spared, and a de-identified row that something leads to that the map leaves.
Whatever else is found is told to people; a row that came between the act and the look is no exception.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import TypeAlias, TypedDict

from exports import findings
from exports.fulfil import choosing
from exports.models import Act, Part, SourceRun
from exports.sources import contents
from exports.sources.connector import Action, Connector, DeletionPlan, Identifiers, KeySet, Mode, PlannedCollection
from exports.sources.datamap import Collection
from exports.sources.values import Key


class Found(TypedDict):
    """Rows of a collection that are left, and those among them that nothing explains."""

    left: int
    unexpected: int


Seen: TypeAlias = dict[str, Found]
CHANGING = frozenset({Action.DELETE, Action.DEIDENTIFY})


def look_again(source_run: SourceRun, plan: DeletionPlan, *, look: Callable[[], None]) -> Seen | None:
    """What is left, by collection; None where nothing was to be done, or where an owner's word is all there is.

    `look` as of Connector.meanwhile.
    """
    if source_run.source.is_manual or all(item.action is Action.KEEP for item in plan.collections):
        return None
    planned = {item.name: item for item in plan.collections}
    data_map = choosing.map_to_search(source_run)
    with source_run.source.open(data_map, look=look) as connector:
        return {
            found.name: _left_of(source_run, connector, found, plan, planned.get(found.name))
            for found in data_map.collections
        }


def not_gone(
    source_run: SourceRun,
    plan: DeletionPlan,
    *,
    look: Callable[[], None],
    of: frozenset[Action] = frozenset({Action.DELETE}),
) -> dict[str, frozenset[Key]]:
    """The keys of what was to go and is there still, by collection: whatever a source says, it did not do that.

    A row that was de-identified may be found for good reasons: it counts only where all is in doubt.
    """
    with source_run.source.open(choosing.map_to_search(source_run), look=look) as connector:
        return {
            item.name: _going(source_run, connector.datamap.collection(item.name), item)
            & {key for keys in _keys(connector, connector.datamap.collection(item.name), plan) for key in keys}
            for item in plan.collections
            if item.action in of
        }


def _going(source_run: SourceRun, collection: Collection, item: PlannedCollection) -> frozenset[Key]:
    return frozenset(key for _part, keys in planned_keys(source_run, collection) for key in keys) - item.spared


def look_for_what_was_left(act: Act, identifiers: Identifiers, *, look: Callable[[], None]) -> Seen:
    """What is left by now of what an earlier look could not explain; the number that it explained may stay."""
    seen: Seen = dict(act.looked_again or {})
    known = list(choosing.candidates_of(act.case, act.source))
    with act.source.open(choosing.narrowed_by_choice(act.map_version.as_map(), known), look=look) as connector:
        for name in act.left_behind:
            explained = seen[name]["left"] - seen[name]["unexpected"]
            rows = connector.presence(name, identifiers).rows
            seen[name] = Found(left=rows, unexpected=max(0, rows - explained))
    return seen


def planned_keys(source_run: SourceRun, collection: Collection) -> Iterator[tuple[Part, list[Key]]]:
    """The keys that were gathered for a deletion, a part at a time; parts that were prefetched are not asked for."""
    return ((part, keys) for part, keys, _contents in planned_rows(source_run, collection))


def planned_rows(source_run: SourceRun, collection: Collection) -> Iterator[tuple[Part, list[Key], bytes]]:
    """As `planned_keys`, with the digests of what the rows held."""
    parts = sorted(source_run.parts.all(), key=attrgetter("number"))
    for part in (part for part in parts if part.collection == collection.name):
        records = [record for _number, record in findings.read(part)]
        keys = [tuple(record[column] for column in collection.key) for record in records]
        yield part, keys, contents.kept_in(records, collection)


def _left_of(
    source_run: SourceRun,
    connector: Connector,
    collection: Collection,
    plan: DeletionPlan,
    planned: PlannedCollection | None,
) -> Found:
    now = KeySet()
    for keys in _keys(connector, collection, plan):
        now.add(keys)
    if not now.rows or (planned and planned.action is not Action.DELETE and now.hexdigest() == planned.digest):
        return Found(left=now.rows, unexpected=0)
    stays = _that_may_stay(source_run, collection, planned)
    unexpected = sum(key not in stays for keys in _keys(connector, collection, plan) for key in keys)
    return Found(left=now.rows, unexpected=unexpected)


def _that_may_stay(
    source_run: SourceRun, collection: Collection, planned: PlannedCollection | None
) -> frozenset[Key] | set[Key]:
    if planned is None:
        return frozenset()
    if planned.action is Action.DELETE:
        return planned.spared
    return {key for _part, keys in planned_keys(source_run, collection) for key in keys}


def _keys(connector: Connector, collection: Collection, plan: DeletionPlan) -> Iterator[list[Key]]:
    pages = connector.pages(collection.name, plan.identifiers, mode=Mode.PLAN)
    return (page.keys for page in pages)
