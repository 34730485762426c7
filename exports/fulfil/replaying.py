"""Doing old deletions again after a restore: only what the replay list names, and only where it is still the person's.

First every collection that identifiers lead to is walked, for records whose identifiers were those of a deletion: so
the restored source itself tells what we no longer know. Then each deletion is done again, in a transaction of its own,
by the same code as a first one. What is on the list by its key and is not reached in this way is for people to look at:
its key may have been given to somebody else.

Each deletion is judged by the map of its own day. Where the map in use masks otherwise, or not at all, a row that came
back in clear is for people; and of a collection that no collection of it equals by table and key no row can be told.

What a hold keeps by now stays. It may name the person by what the source doesn't know, so that it is compared with what
named the person when the deletion was noted, too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count

from dsar.vault.digests import Digester
from exports.fulfil import erasures, trouble
from exports.models import DataMapVersion, DataSource, ErasedIdentifier, ErasedRow, Erasure, KeptUntil
from exports.sources.comparing import exact_form, form
from exports.sources.connector import Action, Connector, DeletionPlan, KeySet, Mode, Page, PlannedCollection, Record
from exports.sources.datamap import Collection, DataMap, Deidentify, Replacement, Root
from exports.sources.errors import ChangeRefusedError
from exports.sources.masks import Hashing, looks_masked
from exports.sources.rows import day_in
from exports.sources.values import Key
from requests_app import holding
from requests_app.models import HoldIdentifier
from requests_app.models.people import forms_listed
from requests_app.roles import SYSTEM
from requests_app.services.history import local_day
from requests_app.services.staffing import note_setting

AT_ONCE = 500  # rows whose digests are looked up in one statement

Identifiers = dict[str, set[str]]
Masks = tuple[tuple[str, Replacement], ...]


@dataclass
class Replayed:
    """What became of a replay, by collection: rows that were done again, and those that a person has to look at."""

    deletions: int = 0
    again: Counter[tuple[str, Action]] = field(default_factory=Counter)
    by_hand: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    refused: list[str] = field(default_factory=list)
    held: int = 0  # deletions that a hold forbids to do again
    may_be_held: int = 0  # those of which nothing tells whether a hold does
    not_comparable: Counter[str] = field(default_factory=Counter)  # listed rows, of what the map in use knows no more

    @property
    def is_all_done(self) -> bool:
        """Whether nothing is left to people, and nothing was held or refused."""
        left = self.refused, self.by_hand, self.held, self.may_be_held, self.not_comparable
        return not any(left)


@dataclass(frozen=True)
class _Listed:
    """What the list says of a row: what was done, and what masked which columns if it was de-identified."""

    action: Action
    masks: Masks


def on_the_list(source: DataSource) -> Counter[tuple[str, Action]]:
    """How many rows of each collection are on the list."""
    rows = ErasedRow.objects.filter(erasure__source=source).values_list("collection", "action")
    return Counter((name, Action(action)) for name, action in rows.iterator())


def on_no_list(source: DataSource) -> list[KeptUntil]:
    """What was kept until a day here and noted as gone, and can't be done again by any list: people see to it."""
    found = KeptUntil.objects.gone_unlisted().filter(act__source=source)
    return list(found.select_related("act__map_version", "act__case__submission").order_by("settled_at", "pk"))


def replay(source: DataSource, *, dry_run: bool, at: datetime) -> Replayed:
    """Do again what a restore has undone; doing it twice is doing it once, and an interrupted one is begun again.

    A dry run changes nothing, and counts what would be done. Raises SourceError and NotConfigured.
    """
    replayed = Replayed()
    data_map = source.map_version.as_map()
    try:
        with source.open(data_map) as connector:
            replay_in = _Replay(source, connector, dry_run=dry_run, into=replayed, at=at)
            replay_in.compare_maps()
            for erasure_id, identifiers in replay_in.found_again().items():
                replay_in.do_again(Erasure.objects.get(pk=erasure_id), identifiers)
            replay_in.look_for_the_rest()
    finally:
        if not dry_run:
            _note(source, replayed, at=at)
    return replayed


