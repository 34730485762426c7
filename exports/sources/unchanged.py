"""Whether the rows of a deletion still hold what they held when they were planned, or what it left of them."""

from __future__ import annotations

from collections.abc import Mapping

from exports.sources import contents
from exports.sources.connector import Action, DataChangedError, DeletionPlan, PlannedCollection
from exports.sources.datamap import Collection, Deidentify, Replacement
from exports.sources.masks import Hashing, looks_masked
from exports.sources.values import Json, Key


class Masks:
    """What de-identifying leaves of the rows of one planned collection."""

    def __init__(self, item: PlannedCollection, collection: Collection, hashing: Hashing | None) -> None:
        how = collection.on_delete if item.action is Action.DEIDENTIFY else None
        self._by: tuple[tuple[str, Replacement], ...] = how.columns if isinstance(how, Deidentify) else ()
        self._hashing = hashing

    @property
    def columns(self) -> tuple[str, ...]:
        """Where they stand."""
        return tuple(column for column, _by in self._by)

    def are_on(self, record: Mapping[str, Json]) -> bool:
        """Whether a row looks as if it was de-identified; one of another plan never does."""
        return bool(self._by) and all(looks_masked(by, record[column], self._hashing) for column, by in self._by)


class Compared:
    """What is known of the rows of one planned collection; what stays in any case may change."""

    def __init__(
        self, plan: DeletionPlan, item: PlannedCollection, collection: Collection, hashing: Hashing | None
    ) -> None:
        self._digests = plan.digests if item.contents and item.action is not Action.KEEP else None
        self._item = item
        self._collection = collection
        self._masks = Masks(item, collection, hashing)

    @property
    def is_known(self) -> bool:
        """Whether there is anything to compare: not for a plan from before rows had digests."""
        return self._digests is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """What is to be read of each row."""
        return tuple(dict.fromkeys((*contents.columns_of(self._collection), *self._masks.columns)))

    def is_same(self, place: int, key: Key, record: Mapping[str, Json] | None, *, repeated: bool) -> bool:
        """Whether the row at this place of the plan holds what it held; if it is repeated, or what we left of it."""
        known = self._item.contents[place * contents.SIZE : (place + 1) * contents.SIZE]
        if self._digests is None or known == contents.UNKNOWN or key in self._item.spared:
            return True
        if record is None:
            return False
        return self._digests.of(self._collection, key, record) == known or (repeated and self._masks.are_on(record))


def check_same(source: str, changed: Mapping[str, int]) -> None:
    """Raises DataChangedError, which says how many rows of which collections hold something else by now."""
    found = {name: rows for name, rows in changed.items() if rows}
    if found:
        where = ", ".join(f"{rows} in {name}" for name, rows in found.items())
        raise DataChangedError(
            f"{source}: rows hold something else than when they were planned: {where}; plan again", changed=found
        )
