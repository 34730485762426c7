"""A data map narrowed to records that a person chose, where what is known of somebody leads to more than one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exports.sources.datamap.model import Collection, DataMap, Join, Root
from exports.sources.values import Key

Keys = Mapping[str, frozenset[Key]]  # by collection
Shared = Mapping[str, frozenset[str]]  # values by kind


def people(data_map: DataMap) -> tuple[Collection, ...]:
    """The collections whose rows are people: one row each, and not found by way of other such rows alone."""
    return tuple(found for found in data_map.collections if found.one_per_person and not _follows(data_map, found))


def restricted(data_map: DataMap, only: Keys, shared: Shared) -> DataMap:
    """The map by which nothing is found but what belongs to the chosen records.

    Of the collections whose rows are people only the rows `only` names; of others nothing by values that are `shared`
    with somebody who was not chosen. What is reached from chosen records follows them by itself.
    """
    names = {found.name for found in people(data_map)}
    narrowed = (
        replace(found, only=only.get(found.name, frozenset()))
        if found.name in names
        else replace(found, reached=tuple(_without(way, shared) for way in found.reached))
        for found in data_map.collections
    )
    return replace(data_map, collections=tuple(narrowed))


def _without(way: Root | Join, shared: Shared) -> Root | Join:
    return replace(way, without=shared.get(way.by, frozenset())) if isinstance(way, Root) else way


def _follows(data_map: DataMap, collection: Collection) -> bool:
    """Whether every row of it is found by way of rows that are people."""
    ways = [way for way in collection.reached if not (isinstance(way, Root) and way.shared)]
    return all(isinstance(way, Join) and _is_of_people(data_map, data_map.collection(way.parent)) for way in ways)


def _is_of_people(data_map: DataMap, collection: Collection) -> bool:
    return collection.one_per_person or _follows(data_map, collection)
