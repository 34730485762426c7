"""Orders to a company's service: delete, correct, suppress. Each is one call, which the service carries out whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from exports.sources.connector import (
    Action,
    Correction,
    Deletion,
    DeletionPlan,
    DoneCollection,
    Identifiers,
    KeySet,
    PlannedCollection,
)
from exports.sources.datamap import LIFT, Clear, Constant, DataMap, Deidentify, Replacement
from exports.sources.errors import BrokenDataError, ChangeRefusedError, DataChangedError, DoneOtherwiseError
from exports.sources.http.calls import Caller
from exports.sources.masks import Hashing, NotMaskableError, masked, needs_value
from exports.sources.rows import Row, RowReading
from exports.sources.unchanged import Compared, Masks, check_same
from exports.sources.values import Json, Key
from requests_app.law.words import Right

MOST_KEYS = 100_000  # of one deletion, for it is one call

_Rows: TypeAlias = dict[Key, dict[str, Json]]


class ServiceChanging:
    """Changes through one service."""

    def __init__(self, datamap: DataMap, reading: RowReading, caller: Caller, hashing: Hashing | None) -> None:
        self._datamap = datamap
        self._hashing = hashing
        self._reading = reading
        self._caller = caller

    def delete(self, plan: DeletionPlan, *, repeated: bool, before_commit: Callable[[], None]) -> Deletion:
        """Do exactly what is planned, in one call; `repeated` if an earlier try may have done it."""
        looked_at: list[Compared] = []
        masked = set[tuple[str, Key]]()
        now = [(item, self._rows_now(item, plan, looked_at, masked, repeated=repeated)) for item in plan.collections]
        acting = [(item, keys) for item, keys in now if item.action is not Action.KEEP]
        is_any = any(item.rows > len(item.spared) for item, _ in acting)
        left = any(key not in item.spared and (item.name, key) not in masked for item, rows in acting for key in rows)
        if repeated and is_any and not left:
            return Deletion(tuple(_done(item, 0) for item in plan.collections), found_done=True)
        for item, rows in now:
            self._check_unchanged(item, rows)
        check_same(self._datamap.source, looked_at)
        going = [(item, {key: masks for key, masks in rows.items() if key not in item.spared}) for item, rows in acting]
        going = [(item, rows) for item, rows in going if rows]
        if sum(len(rows) for _, rows in going) > MOST_KEYS:
            raise ChangeRefusedError(f"{self._datamap.source}: more than {MOST_KEYS} rows are no single call any more")
        orders = [self._order(item, rows) for item, rows in going]
        before_commit()
        expected = {item.name: len(rows) for item, rows in going}
        if orders:
            self._change("/delete", {"collections": orders}, expected)
        return Deletion(tuple(_done(item, expected.get(item.name, 0)) for item in plan.collections))

    def _rows_now(
        self,
        item: PlannedCollection,
        plan: DeletionPlan,
        looked_at: list[Compared],
        masked: set[tuple[str, Key]],
        *,
        repeated: bool,
    ) -> _Rows:
        """The keys as they are now, each with the masks that are made from what its row holds.

        What was compared with the plan is noted in ``looked_at``, and in ``masked`` which rows look de-identified.
        """
        collection = self._datamap.collection(item.name)
        columns = collection.on_delete.columns if isinstance(collection.on_delete, Deidentify) else ()
        made = [(column, by) for column, by in columns if item.action is Action.DEIDENTIFY and needs_value(by)]
        compared = Compared(plan, item, collection, self._hashing)
        looked_at.append(compared)
        masks = Masks(item, collection, self._hashing)
        rows: _Rows = {}
        for place, row in enumerate(self._reading.of_person(collection, plan.identifiers)):
            compared.look(place, row.key, row.record, repeated=repeated)
            if masks.are_on(row.record):
                masked.add((item.name, row.key))
            rows[row.key] = {column: self._masked(row, column, by) for column, by in made}
        return rows

    def _masked(self, row: Row, column: str, by: Replacement) -> Json:
        try:
            return masked(by, row.record[column], self._hashing)
        except NotMaskableError as error:
            raise ChangeRefusedError(f"{row.where}: {column!r} can't be masked as the map says: {error}") from None

    def _check_unchanged(self, item: PlannedCollection, keys: Iterable[Key]) -> None:
        now, found = KeySet(), list(keys)
        now.add(found)
        if (now.rows, now.hexdigest()) != (item.rows, item.digest) or not item.spared.issubset(found):
            raise DataChangedError(
                f"{self._datamap.source}: the rows in {item.name} are not those that were planned; plan again"
            )

    def _order(self, item: PlannedCollection, rows: _Rows) -> dict[str, Any]:
        order: dict[str, Any] = {"name": item.name, "action": item.action.value, "keys": list(rows)}
        if item.action is Action.DEIDENTIFY:
            how = self._datamap.collection(item.name).on_delete
            if not isinstance(how, Deidentify):
                raise ChangeRefusedError(
                    f"{self._datamap.source}: the map does not say how to de-identify {item.name}; delete or keep it"
                )
            order["replace"] = {column: _replacement(column, by, rows) for column, by in how.columns}
        return order

    def correct(self, correction: Correction, identifiers: Identifiers) -> None:
        """Change one field of rows from what each held to what is right, in one call, if they are still the person's.

        A row that changed hands holds what it held, so that the service could not tell.
        """
        collection = self._datamap.collection(correction.collection)
        theirs = {row.key for row in self._reading.of_person(collection, identifiers)}
        if not theirs.issuperset(key for key, _held in correction.rows):
            raise DataChangedError(f"{self._datamap.source}: rows of {collection.name} are not this person's any more")
        order = {
            "collection": correction.collection,
            "field": correction.field,
            "rows": [{"key": key, "held": held} for key, held in correction.rows],
            "value": correction.new,
        }
        self._change("/correct", order, {correction.collection: len(correction.rows)})

    def suppress(self, right: Right, identifiers: Identifiers, *, lifts: bool = False) -> Mapping[str, int]:
        """Set the columns that carry the right out, or take it back, in one call."""
        flags = [(found, found.suppression(right, lifts=lifts)) for found in self._datamap.collections]
        orders = [{"name": found.name, "set": dict(flag.columns)} for found, flag in flags if flag]
        kinds = {root.by for found, flag in flags if flag for root in found.roots if not root.shared}
        asked = {kind: sorted(values) for kind, values in identifiers.items() if kind in kinds and values}
        names = [order["name"] for order in orders]
        if not orders or not asked:
            return dict.fromkeys(map(str, names), 0)
        order = {"right": LIFT if lifts else right.value, "identifiers": asked, "collections": orders}
        return self._rows(self._caller.change("/suppress", order), set(map(str, names)))

    def _change(self, path: str, order: Mapping[str, object], expected: dict[str, int]) -> None:
        said = self._rows(self._caller.change(path, order), set(expected))
        if said != expected:
            error = DoneOtherwiseError(f"{self._datamap.source}: it says that it changed other rows than ordered")
            error.said = said
            raise error

    def _rows(self, answer: dict[str, Json], names: set[str]) -> dict[str, int]:
        rows = answer.get("rows")
        if answer.keys() != {"rows"} or not isinstance(rows, dict) or rows.keys() != names:
            raise BrokenDataError(f"{self._datamap.source}: the answer has 'rows', with a number by collection")
        counts = {name: count for name, count in rows.items() if type(count) is int and count >= 0}
        if counts.keys() != names:
            raise BrokenDataError(f"{self._datamap.source}: the numbers in 'rows' are whole, and not below 0")
        return counts


def _done(item: PlannedCollection, rows: int) -> DoneCollection:
    return DoneCollection(item.name, item.action, rows, len(item.spared), item.digest)


def _replacement(column: str, by: Replacement, rows: _Rows) -> dict[str, object]:
    if isinstance(by, Constant):
        return {"by": "constant", "value": by.value}
    if needs_value(by):
        return {"by": "values", "values": [masks[column] for masks in rows.values()]}
    return {"by": "nothing" if isinstance(by, Clear) else "random"}
