"""Names of collections for tables that have none yet."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from exports.sources.draft.words import words_of
from exports.sources.schema import Place, Schema

LONGEST_NAME = 50  # of a collection
LONGEST_PLACE = 99  # of source and collection together


def names_of(schema: Schema, order: Iterable[Place], source: str) -> dict[Place, str]:
    """A name for each collection that is a path on every system: that of the table, as far as it goes."""
    longest = min(LONGEST_NAME, LONGEST_PLACE - len(source))
    found: dict[Place, str] = {}
    taken: set[str] = set()
    for place in sorted(order, key=lambda place: place.schema != schema.default):
        own = "_".join(words_of(place.table)) or "table"
        full = own if place.schema == schema.default else "_".join((*words_of(place.schema), own))
        tries = chain((own, full), (f"{full[: longest - 4]}_{number}" for number in range(2, 1000)))
        found[place] = next(name[:longest] for name in tries if name[:longest] not in taken)
        taken.add(found[place])
    return found
