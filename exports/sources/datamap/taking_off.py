"""Flags that are no right's own: a column that two rights set, and that the end of one would take from the other.

A map that says so can be read, for it may be in force from before anybody asked; it is not taken in anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from exports.sources.datamap.left_out import name_of
from exports.sources.datamap.model import LIFT, DataMap, Suppression
from requests_app.law.words import Right

ENDED_BY = {LIFT: Right.RESTRICT, Right.OPT_IN.value: Right.OPT_OUT_SALE_SHARE}  # the right whose flag each takes off


def taken_from_others(datamap: DataMap) -> list[str]:
    """Sentences, one for each flag that an opt-in or the end of a restriction would take off for another right."""
    by_place: dict[str, list[Suppression]] = {}
    for collection in () if datamap.processor_for else datamap.collections:
        by_place.setdefault(name_of(collection) or collection.name, []).extend(collection.suppress)
    found = (sentence for place, flags in by_place.items() for sentence in _taken(place, flags))
    return list(dict.fromkeys(found))


def _taken(place: str, flags: list[Suppression]) -> Iterator[str]:
    for ending, other in product(flags, flags):
        ended = ENDED_BY.get(_slug(ending))
        if ended is None or other.right in (ended, ending.right):
            continue
        sets = dict(other.columns)
        for column, off in ending.columns:
            if column in sets and sets[column] != off:
                yield (
                    f"'suppress' of {place}: {_slug(ending)!r} takes off {column!r}, which {_slug(other)!r} sets, and"
                    " so what another request of the person asked for; give each of them a column of its own."
                )


def _slug(flags: Suppression) -> str:
    return LIFT if flags.lifts else flags.right.value
