"""How the rows of each table are reached from a person's identifiers: the shortest way over foreign keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from exports.sources.datamap import Join, Root
from exports.sources.draft.guesses import Guess
from exports.sources.draft.rules import Leads
from exports.sources.draft.words import words_of
from exports.sources.schema import Place, Pointer, Schema, Table

LONGEST_NAME = 50  # of a collection
LONGEST_PLACE = 99  # of source and collection together

Guesses = Mapping[Place, Mapping[str, Guess]]


@dataclass(frozen=True)
class Reached:
    """A table that becomes a collection. `is_sure`: there is one way only; else a person chooses among `ways`."""

    table: Table
    name: str
    ways: tuple[Root | Join, ...]
    is_sure: bool
    is_root: bool  # an identifier stands in the row
    notes: tuple[str, ...]  # foreign keys that are not followed, and why


@dataclass(frozen=True)
class Unreached:
    """A table that does not, and why."""

    table: Table
    reason: str


@dataclass(frozen=True)
class Paths:
    """Every table of a schema, each once; the reached ones stand after those that they are reached from."""

    reached: tuple[Reached, ...]
    unreached: tuple[Unreached, ...]


def find_paths(schema: Schema, guesses: Guesses, source: str) -> Paths:
    """The shortest way to each table. Of several ways none is chosen here: one could lead to rows of others."""
    return _Walk(schema, guesses, source).paths()


class _Walk:
    """Distances from the identifiers: 0 for tables that hold one, then foreign key by foreign key."""

    def __init__(self, schema: Schema, guesses: Guesses, source: str) -> None:
        self._schema = schema
        self._guesses = guesses
        self._distance: dict[Place, int] = {}
        self._pointers: dict[Place, list[Pointer]] = defaultdict(list)
        for pointer in schema.pointers:
            self._pointers[pointer.child].append(pointer)
        self._spread(self._holding(Leads.ALWAYS))
        self._spread(self._holding(Leads.ALONE))
        self._order = self._in_order()
        self._names = _names(schema, self._order, source)

    def paths(self) -> Paths:
        """Every table, reached or not."""
        left = [table for table in self._schema.tables if table.place not in self._distance]
        return Paths(
            tuple(self._reached(place) for place in self._order),
            tuple(Unreached(table, self._why_not(table)) for table in left),
        )

    def _holding(self, leads: Leads) -> list[Place]:
        """Tables not reached yet in which an identifier of that kind stands."""
        return [
            table.place
            for table in self._schema.tables
            if table.place not in self._distance and self._columns_that_lead(table.place, leads)
        ]

    def _columns_that_lead(self, place: Place, leads: Leads) -> list[str]:
        return [name for name, found in self._guesses[place].items() if found.rule and found.rule.leads is leads]

    def _spread(self, near: Iterable[Place]) -> None:
        """Breadth first, from parents to children."""
        edge, distance = set(near), 0
        while edge:
            self._distance |= dict.fromkeys(edge, distance)
            children = {pointer.child for pointer in self._schema.pointers if pointer.parent in edge}
            edge, distance = children - self._distance.keys(), distance + 1

    def _in_order(self) -> list[Place]:
        """Nearest first; among those that hold an identifier, parents before children, as far as there is no ring."""
        left = sorted(place for place, distance in self._distance.items() if distance == 0)
        order: list[Place] = []
        while left:
            free = [place for place in left if not any(p.parent in left for p in self._pointers[place] if not p.is_own)]
            order.append((free or left)[0])
            left.remove(order[-1])
        farther = (place for place, distance in self._distance.items() if distance)
        return [*order, *sorted(farther, key=lambda place: (self._distance[place], place))]

    def _reached(self, place: Place) -> Reached:
        roots = self._roots(place)
        above = set(self._order[: self._order.index(place)])
        nearer = max(self._distance[place] - 1, 0)
        taken = [p for p in self._pointers[place] if p.parent in above and self._distance[p.parent] == nearer]
        joins = [Join(self._names[p.parent], tuple(zip(p.columns, p.parent_columns, strict=True))) for p in taken]
        ways: tuple[Root | Join, ...] = (*roots, *joins)
        # An identifier and a foreign key may mean two people, as two of a kind may: a buyer, and who sold it.
        is_sure = len(ways) == 1 or (not joins and len({root.by for root in roots}) == len(roots))
        passed = [p for p in self._pointers[place] if p not in taken]
        return Reached(
            self._schema.by_place[place],
            self._names[place],
            ways,
            is_sure,
            bool(roots),
            tuple(self._why_passed(pointer) for pointer in passed),
        )

    def _roots(self, place: Place) -> list[Root]:
        if self._distance[place]:
            return []
        leads = Leads.ALWAYS if self._columns_that_lead(place, Leads.ALWAYS) else Leads.ALONE
        return [
            Root(rule.match.kind, name, rule.match.compare)
            for name in self._columns_that_lead(place, leads)
            if (rule := self._guesses[place][name].rule) and rule.match
        ]

    def _why_passed(self, pointer: Pointer) -> str:
        columns, parent = ", ".join(pointer.columns), self._schema.name(pointer.parent)
        if pointer.is_own:
            return f"{columns} points to another row of the same table, which may be another person's: not followed"
        if pointer.parent in self._distance:
            return f"{columns} points to {parent}, which is reached too: a longer way, or a ring; not followed"
        return f"{columns} points to {parent}, whose rows may belong to many people: see the end"

    def _why_not(self, table: Table) -> str:
        if table.is_view:
            return "a view in which no column looks like an identifier, and views have no foreign keys"
        from_above = sorted(
            {self._schema.name(p.child) for p in self._schema.pointers if p.parent == table.place and not p.is_own}
        )
        if from_above:
            return f"{', '.join(from_above)} may share its rows, which point to nobody: a row may belong to many people"
        return "no column looks like an identifier, and no foreign key leads from it to a table above"


def _names(schema: Schema, order: Iterable[Place], source: str) -> dict[Place, str]:
    """A name for each collection that is a path on every system: that of the table, as far as it goes."""
    longest = min(LONGEST_NAME, LONGEST_PLACE - len(source))
    found: dict[Place, str] = {}
    for place in sorted(order, key=lambda place: place.schema != schema.default):
        own = "_".join(words_of(place.table)) or "table"
        full = own if place.schema == schema.default else "_".join((*words_of(place.schema), own))
        taken = set(found.values())
        tries = [own, full, *(f"{full[: longest - 4]}_{number}" for number in range(2, 1000))]
        found[place] = next(name[:longest] for name in tries if name[:longest] not in taken)
    return found
