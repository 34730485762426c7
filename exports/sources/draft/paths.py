"""How the rows of each table are reached from a person's identifiers: the shortest way over foreign keys.

Most ways lead down, from a row to those that point to it. Up, from a row to the one that it points to, leads a way
where that row may be the person's own: their address, or who they are where this row holds their e-mail address.
Whether it is, or many share it, no schema says: such a way is asked about.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from exports.sources.datamap import Join, Root
from exports.sources.draft.guesses import Guess
from exports.sources.draft.names import names_of
from exports.sources.draft.rules import EMAIL, Leads
from exports.sources.draft.undeclared import nouns_of, undeclared_pointers
from exports.sources.draft.words import words_of
from exports.sources.schema import Place, Pointer, Schema, Table

Guesses = Mapping[Place, Mapping[str, Guess]]

# Tables of people, by what their rows are.
PEOPLE = frozenset(
    (
        *("person", "people", "user", "customer", "member", "client", "contact", "employee", "staff", "patient"),
        *("student", "subscriber", "guest", "account", "profile", "partner", "individual", "consumer", "donor"),
        *("applicant", "kunde", "benutzer", "cliente", "usuario", "utilisateur", "personne", "persona"),
    )
)
NOT_OF_PEOPLE = frozenset(("template", "setting", "config", "configuration", "option"))
# Who changed a row is no sign of whose it is.
WHO_CHANGED = frozenset(
    (
        *("create_uid", "write_uid", "updated_by", "modified_by", "last_updated_by", "last_modified_by", "changed_by"),
        *("edited_by", "updated_by_id", "modified_by_id", "updated_by_user_id", "deleted_by"),
    )
)
# Who looks after a row at work need not be the person whose row it is.
WHO_LOOKS_AFTER = frozenset(
    (
        *("manager", "supervisor", "rep", "representative", "salesperson", "assignee", "assigned"),
        *("approver", "approved", "reviewer", "reviewed", "handler", "operator", "responsible", "agent"),
        *("creator", "created", "entered", "recorded", "voided"),
    )
)

# Tables of those who have to do with others' rows.
AT_WORK = frozenset(("employee", "staff", "teller", "clerk", "cashier", "seller"))

PHONE_KIND = "phone"
SHARED = (
    "a telephone may be a family's or a switchboard's, and then leads to rows of others: name a way beside it that is"
    " one person's, and mark this one shared: true"
)


@dataclass(frozen=True)
class Reached:
    """A table that becomes a collection. `is_sure`: there is one way, and no doubt; else a person decides on `ways`."""

    table: Table
    name: str
    ways: tuple[Root | Join, ...]
    back: Join | None  # to all rows of the person whom one of them leads to
    is_sure: bool
    is_root: bool  # an identifier stands in the row
    is_person: bool  # or the row is somebody's to whom one with an identifier points
    notes: tuple[str, ...]  # why a way is asked about, and foreign keys that are not followed
    things: Mapping[str, str]  # columns that point to tables that are left out, by the name of the table
    others: frozenset[str]  # those that point, not followed, to rows that may be another person's


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


@dataclass(frozen=True, slots=True)
class _Step:
    """From the rows of the table `start` to those of another. `doubt` says why a person is asked; empty without one."""

    start: Place
    columns: tuple[tuple[str, str], ...]  # pairs of (own column, column of `start`)
    pointer: Pointer
    doubt: str = ""


def find_paths(schema: Schema, guesses: Guesses, source: str) -> Paths:
    """The shortest way to each table. Of several ways none is chosen here: one could lead to rows of others."""
    return _Walk(schema, guesses, source).paths()


def _looks_after(pointer: Pointer) -> bool:
    """Whether its name says so: a rep, or a salesPerson."""
    named = (words_of(column) for column in pointer.columns)
    return any(not WHO_LOOKS_AFTER.isdisjoint((*words, *map("".join, pairwise(words)))) for words in named)


class _Walk:
    """Distances from the identifiers: 0 for tables that hold one, then foreign key by foreign key."""

    def __init__(self, schema: Schema, guesses: Guesses, source: str) -> None:
        self._schema = schema
        self._guesses = guesses
        self._nouns = nouns_of(schema)
        self._undeclared = frozenset(undeclared_pointers(schema))
        self._distance: dict[Place, int] = {}
        self._ends: set[Place] = set()
        self._pointers: dict[Place, list[Pointer]] = defaultdict(list)  # by child
        self._hanging: dict[Place, list[Pointer]] = defaultdict(list)  # by parent
        for pointer in (*schema.pointers, *sorted(self._undeclared, key=lambda one: (one.child, one.columns))):
            self._pointers[pointer.child].append(pointer)
            self._hanging[pointer.parent].append(pointer)
        self._walk()
        self._order = self._in_order()
        self._rank = {place: rank for rank, place in enumerate(self._order)}
        self._names = names_of(schema, self._order, source)

    def _walk(self) -> None:
        """The surest identifiers first; each table is reached by the first of them that leads there."""
        self._spread(self._holding(Leads.ALWAYS, only_email=True))
        self._spread(self._holding(Leads.ALWAYS))
        self._spread_at_work()
        self._lead_up(to_people=False)
        self._spread(self._holding(Leads.ASKED))
        self._spread(self._holding(Leads.ALONE))
        self._lead_up(to_people=True)

    def paths(self) -> Paths:
        """Every table, reached or not."""
        left = [table for table in self._schema.tables if table.place not in self._distance]
        return Paths(
            tuple(self._reached(place) for place in self._order),
            tuple(Unreached(table, self._why_not(table)) for table in left),
        )

    # which tables are reached, and how far they are

    def _holding(self, leads: Leads, *, only_email: bool = False) -> list[Place]:
        """Tables not reached yet in which an identifier of that kind stands."""
        return [
            table.place
            for table in self._schema.tables
            if table.place not in self._distance and self._columns_that_lead(table.place, leads, only_email=only_email)
        ]

    def _columns_that_lead(self, place: Place, leads: Leads, *, only_email: bool = False) -> list[str]:
        if NOT_OF_PEOPLE.intersection(self._nouns[place]):
            return []
        pointing = {column for pointer in self._pointers[place] for column in pointer.columns}
        return [
            name
            for name, found in self._guesses[place].items()
            if found.rule is not None
            and found.rule.leads is leads
            and (found.rule is EMAIL or not only_email)
            and (leads is not Leads.ASKED or name not in pointing)
            and not self._is_anothers_number(place, name)
        ]

    def _is_anothers_number(self, place: Place, name: str) -> bool:
        """Whether it points to the same number in the table of those who have it: by that way the rows are found."""
        rule = self._guesses[place][name].rule
        parents = (p for p in self._schema.pointers if p.child == place and p.columns == (name,) and not p.is_own)
        return rule is not EMAIL and any(self._guesses[p.parent][p.parent_columns[0]].rule is rule for p in parents)

    def _spread(self, near: Iterable[Place], distance: int = 0) -> None:
        """Breadth first: down to what points to the rows, and up to what they are part of."""
        edge = set(near)
        while edge:
            self._distance |= dict.fromkeys(edge, distance)
            distance += 1
            edge = {there for place in edge for there in self._onward(place)} - self._distance.keys()

    def _spread_at_work(self) -> None:
        """To rows that only somebody at work has to do with; what is reached in another way already is the person's."""
        while found := {
            pointer.child: self._distance[place] + 1
            for place in sorted(self._distance, key=self._distance.__getitem__, reverse=True)
            for pointer in self._hanging[place]
            if self._may_follow(pointer) and pointer.child not in self._distance
        }:
            nearest = min(found.values())
            self._spread([place for place, distance in found.items() if distance == nearest], nearest)

    def _onward(self, place: Place) -> Iterator[Place]:
        down = (pointer for pointer in self._hanging[place] if self._may_follow(pointer))
        yield from (pointer.child for pointer in down if not self._is_last(pointer))
        yield from (pointer.parent for pointer in self._pointers[place] if self._leads_up(pointer))

    def _is_last(self, pointer: Pointer) -> bool:
        """Whether it is followed where nothing else leads: what an employee has to do with is a customer's first."""
        return _looks_after(pointer) or not AT_WORK.isdisjoint(self._nouns[pointer.parent][-1:])

    def _leads_up(self, pointer: Pointer) -> bool:
        return self._may_follow(pointer) and (self._is_one(pointer) or self._is_owner(pointer))

    def _lead_up(self, *, to_people: bool) -> None:
        """To rows with data about people that reached ones point to; what else points there is not followed."""
        while found := [
            (place, max(near))
            for place in sorted(self._schema.by_place.keys() - self._distance.keys())
            if self._is_personal(place) and (to_people or not self._is_of_people(place))
            if (near := [self._distance[step.start] for step in self._up_to(place)])
        ]:
            self._distance |= {place: farthest + 1 for place, farthest in found}
            self._ends |= {place for place, _ in found}

    def _up_to(self, place: Place) -> list[_Step]:
        return [
            self._up(pointer)
            for pointer in self._hanging[place]
            if self._may_follow(pointer) and pointer.child in self._distance
        ]

    def _may_follow(self, pointer: Pointer) -> bool:
        return not pointer.is_own and not self._says_who_changed(pointer)

    def _says_who_changed(self, pointer: Pointer) -> bool:
        return all("_".join(words_of(column)) in WHO_CHANGED for column in pointer.columns)

    def _is_one(self, pointer: Pointer) -> bool:
        """Whether a row and the one that it points to are of one thing, for they have one key."""
        keys = self._schema.by_place[pointer.child].key, self._schema.by_place[pointer.parent].key
        return set(pointer.columns) == set(keys[0]) and set(pointer.parent_columns) == set(keys[1])

    def _is_owner(self, pointer: Pointer) -> bool:
        """Whether the identifier in a row is that of the person to whom it points."""
        return self._distance.get(pointer.child) == 0 and self._is_of_people(pointer.parent)

    def _names_owner(self, pointer: Pointer) -> bool:
        """Whether the person is found over such rows, each of which holds one identifier of several."""
        is_one = self._is_one(pointer) or not self._is_owner(pointer)
        return not is_one and any(step.pointer == pointer for step in self._steps_to(pointer.parent))

    def _back(self, pointer: Pointer) -> Join:
        pairs = zip(pointer.columns, pointer.parent_columns, strict=True)
        return Join(self._names[pointer.parent], tuple(sorted(pairs)))

    def _one_of_several(self, pointer: Pointer) -> str:
        """Where rows point to several who may be their person, and a map goes back from one alone."""
        child, parent = self._schema.name(pointer.child), self._schema.name(pointer.parent)
        return (
            f"a person may have several rows in {child}, and is found in {parent} over one: the others, with what"
            f" nobody knew the person by, are in no answer without 'back' from {parent}, and a deletion stops at"
            " them if it is one_per_person"
        )

    def _is_of_people(self, place: Place) -> bool:
        return bool(self._nouns[place]) and self._nouns[place][-1] in PEOPLE

    def _is_personal(self, place: Place) -> bool:
        return any(found.is_personal for found in self._guesses[place].values())

    # steps

    def _down(self, pointer: Pointer) -> _Step:
        pairs = tuple(zip(pointer.columns, pointer.parent_columns, strict=True))
        return _Step(pointer.parent, pairs, pointer, self._guessed(pointer) or self._at_work(pointer))

    def _at_work(self, pointer: Pointer) -> str:
        """Why rows may be none of the person they point to: one looks after them, or after what they hang on."""
        child, columns = self._schema.name(pointer.child), ", ".join(pointer.columns)
        if _looks_after(pointer):
            return f"{columns} of {child} says who looks after the row at work, and perhaps not whose it is"
        above = self._steps_to(pointer.parent) if self._distance[pointer.parent] else []
        if len(above) == 1 and above[0].start != pointer.child and self._at_work(above[0].pointer):
            return f"{child} hangs on {self._schema.name(pointer.parent)}, which may be none of the person's: see there"
        return ""

    def _up(self, pointer: Pointer) -> _Step:
        pairs = tuple(zip(pointer.parent_columns, pointer.columns, strict=True))
        child, columns = self._schema.name(pointer.child), ", ".join(pointer.columns)
        doubt = self._guessed(pointer)
        if not self._is_one(pointer):
            doubt = (
                f"{child} points here by {columns}: to a row that is the person's, or that others share, or of another"
            )
        return _Step(pointer.child, pairs, pointer, doubt)

    def _of_others(self, place: Place, steps: Iterable[_Step]) -> Iterator[str]:
        """Why rows may be another's than the ways say, or more be theirs: keys that are not followed lead to people."""
        taken = {step.pointer for step in steps}
        for pointer in self._pointers[place]:
            if pointer in taken or not self._may_follow(pointer) or self._is_one(pointer) or _looks_after(pointer):
                continue
            if self._is_of_people(pointer.parent):
                columns, parent = ", ".join(pointer.columns), self._schema.name(pointer.parent)
                if taken:
                    yield f"{columns} points to {parent}, and may say better whose the row is"
                elif pointer.parent in self._distance and not self._names_owner(pointer):
                    yield f"{columns} points to {parent}: rows of a person there may lack the identifier here"

    def _guessed(self, pointer: Pointer) -> str:
        if pointer not in self._undeclared:
            return ""
        return (
            f"{', '.join(pointer.columns)} of {self._schema.name(pointer.child)} is taken for a foreign key by its name"
        )

    # the collections

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
        roots, steps = self._roots(place), self._steps_to(place)
        ways: tuple[Root | Join, ...] = (*roots, *(Join(self._names[step.start], step.columns) for step in steps))
        # An identifier and a foreign key may mean two people, as two of a kind may: a buyer, and who sold it.
        is_one = len(ways) == 1 or (not steps and len({root.by for root in roots}) == len(roots))
        doubts = [step.doubt for step in steps if step.doubt]
        to_owners = [pointer for pointer in self._pointers[place] if self._names_owner(pointer)]
        back = self._back(to_owners[0]) if len(to_owners) == 1 else None
        doubts += [self._one_of_several(pointer) for pointer in to_owners if back is None]
        doubts += self._of_others(place, steps)
        if self._asked(place):
            doubts.append(f"{', '.join(self._asked(place))}: a number that people know as theirs, or only the database")
        if roots and all(root.by == PHONE_KIND for root in roots) and not steps:
            doubts.append(SHARED)
        taken = {step.pointer for step in steps}
        passed = {pointer: self._why_passed(pointer) for pointer in self._pointers[place] if pointer not in taken}
        followed = {column for pointer in taken for column in pointer.columns}
        others = {column for pointer, why in passed.items() if why for column in pointer.columns} - followed
        return Reached(
            self._schema.by_place[place],
            self._names[place],
            ways,
            back,
            is_one and not doubts,
            bool(roots),
            any(self._names_owner(step.pointer) for step in steps),
            (*dict.fromkeys(doubts), *filter(None, passed.values())),
            {name: self._schema.name(p.parent) for p in passed if p.parent not in self._distance for name in p.columns},
            frozenset(others),
        )

    def _steps_to(self, place: Place) -> list[_Step]:
        """Those of the shortest way; to what is only led up to, from wherever it is."""
        if place in self._ends:
            return [step for step in self._up_to(place) if self._distance[step.start] < self._distance[place]]
        steps = [self._down(p) for p in self._pointers[place] if self._may_follow(p) and self._is_next(p.parent, place)]
        # Who typed a row in is not the only one whom it can be reached from: it may be who they are themselves.
        if self._distance[place] and all(self._at_work(step.pointer) for step in steps):
            steps += [self._up(p) for p in self._hanging[place] if self._leads_up(p) and self._is_next(p.child, place)]
        return sorted(steps, key=lambda step: (step.columns, step.start))

    def _is_next(self, start: Place, place: Place) -> bool:
        """Whether the shortest way to a place comes by there: one step before it, or beside it where both are roots."""
        if start not in self._distance or start in self._ends:
            return False
        is_above = self._rank[start] < self._rank[place]
        return is_above and self._distance[start] == max(self._distance[place] - 1, 0)

    def _asked(self, place: Place) -> list[str]:
        """Numbers that lead to the rows of a table if people know them, where nothing sure does."""
        if self._distance[place] or self._columns_that_lead(place, Leads.ALWAYS):
            return []
        return self._columns_that_lead(place, Leads.ASKED)

    def _roots(self, place: Place) -> list[Root]:
        columns = self._columns_that_lead(place, Leads.ALWAYS)
        if not columns and not self._distance[place]:
            columns = [*self._asked(place), *self._columns_that_lead(place, Leads.ALONE)]
        matches = [(name, rule.match) for name in columns if (rule := self._guesses[place][name].rule) and rule.match]
        is_only = all(match.kind == PHONE_KIND for _, match in matches)  # and one way has to be one person's
        return [
            Root(match.kind, name, match.compare, shared=match.kind == PHONE_KIND and not is_only)
            for name, match in matches
        ]

    # reasons

    def _why_passed(self, pointer: Pointer) -> str:
        """Why a foreign key is not followed from the table that it points to; empty if it is, the other way round."""
        columns, parent = ", ".join(pointer.columns), self._schema.name(pointer.parent)
        if pointer.is_own:
            return f"{columns} points to another row of the same table, which may be another person's: not followed"
        if self._says_who_changed(pointer):
            return f"{columns} says who changed the row, and not whose it is: not followed"
        if pointer.parent not in self._distance:
            return f"{columns} points to {parent}, whose rows may belong to many people: see left_out"
        if self._rank[pointer.parent] > self._rank[pointer.child]:
            is_led_up = any(step.pointer == pointer for step in self._steps_to(pointer.parent))
            return "" if is_led_up else f"{columns} points to {parent}, which is reached by another way; not followed"
        return f"{columns} points to {parent}, which is reached too: a longer way, or a ring; not followed"

    def _why_not(self, table: Table) -> str:
        if table.is_view:
            return "a view in which no column looks like an identifier, and views have no foreign keys"
        hanging = (p for p in self._hanging[table.place] if not p.is_own and p not in self._undeclared)
        from_above = sorted({self._schema.name(pointer.child) for pointer in hanging})
        if from_above:
            return f"{', '.join(from_above)} may share its rows, which point to nobody: a row may belong to many people"
        if any(self._says_who_changed(pointer) for pointer in self._pointers[table.place]):
            return "no column looks like an identifier, and it points to people only by who changed a row"
        return "no column looks like an identifier, and no foreign key leads from it to a table above"