@transaction.atomic
def _note(source: DataSource, replayed: Replayed, *, at: datetime) -> None:
    done = [f"{name}: {action} {rows}" for (name, action), rows in sorted(replayed.again.items())]
    left = [f"{name}: {len(keys)}" for name, keys in sorted(replayed.by_hand.items())]
    note_setting(
        "deletions_replayed",
        by=SYSTEM,
        at=at,
        source=source.slug,
        deletions=replayed.deletions,
        done=done,
        by_hand=left,
        not_comparable=[f"{name}: {rows}" for name, rows in sorted(replayed.not_comparable.items())],
        refused=len(replayed.refused),
        held=replayed.held + replayed.may_be_held,
    )


class _MayBeHeld(Exception):
    """A hold is active of which nothing tells whether it is on the person of an old deletion."""


class _Holds:
    """The holds in one source, asked anew each time; what one names is opened once."""

    def __init__(self, source: DataSource, datamap: DataMap, digester: Digester, on: date) -> None:
        self._source, self._digester, self._on = source.slug, digester, on
        self._found_by = {root.by for found in datamap.root_collections for root in _telling_roots(found)}
        self._opened: dict[UUID, list[str]] = {}

    def check(self, names: Set[str], identifiers: Iterable[tuple[str, str]]) -> None:
        """Raises HeldSince where a hold keeps whom these digests or identifiers name, and _MayBeHeld."""
        if holding.holds_naming(identifiers, self._on, source=self._source):
            raise trouble.HeldSince(self._source)
        held = list(holding.names_held(self._on, source=self._source))
        if any(not names.isdisjoint(self._known_as(name)) for name in held):
            raise trouble.HeldSince(self._source)
        told = {name.hold_id for name in held if name.kind in self._found_by}
        if not names and any(name.hold_id not in told for name in held):
            raise _MayBeHeld

    def _known_as(self, name: HoldIdentifier) -> list[str]:
        if name.pk not in self._opened:
            texts = [erasures.of_name(name.kind, spelt) for spelt in forms_listed(name.kind, name.value)]
            self._opened[name.pk] = [found for text in texts for found in self._digester.candidates(text)]
        return self._opened[name.pk]


