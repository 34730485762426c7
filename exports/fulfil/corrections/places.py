"""Where a field that somebody wants corrected stands, as the data maps tell: its own place, and others of its kind.

A kind is what a map compares a field by, searches by it, or gives on from it: `email` is one in every source. Fields
without one, such as a street, can be of the same kind only by what they are called; that a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from exports.models import DataSource
from exports.sources.datamap import Collection, DataMap, Field
from requests_app.law.words import Right
from requests_app.models import Case, CorrectionAsked, IdentifierKind


class Place(NamedTuple):
    """A field of a collection of a source."""

    source: str
    collection: str
    column: str

    @property
    def slug(self) -> str:
        """As corrections name it: source.collection.field."""
        return ".".join(self)


class Places(NamedTuple):
    """The places of one correction: those where it is meant by the maps, and those between which a person chooses."""

    meant: tuple[Place, ...]
    possible: tuple[Place, ...]

    @property
    def all(self) -> tuple[Place, ...]:
        """All of them, those that are meant first."""
        return (*self.meant, *self.possible)


def place_named(slug: str) -> Place | None:
    """The place of that slug; None for what was asked for in words alone."""
    parts = slug.split(".")
    return Place(*parts) if len(parts) == len(Place._fields) else None


def maps_in_use() -> list[DataMap]:
    """The maps of what is ours to answer for, in walking order."""
    maps = (source.map_version.as_map() for source in DataSource.objects.in_walking_order())
    return [data_map for data_map in maps if data_map.processor_for is None]


def places_of(asked: CorrectionAsked, maps: Iterable[DataMap]) -> Places:
    """Where the field that was asked for stands, among the fields that may be corrected; its own place first.

    What was asked for in words alone may be any of them.
    """
    known = {place: (collection, field) for place, collection, field in _correctable(maps)}
    own = place_named(asked.field)
    if own is None:
        return Places((), tuple(known))
    if own not in known:  # the map has been changed since
        return Places((), ())
    kinds = kinds_of(*known[own])
    alike = [place for place, held in known.items() if place != own and kinds & kinds_of(*held)]
    called = [place for place, held in known.items() if _is_called_alike(known[own][1], held[1]) and place != own]
    return Places((own, *alike), tuple(place for place in called if place not in alike))


def correctable_places(maps: Iterable[DataMap]) -> frozenset[Place]:
    """Every place that these maps let be corrected."""
    return frozenset(place for place, _collection, _field in _correctable(maps))


def not_correctable(asked: CorrectionAsked, maps: Iterable[DataMap]) -> list[tuple[DataMap, Collection, Field]]:
    """Fields of the same kind that the maps do not let be corrected: told to the desk, and never written to."""
    maps = list(maps)
    known = {place: (collection, field) for place, collection, field in _correctable(maps)}
    own = known.get(place_named(asked.field) or Place("", "", ""))
    kinds = kinds_of(*own) if own else frozenset[str]()
    return [
        (data_map, collection, field)
        for data_map in maps
        for collection in data_map.collections
        for field in collection.fields
        if not field.correctable and kinds & kinds_of(collection, field)
    ]


def columns_to_look_at(case: Case) -> dict[tuple[str, str], tuple[str, ...]]:
    """What is read for a correction: the columns by source and collection; nothing for any other right."""
    if case.right_asked != Right.CORRECT:
        return {}
    found: dict[tuple[str, str], dict[str, None]] = {}
    maps = maps_in_use()
    for asked in case.corrections.all():
        for place in places_of(asked, maps).all:
            found.setdefault(place[:2], {})[place.column] = None
    return {where: tuple(columns) for where, columns in found.items()}


def kinds_of(collection: Collection, field: Field) -> frozenset[str]:
    """The kinds of data point or identifier that a field holds, as its map says."""
    kinds = {way.by for way in collection.roots if way.column == field.column}
    kinds |= {given.kind for given in collection.gives if given.column == field.column}
    return frozenset(kinds | ({field.match.kind} if field.match else set()))


def kinds_naming(collection: Collection, field: Field) -> frozenset[str]:
    """The kinds of identifier that a field holds and that name one person: not those that people share, by its map."""
    ways = [root for root in collection.roots if root.shared and root.column in ("", field.column)]
    return kinds_of(collection, field) & frozenset(IdentifierKind.values) - {way.by for way in ways}


def _correctable(maps: Iterable[DataMap]) -> Iterator[tuple[Place, Collection, Field]]:
    for data_map in maps:
        for collection, field in data_map.correctable_fields():
            yield Place(data_map.source, collection.name, field.column), collection, field


def _is_called_alike(one: Field, other: Field) -> bool:
    return one.column == other.column or one.title.in_language("en").lower() == other.title.in_language("en").lower()
