"""Orders to a company's service: delete, correct, suppress. Each is one call, which the service carries out whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exports.sources.connector import (
    Action,
    BrokenDataError,
    ChangeRefusedError,
    DataChangedError,
    Deletion,
    DeletionPlan,
    DoneCollection,
    Held,
    Identifiers,
    KeySet,
    PlannedCollection,
)
from exports.sources.datamap import Clear, Collection, Constant, DataMap, Deidentify
from exports.sources.http.calls import Caller
from exports.sources.rows import RowReading
from exports.sources.values import Json, Key
from requests_app.law.words import Right

MOST_KEYS = 100_000  # of one deletion, for it is one call


class ServiceChanging:
    """Changes through one service."""

    def __init__(self, datamap: DataMap, reading: RowReading, caller: Caller) -> None:
        self._datamap = datamap
        self._reading = reading
        self._caller = caller

    def delete(self, plan: DeletionPlan, *, repeated: bool, before_commit: Callable[[], None]) -> Deletion:
        """Do exactly what is planned, in one call; `repeated` if an earlier try may have done it."""
        now = [(item, self._keys_now(item, plan.identifiers)) for item in plan.collections]
        acting = [(item, keys) for item, keys in now if item.action is not Action.KEEP]
        is_any = any(item.rows > len(item.spared) for item, _ in acting)
        if repeated and is_any and all(item.spared.issuperset(keys) for item, keys in acting):
            return Deletion(tuple(_done(item, 0) for item in plan.collections), found_done=True)
        for item, keys in now:
            self._check_unchanged(item, keys)
        going = [(item, [key for key in keys if key not in item.spared]) for item, keys in acting]
        going = [(item, keys) for item, keys in going if keys]
        if sum(len(keys) for _, keys in going) > MOST_KEYS:
            raise ChangeRefusedError(f"{self._datamap.source}: more than {MOST_KEYS} rows are no single call any more")
        orders = [self._order(item, keys) for item, keys in going]
        before_commit()
        expected = {item.name: len(keys) for item, keys in going}
        if orders:
            self._change("/delete", {"collections": orders}, expected)
        return Deletion(tuple(_done(item, expected.get(item.name, 0)) for item in plan.collections))

    def _keys_now(self, item: PlannedCollection, identifiers: Identifiers) -> list[Key]:
        rows = self._reading.of_person(self._datamap.collection(item.name), identifiers)
        return [row.key for row in rows]

    def _check_unchanged(self, item: PlannedCollection, keys: list[Key]) -> None:
        now = KeySet()
        now.add(keys)
        if (now.rows, now.hexdigest()) != (item.rows, item.digest) or not item.spared <= set(keys):
            raise DataChangedError(
                f"{self._datamap.source}: the rows in {item.name} are not those that were planned; plan again"
            )

    def _order(self, item: PlannedCollection, keys: list[Key]) -> dict[str, Any]:
        order: dict[str, Any] = {"name": item.name, "action": item.action.value, "keys": keys}
        if item.action is Action.DEIDENTIFY:
            how = self._datamap.collection(item.name).on_delete
            if not isinstance(how, Deidentify):
                raise ChangeRefusedError(
                    f"{self._datamap.source}: the map does not say how to de-identify {item.name}; delete or keep it"
                )
            order["replace"] = {column: _replacement(by) for column, by in how.columns}
        return order

    def correct(self, collection: Collection, rows: Sequence[Held], field: str, *, new: Json) -> None:
        """Change one field of rows from what each held to `new`, in one call."""
        order = {
            "collection": collection.name,
            "field": field,
            "rows": [{"key": key, "held": held} for key, held in rows],
            "value": new,
        }
        self._change("/correct", order, {collection.name: len(rows)})

    def suppress(self, right: Right, identifiers: Identifiers) -> Mapping[str, int]:
        """Set the columns that carry the right out, in one call."""
        flags = [(found, found.suppression(right)) for found in self._datamap.collections]
        orders = [{"name": found.name, "set": dict(flag.columns)} for found, flag in flags if flag]
        kinds = {root.by for found, flag in flags if flag for root in found.roots if not root.shared}
        asked = {kind: sorted(values) for kind, values in identifiers.items() if kind in kinds and values}
        names = [order["name"] for order in orders]
        if not orders or not asked:
            return dict.fromkeys(map(str, names), 0)
        order = {"right": right.value, "identifiers": asked, "collections": orders}
        return self._rows(self._caller.change("/suppress", order), set(map(str, names)))

    def _change(self, path: str, order: Mapping[str, object], expected: dict[str, int]) -> None:
        if self._rows(self._caller.change(path, order), set(expected)) != expected:
            raise BrokenDataError(f"{self._datamap.source}: the service says that it changed other rows than ordered")

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


def _replacement(by: object) -> dict[str, object]:
    if isinstance(by, Constant):
        return {"by": "constant", "value": by.value}
    return {"by": "nothing" if isinstance(by, Clear) else "random"}