class _Replay:
    """One replay in one open source."""

    def __init__(
        self, source: DataSource, connector: Connector, *, dry_run: bool, into: Replayed, at: datetime
    ) -> None:
        self._source = source
        self._connector = connector
        self._dry_run = dry_run
        self._into = into
        self._on = local_day(at)
        self._digester: Digester = erasures.digester(source.slug)
        self._hashing: Hashing = source.hashing()
        self._holds = _Holds(source, connector.datamap, self._digester, self._on)
        of_erasures = DataMapVersion.objects.filter(erasure__source=source).distinct()
        self._maps = {version.pk: version.as_map() for version in of_erasures}
        self._listed_as: dict[str, set[tuple[int, str]]] = defaultdict(set)  # by map and name, as each was called then
        self._explained: set[tuple[str, Key]] = set()  # what is there still: a dry run would do it, or a hold keeps it

    # what the list speaks of

    def compare_maps(self) -> None:
        """Find what each collection on the list is called by now: its rows are known by the same table and key."""
        rows = ErasedRow.objects.filter(erasure__source=self._source).order_by()
        listed = rows.values_list("erasure__map_version", "collection").annotate(rows=Count("pk"))
        for version, name, number in listed:
            then = self._maps[version].collection(name)
            same = [now for now in self._connector.datamap.collections if _place_of(now) == _place_of(then)]
            for now in [found for found in same if found.name == name] or same:
                self._listed_as[now.name].add((version, name))
            if not same:
                self._into.not_comparable[name] += number

    # whose rows came back

    def found_again(self) -> dict[UUID, Identifiers]:
        """The deletions whose identifiers stand in the source, with what stands there."""
        found: dict[UUID, Identifiers] = defaultdict(lambda: defaultdict(set))
        for collection in self._connector.datamap.root_collections:
            roots = _telling_roots(collection)
            fields = tuple(dict.fromkeys(root.column for root in roots))
            for page in self._connector.every_row(collection.name, fields=fields, size=AT_ONCE):
                self._compare(page, roots, found)
        return found

    def _compare(self, page: Page, roots: Iterable[Root], found: dict[UUID, Identifiers]) -> None:
        held: dict[str, tuple[str, str]] = {}
        for record in page.records:
            for root in roots:
                value, compared = exact_form(record[root.column]), form(root.compare, record[root.column])
                if value and compared:
                    text = erasures.of_identifier(root.by, root.compare, compared)
                    held |= dict.fromkeys(self._digester.candidates(text), (root.by, value))
        known = ErasedIdentifier.objects.filter(erasure__source=self._source, digest__in=held)
        for erasure_id, digest in known.values_list("erasure_id", "digest"):
            kind, value = held[digest]
            found[erasure_id][kind].add(value)

    # one deletion

    def do_again(self, erasure: Erasure, identifiers: Identifiers) -> None:
        """Do again what of it is there; children before parents, in one transaction of the source."""
        planned, going = list[PlannedCollection](), set[tuple[str, Key]]()
        for collection in self._connector.datamap.collections:
            if item := self._planned(erasure, collection, identifiers, going):
                planned.append(item)
        if not planned:
            return
        try:
            self._delete(erasure, DeletionPlan(identifiers, tuple(planned)))
        except trouble.HeldSince:
            self._into.held += 1
            self._explained |= going
            return
        except _MayBeHeld:
            self._into.may_be_held += 1
            self._explained |= going
            return
        except ChangeRefusedError as error:
            self._into.refused.append(str(error))
            return
        if self._dry_run:
            self._explained |= going
        self._into.deletions += 1
        for item in planned:
            self._into.again[item.name, item.action] += item.rows - len(item.spared)

    def _delete(self, erasure: Erasure, plan: DeletionPlan) -> None:
        """Unless a hold keeps it by now: asked before, for each batch, and once more before it stays."""
        known = [(kind, value) for kind, values in plan.identifiers.items() for value in values]
        names = set(erasure.names.values_list("digest", flat=True))

        def may_go_on() -> None:
            self._holds.check(names, known)

        may_go_on()
        if not self._dry_run:
            self._connector.delete(plan, before_batch=may_go_on, before_commit=may_go_on)

    def _planned(
        self, erasure: Erasure, collection: Collection, identifiers: Identifiers, all_going: set[tuple[str, Key]]
    ) -> PlannedCollection | None:
        """The rows that are to go of all that are the person's now, added to all that are going; None where none is."""
        keys, spared, going = KeySet(), set[Key](), dict[Key, Action]()
        pages = self._connector.pages(
            collection.name, identifiers, mode=Mode.PLAN, size=AT_ONCE, fields=self._fields_to_judge(collection)
        )
        for page in pages:
            keys.add(page.keys)
            listed = self._listed(page, collection, erasure)
            for key, record in zip(page.keys, page.records, strict=True):
                what = listed.get(key)
                if what is None or not self._is_undone(erasure, collection, what, record):
                    spared.add(key)
                else:
                    going[key] = what.action
        if not going:
            return None
        # Two collections of a table may be one by now, and a plan does one thing to each: then masks are for people.
        action = Action.DELETE if Action.DELETE in going.values() else Action.DEIDENTIFY
        spared |= {key for key, was in going.items() if was is not action}
        all_going |= {(collection.name, key) for key, was in going.items() if was is action}
        return PlannedCollection(collection.name, action, keys.rows, keys.hexdigest(), frozenset(spared))

    def _listed(self, page: Page, collection: Collection, erasure: Erasure | None = None) -> dict[Key, _Listed]:
        """What the list says of the rows of a page: of one deletion, or of any, the last one first."""
        called = self._listed_as[collection.name]
        names = {name for _version, name in called}
        keys = {
            digest: key
            for key in page.keys
            for name in names
            for digest in self._digester.candidates(erasures.of_key(name, key))
        }
        rows = ErasedRow.objects.filter(erasure__source=self._source, collection__in=names, key_digest__in=keys)
        if erasure is not None:
            rows = rows.filter(erasure=erasure)
        found = rows.order_by("erasure__done_on", "pk")
        told = found.values_list("key_digest", "action", "erasure__map_version", "collection")
        return {
            keys[digest]: _Listed(Action(action), _masks_of(self._maps[version].collection(name)))
            for digest, action, version, name in told
            if (version, name) in called
        }

    def _is_undone(self, erasure: Erasure, collection: Collection, what: _Listed, record: Record) -> bool:
        """Whether the row came back, and can be done again; one that may have come since may have got the old key.

        Other masks than those of then would leave what those took: that is for people.
        """
        if _may_have_come_since(erasure, collection, record):
            return False
        if what.action is Action.DELETE:
            return True
        return what.masks == _masks_of(collection) and not self._is_masked(what, record)

    def _is_masked(self, what: _Listed, record: Record) -> bool:
        """Whether it looks as the deletion left it, as far as the map in use reads what was masked then."""
        read = [(column, by) for column, by in what.masks if column in record]
        return bool(read) and all(looks_masked(by, record[column], self._hashing) for column, by in read)

    def _fields_to_judge(self, collection: Collection) -> tuple[str, ...]:
        """Columns that tell whether a row was done already, and whether it may be younger than its deletion."""
        then = [self._maps[version].collection(name) for version, name in self._listed_as[collection.name]]
        masked = {column for found in then for column, _by in _masks_of(found)}
        known = {*collection.columns, *(column for column, _by in _masks_of(collection))}
        dated = [collection.dated_by] if collection.dated_by else []
        return tuple(dict.fromkeys([*sorted(masked & known), *dated]))

    # the rest

    def look_for_the_rest(self) -> None:
        """List the rows that are on the list by their key, and were not reached: a person has to look at them."""
        for collection in self._connector.datamap.collections:
            fields = self._fields_to_judge(collection)
            for page in self._connector.every_row(collection.name, fields=fields, size=AT_ONCE):
                self._into.by_hand[collection.name] += self._unexplained(collection, page)
        for name in [name for name, keys in self._into.by_hand.items() if not keys]:
            del self._into.by_hand[name]

    def _unexplained(self, collection: Collection, page: Page) -> Iterator[Key]:
        listed = self._listed(page, collection)
        for key, record in zip(page.keys, page.records, strict=True):
            what = listed.get(key)
            if what is None or (collection.name, key) in self._explained:
                continue
            if what.action is Action.DELETE or not self._is_masked(what, record):
                yield key


def _telling_roots(collection: Collection) -> list[Root]:
    """The roots by which a record tells whose it is."""
    return [root for root in collection.roots if root.column and not root.shared]


def _may_have_come_since(erasure: Erasure, collection: Collection, record: Record) -> bool:
    """Whether a row may be another than the one that went; on the day itself nobody knows what came first.

    Where nothing dates it, its key tells: unless that is what people are known by, which the same person brings again.
    """
    came = _day(record, collection.dated_by)
    if came is not None:
        return came >= erasure.done_on.isoformat()
    known_by = {root.column for root in collection.roots} | {given.column for given in collection.gives}
    return not known_by.isdisjoint(collection.key)


def _place_of(collection: Collection) -> tuple[str | None, str, tuple[str, ...]]:
    """By what a row is known in the source, whatever the map calls its collection."""
    return collection.schema, collection.table, collection.key


def _masks_of(collection: Collection) -> Masks:
    how = collection.on_delete
    return how.columns if isinstance(how, Deidentify) else ()


def _day(record: Record, column: str | None) -> str | None:
    try:
        day = day_in(record[column]) if column else None
    except ValueError:
        return None
    return day.isoformat() if day else None
