"""A data map narrowed to records that a person chose, where what is known of somebody leads to more than one."""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Mapping
from dataclasses import replace

from exports.sources.datamap.model import Collection, DataMap, Join, Root
from exports.sources.values import Key

Keys = Mapping[str, frozenset[Key]]  # by collection
Known = Mapping[str, Several[str]]  # values by kind
Shared = Mapping[str, frozenset[str]]  # values by kind


def people(data_map: DataMap) -> tuple[Collection, ...]:
    """The collections whose rows are people: one row each, and not found by way of other such rows alone."""
    return tuple(found for found in data_map.collections if found.one_per_person and not _follows(data_map, found))


def restricted(data_map: DataMap, only: Keys, shared: Shared) -> DataMap:
    """The map by which nothing is found but what belongs to the chosen records.

    Of the collections whose rows are people only the rows `only` names; of others nothing by values that are `shared`
    with somebody who was not chosen, unless over those to a chosen one. What is reached from chosen records follows
    them by itself.
    """
    names = {found.name for found in people(data_map)}
    narrowed = (
        replace(found, only=only.get(found.name, frozenset()), reached=tuple(map(_to_chosen, found.reached)))
        if found.name in names
        else replace(found, reached=tuple(_without(way, shared) for way in found.reached))
        for found in data_map.collections
    )
    return replace(data_map, collections=tuple(narrowed))


def loosened(data_map: DataMap, known: Known, also: Known) -> tuple[DataMap, dict[str, tuple[str, ...]]]:
    """The map that leads to near misses alone, and the values that it is asked by: each way has a kind of its own.

    What people share is asked by all that is `known`, values that lead to somebody else too by the ways for which they
    count no more, and every way by what is `also` worth a look. A collection without such a way is left out, and a way
    that names no column, for whoever finds the rows by it would have to know of this.
    """
    asked: dict[str, tuple[str, ...]] = {}
    collections = []
    for found in data_map.collections:
        ways = []
        for root in found.roots:
            values = _near(root, known, also) if root.column else ()
            if values:
                kind = f"near {len(asked)}"
                asked[kind] = values
                ways.append(Root(kind, root.column, root.compare))
        if ways:
            collections.append(replace(found, reached=tuple(ways), back=None, only=None))
    return replace(data_map, collections=tuple(collections), is_loosened=True), asked


def _near(root: Root, known: Known, also: Known) -> tuple[str, ...]:
    values = {*also.get(root.by, ())} | (root.without & {*known.get(root.by, ())})
    values |= {*known.get(root.by, ())} if root.shared else set()
    return tuple(sorted(values.difference(root.values(known))))


def with_only(data_map: DataMap, collection: str, keys: frozenset[Key]) -> DataMap:
    """The map by which of one collection's rows only these are looked for."""

    def narrow(found: Collection) -> Collection:
        if found.name != collection:
            return found
        return replace(found, only=keys if found.only is None else keys & found.only)

    return replace(data_map, collections=tuple(map(narrow, data_map.collections)))


def _without(way: Root | Join, shared: Shared) -> Root | Join:
    return replace(way, without=shared.get(way.by, frozenset())) if isinstance(way, Root) else way


def _to_chosen(way: Root | Join) -> Root | Join:
    return replace(way, to_chosen=True) if isinstance(way, Join) else way


def _follows(data_map: DataMap, collection: Collection) -> bool:
    """Whether every row of it is found by way of rows that are people."""
    ways = [way for way in collection.reached if not (isinstance(way, Root) and way.shared)]
    return all(isinstance(way, Join) and _is_of_people(data_map, data_map.collection(way.parent)) for way in ways)


def _is_of_people(data_map: DataMap, collection: Collection) -> bool:
    return collection.one_per_person or _follows(data_map, collection)
