"""Changes that only a person can make in a source: what is asked for, and the look whether it was made.

A deletion counts as made only on a repeated try: the first one asks a person, even if nothing is found any more, for
that may as well mean that the source names the person in another way by now.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from exports.sources import contents
from exports.sources.comparing import exact_form
from exports.sources.connector import (
    Action,
    Correction,
    Deletion,
    DeletionPlan,
    DoneCollection,
    Identifiers,
    PlannedCollection,
)
from exports.sources.datamap import DataMap
from exports.sources.errors import DataChangedError, OnlyByHandError
from exports.sources.rows import RowReading, Rows
from exports.sources.values import Key
from requests_app.law.words import Right


class ByHand:
    """The changing half of a source that is only read."""

    def __init__(self, datamap: DataMap, reading: RowReading, source: Rows) -> None:
        self._datamap = datamap
        self._reading = reading
        self._source = source

    def delete(self, plan: DeletionPlan, *, repeated: bool, before_commit: Callable[[], None]) -> Deletion:
        """See that nothing is left but what was spared or is kept; OnlyByHandError says what is.

        Nobody is asked for what came or changed since it was planned: DataChangedError.
        """
        going = [item for item in plan.collections if item.action is not Action.KEEP and item.rows > len(item.spared)]
        self._check_same(plan, going, repeated=repeated)
        if going and not repeated:
            before_commit()  # from now on a person may have done it
            self._ask(f"take the rows of the person out of {', '.join(item.name for item in going)}")
        for item in going:
            rows = self._reading.of_person(self._datamap.collection(item.name), plan.identifiers)
            left = sum(1 for _ in rows) - len(item.spared)
            if left:
                self._ask(f"{item.name} has {abs(left)} rows {'more' if left > 0 else 'less'} than are to stay")
        done = (DoneCollection(item.name, item.action, 0, len(item.spared), item.digest) for item in plan.collections)
        return Deletion(tuple(done), found_done=bool(going))

    def _check_same(self, plan: DeletionPlan, going: Sequence[PlannedCollection], *, repeated: bool) -> None:
        """See that no row holds what none held when they were planned, nor, before anybody was asked, that one is gone.

        Where a row stands may change whenever others come or go: rows are told apart by what they hold alone. What a
        person has de-identified in part holds something else.
        """
        changed = {}
        for item in going:
            collection = self._datamap.collection(item.name)
            if plan.digests is None or not item.contents or (repeated and item.action is not Action.DELETE):
                continue
            known, new = contents.counted(item.contents, collection), 0
            for row in self._reading.of_person(collection, plan.identifiers):
                digest = plan.digests.of(collection, (), row.record)
                new += not known[digest]
                known[digest] -= bool(known[digest])
            gone = 0 if repeated else known.total()
            if new or gone:
                changed[item.name] = max(new, gone)
        if changed:
            where = ", ".join(f"{rows} in {name}" for name, rows in changed.items())
            raise DataChangedError(
                f"{self._datamap.source}: rows came, went or changed since they were planned: {where}; plan again",
                changed=changed,
            )

    def correct(self, corrections: Sequence[Correction]) -> None:
        """See that the rows hold the new values by now."""
        wrong = [{key for key, held in one.rows if exact_form(held) != exact_form(one.new)} for one in corrections]
        of_collection: dict[str, list[tuple[Correction, set[Key]]]] = {}
        for one, keys in zip(corrections, wrong, strict=True):
            if keys:
                of_collection.setdefault(one.collection, []).append((one, keys))
        for name, some in of_collection.items():
            self._drop_what_is_right(name, some)
        if left := [(one, len(keys)) for one, keys in zip(corrections, wrong, strict=True) if keys]:
            self._ask(what_to_correct(left))

    def _drop_what_is_right(self, collection: str, wrong: Sequence[tuple[Correction, set[Key]]]) -> None:
        """Take out the rows that hold the new value by now; the files are read once for all."""
        for row in self._source.rows(self._datamap.collection(collection), {}):
            for one, keys in wrong:
                if row.key in keys and exact_form(row.record[one.field]) == exact_form(one.new):
                    keys.discard(row.key)

    def suppress(self, right: Right, identifiers: Identifiers, *, lifts: bool = False) -> Mapping[str, int]:
        """See that the columns stand as they are to; the rows that stand so, by collection."""
        done = {}
        for collection in self._datamap.collections:
            flags = collection.suppression(right, lifts=lifts)
            if flags is None:
                continue
            rows = 0
            for row in self._reading.of_person(collection, identifiers):
                if any(exact_form(row.record[column]) != exact_form(value) for column, value in flags.columns):
                    self._ask(f"set the columns of {collection.name} that carry {right.value} out")
                rows += 1
            done[collection.name] = rows
        return done

    def _ask(self, what: str) -> None:
        raise OnlyByHandError(f"{self._datamap.source}: it can only be read; the change is a task for a person: {what}")


def what_to_correct(left: Sequence[tuple[Correction, int]]) -> str:
    """What a person has to do about these corrections, each with how many rows it is left to do in."""
    places = [(f"{one.field!r} of {rows} rows of {one.collection}", one.new) for one, rows in left]
    written = [place for place, new in places if new is not None]
    emptied = [place for place, new in places if new is None]
    asked = [f"write the corrected value to {' and to '.join(written)}"] if written else []
    return "; ".join([*asked, *([f"empty {' and '.join(emptied)}"] if emptied else [])])
