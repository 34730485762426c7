"""Whether the rows of a deletion still hold what they held when they were planned, or what it left of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from exports.sources import contents
from exports.sources.connector import Action, DeletionPlan, PlannedCollection
from exports.sources.datamap import Collection, Deidentify, Replacement
from exports.sources.errors import DataChangedError
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
        self.name = item.name
        self.changed = 0  # rows that hold something else than when they were planned
        self.changed_columns: set[str] = set()  # in which they do, as far as the plan tells
        self._digests = plan.digests if item.contents and item.action is not Action.KEEP else None
        self._item = item
        self._collection = collection
        self._looked_at = contents.columns_of(collection)
        self._width = contents.width_of(collection)
        self._masks = Masks(item, collection, hashing)

    @property
    def is_known(self) -> bool:
        """Whether there is anything to compare: not for a plan from before rows had digests."""
        return self._digests is not None

    @property
    def columns(self) -> tuple[str, ...]:
        """What is to be read of each row."""
        return tuple(dict.fromkeys((*self._looked_at, *self._masks.columns)))

    def look(self, place: int, key: Key, record: Mapping[str, Json] | None, *, repeated: bool) -> None:
        """See if the row at this place of the plan holds what it held; if it is repeated, or what we left of it."""
        known = self._item.contents[place * self._width : (place + 1) * self._width]
        digest, marks = known[: contents.SIZE], known[contents.SIZE :]
        if self._digests is None or digest == contents.UNKNOWN or key in self._item.spared:
            return
        if record is None:
            self.changed += 1
            return
        if self._digests.of(self._collection, key, record) == digest or (repeated and self._masks.are_on(record)):
            return
        self.changed += 1
        now = self._digests.marks(self._collection, key, record)
        of_columns = zip(self._looked_at, marks, now, strict=False)  # a row more has none
        self.changed_columns |= {column for column, was, is_now in of_columns if was != is_now}


def check_same(source: str, compared: Iterable[Compared]) -> None:
    """Raises DataChangedError, which says how many rows of which collections hold something else by now, and where."""
    found = [one for one in compared if one.changed]
    if found:
        where = ", ".join(f"{one.changed} in {one.name}" for one in found)
        raise DataChangedError(
            f"{source}: rows hold something else than when they were planned: {where}; plan again",
            changed={one.name: one.changed for one in found},
            columns=[f"{one.name}.{column}" for one in found for column in sorted(one.changed_columns)],
        )
