"""What a connector does for the house, and the values that go in and out of it.

Connectors are made in workers only, by `open_source`: what they need (SQLAlchemy, 42 MB) stays out of web processes.
The URL of a source of files is its folder; that of one behind HTTP is what the paths of its contract begin with.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Collection as Several
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from importlib import import_module
from typing import NamedTuple, Protocol, Self, TypeAlias

from exports.sources.bookmark import Bookmark
from exports.sources.contents import RowDigests
from exports.sources.datamap import OWN_RECORD, Collection, DataMap
from exports.sources.errors import ChangeRefusedError, OnlyByHandError
from exports.sources.masks import Hashing
from exports.sources.schema import Place, Schema
from exports.sources.since import Since
from exports.sources.values import Json, Key
from requests_app.law.words import Right

Record: TypeAlias = dict[str, Json]
Identifiers: TypeAlias = Mapping[str, Several[str]]  # values by kind
Held: TypeAlias = tuple[Key, Json]  # a row by its key, and what one field of it holds

MAILBOX = "email"  # the kind of data point whose control is proved by a code
PAGE_SIZE = 5000
TIMEOUT = timedelta(seconds=60)  # where no other is given
MODULES = {
    "sql": "exports.sources.sql",
    "files": "exports.sources.files",
    "http": "exports.sources.http",
    "manual": "exports.sources.manual",
    OWN_RECORD: "exports.sources.own_record",
}


class Mode(StrEnum):
    """How much is read."""

    PRESENCE = "presence"
    PLAN = "plan"
    CONTENT = "content"


class Action(StrEnum):
    """What a deletion does to the person's rows of a collection."""

    DELETE = "delete"
    DEIDENTIFY = "deidentify"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """The kinds of data points that met in the record where most did, never a value; the degree asks how many."""

    kinds: frozenset[str] = frozenset()

    @property
    def best_match_count(self) -> int:
        """How many met."""
        return len(self.kinds)

    @property
    def rank(self) -> tuple[int, bool]:
        """Of two records the one with more points counts; of two with as many, the one that holds the mailbox."""
        return len(self.kinds), MAILBOX in self.kinds


@dataclass(frozen=True, slots=True)
class Presence:
    """How much is held: rows, and rows with something in them by column."""

    rows: int
    held: Mapping[str, int]


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """Rows of one collection in the order of their keys; `keys` and `records` run side by side."""

    keys: list[Key]
    records: list[Record]

    @property
    def last_key(self) -> Key:
        """Where the next page begins; of a page with rows."""
        return self.keys[-1]

    def held(self) -> Counter[str]:
        """Rows with something in them, by column."""
        held: Counter[str] = Counter()
        for name in self.records[0]:  # all have the same: the columns that were read
            values = [record[name] for record in self.records]
            held[name] = len(values) - values.count(None) - values.count("")
        return +held


@dataclass(frozen=True, slots=True, repr=False)
class Correction:
    """What is to be right in one field of some rows of a collection, which are given with what each of them holds.

    ``new`` is None where nothing is to be held there any more.
    """

    collection: str
    rows: Sequence[Held]
    field: str
    new: Json


@dataclass(frozen=True, slots=True, repr=False)
class PlannedCollection:
    """What is to be done to one collection: its rows as planned, and those among them that are spared on a ground."""

    name: str
    action: Action
    rows: int
    digest: str  # of the keys, by KeySet
    spared: frozenset[Key] = frozenset()
    contents: bytes = b""  # digests and marks of what the rows held, in their order; empty where none were taken


@dataclass(frozen=True, slots=True, repr=False)
class DeletionPlan:
    """Exactly what is to be deleted in one source; whatever stands in no collection of the plan is left alone."""

    identifiers: Identifiers
    collections: tuple[PlannedCollection, ...]
    digests: RowDigests | None = None  # by which contents are compared

    def as_done(self, deletion: Deletion) -> DeletionPlan:
        """The plan as it was carried out: what others still need counts as spared."""
        needed = {item.name: item.still_needed for item in deletion.collections}
        collections = (replace(item, spared=item.spared | needed.get(item.name, set())) for item in self.collections)
        return replace(self, collections=tuple(collections))


@dataclass(frozen=True, slots=True)
class DoneCollection:
    """What was done to one collection: `rows` were changed, `digest` is that of the keys found.

    `still_needed` are rows that stay because others that stay point to them: an address that a neighbour has as well.
    """

    name: str
    action: Action
    rows: int
    spared: int
    digest: str
    still_needed: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True)
class Deletion:
    """What was done. `found_done`: an earlier try had done it all; what it left as still needed has to be asked for."""

    collections: tuple[DoneCollection, ...]
    found_done: bool = False


class KeySet:
    """The digest of a collection's keys, taken page by page in the order in which the source gives them.

    SHA-256 without a secret: to compare, not to publish, for a key may be somebody's e-mail address.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.rows = 0

    def add(self, keys: Iterable[Key]) -> None:
        """Take in the next keys."""
        for key in keys:
            self._hash.update(json.dumps(key).encode() + b"\n")
            self.rows += 1

    def hexdigest(self) -> str:
        """The digest of all keys so far."""
        return self._hash.hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class Survey:
    """How a database is built, and samples of its texts by table and column, to be looked at and forgotten."""

    schema: Schema
    samples: Mapping[Place, Mapping[str, Sequence[str]]]
    unread: frozenset[Place] = frozenset()  # tables that gave no sample: no right to read them, or too slow


class Reader(Protocol):
    """How one kind of source is read; the promises are those of `Connector`, which asks it."""

    def probe(self, points: Mapping[str, str]) -> ProbeAnswer: ...

    def subjects(self, identifiers: Identifiers) -> int: ...

    def presence(self, collection: Collection, identifiers: Identifiers, since: Since | None) -> Presence: ...

    def past_keeping(self, collection: Collection, identifiers: Identifiers, on: date) -> int: ...

    def pages(
        self,
        collection: Collection,
        identifiers: Identifiers,
        *,
        mode: Mode,
        after: Key | None,
        size: int,
        since: Since | None,
        fields: tuple[str, ...],
    ) -> Iterator[Page]: ...


class Step(NamedTuple):
    """A collection in the order of a deletion: it goes before those that its rows point to.

    ``before`` has the foreign key's columns by what they point to; none of them, where only the map joins the two.
    """

    name: str
    before: Mapping[str, tuple[str, ...]]


class Connector(ABC):
    """One source, open. To be closed; not to be shared with another thread or process."""

    datamap: DataMap
    looks_at_contents = False  # whether a deletion compares what planned rows hold with what they held
    keys_may_move = False  # whether a key names another row once others came or went, as the line of a file does
    one_by_one = False  # whether each correction is a change of its own, so that one may be done and the next refused
    keeps_places = False  # whether a walk goes on by a bookmark, and is dear to begin anew

    @abstractmethod
    def reader(self) -> Reader:
        """What reads it; made when it is first asked."""

    def meanwhile(self, look: Callable[[], None]) -> None:  # noqa: B027 - nothing to do where none takes long
        """Have this called now and then where the source may take long; what it raises ends what was begun."""

    def check(self) -> None:
        """See that the source answers as its map says, about nobody; SourceError says where it does not."""
        nobody = {kind: ["nobody"] for kind in self.datamap.kinds_asked}
        for collection in self.datamap.collections:
            self.presence(collection.name, nobody)

    def probe(self, points: Mapping[str, str]) -> ProbeAnswer:
        """Which typed data points, by kind, meet in one record; only fields marked reliable count.

        Only records count that one of the points, standing in them, finds again.
        """
        return self.reader().probe(points)

    def subjects(self, identifiers: Identifiers) -> int:
        """How many people the identifiers lead to: 0, 1, or more, and then a person has to choose."""
        return self.reader().subjects(identifiers)

    def presence(self, collection: str, identifiers: Identifiers, *, since: Since | None = None) -> Presence:
        """How much of a collection is the person's."""
        return self.reader().presence(self.datamap.collection(collection), identifiers, since)

    def past_keeping(self, collection: str, identifiers: Identifiers, *, on: date) -> int:
        """How many of the person's rows are kept on a ground whose time was over on a day."""
        return self.reader().past_keeping(self.datamap.collection(collection), identifiers, on)

    def pages(
        self,
        collection: str,
        identifiers: Identifiers,
        *,
        mode: Mode = Mode.CONTENT,
        after: Key | None = None,
        size: int = PAGE_SIZE,
        since: Since | None = None,
        fields: tuple[str, ...] = (),
        bookmark: Bookmark | None = None,  # noqa: ARG002 - for who keeps places
    ) -> Iterator[Page]:
        """The person's rows, streamed in the order of their keys, from behind the key `after`.

        Content: every field. Plan: the key, what the collection gives on, and the `fields` asked for. `since` leaves
        out what was received before that day; what has no date stays in. A page ends at `size` rows or some megabytes.
        With a `bookmark`, what came before a source goes down is a page, too; and where one takes long, a page without
        rows says that none is held back: the bookmark may be kept.
        """
        found = self.datamap.collection(collection)
        return self.reader().pages(found, identifiers, mode=mode, after=after, size=size, since=since, fields=fields)

    def every_row(
        self,
        collection: str,  # noqa: ARG002 - where no rows can be walked, none of it matters
        *,
        fields: tuple[str, ...] = (),  # noqa: ARG002
        size: int = PAGE_SIZE,  # noqa: ARG002
    ) -> Iterator[Page]:
        """All rows of a collection, whosesoever, with `fields`, in the order of their keys: to replay deletions.

        Raises OnlyByHandError where rows are only found by identifiers, or known by nothing that lasts.
        """
        raise OnlyByHandError(f"{self.datamap.source}: its rows can't be walked from here")

    @abstractmethod
    def delete(
        self,
        plan: DeletionPlan,
        *,
        repeated: bool = False,
        before_batch: Callable[[], None] = lambda: None,
        before_commit: Callable[[], None] = lambda: None,
    ) -> Deletion:
        """Do exactly what is planned, all or nothing; ChangeRefusedError if the person's rows are other ones by now.

        `repeated` says that an earlier try may have done it without living to tell: only then does finding none of the
        planned rows count as done. On a first try it means that the person's identifiers have changed in the source.
        `before_batch` is called before each batch of rows that goes; what it raises undoes the whole of it.
        `before_commit` is called once all is done but not yet to stay: only from then on is another try a repeated one.
        """

    def that_stayed(self, collection: str, keys: Iterable[Sequence[Key]]) -> frozenset[Key]:  # noqa: ARG002
        """Of planned rows, by batches of their keys, those that a deletion which is done left as `still_needed`.

        For a deletion that is found done: it did all or nothing, so that what is there was needed when it was done.
        None where the source spares nothing by itself.
        """
        return frozenset()

    def deletion_order(self, names: Sequence[str]) -> tuple[Step, ...]:  # noqa: ARG002
        """In which order a deletion would take these collections; none where the source sees to that by itself."""
        return ()

    def never_empty(self, collection: str, columns: Sequence[str]) -> tuple[str, ...]:  # noqa: ARG002
        """Those of the columns of which it is known that they always hold something; none where nobody can tell."""
        return ()

    def not_promised(self) -> tuple[str, ...]:
        """What can't be promised of this kind of source, though it can of others: sentences that begin with "that"."""
        return ()

    def stays_half_done(self) -> tuple[str, ...]:
        """Sentences that say where no deletion or correction is begun, since it could not be all or nothing."""
        return ()

    def check_correction(self, correction: Correction) -> None:
        """See that a correction can be meant: nothing is changed. Raises ChangeRefusedError.

        Its field must be one that the map lets be corrected; where columns have a type, it must take the value, and
        where it is known whether they may be empty, it must take nothing if there is no value.
        """
        self._check_marked(correction)

    def _check_marked(self, correction: Correction) -> None:
        marked = {(collection.name, field.column) for collection, field in self.datamap.correctable_fields()}
        if (correction.collection, correction.field) not in marked:
            where = f"{self.datamap.source}: {correction.collection}.{correction.field}"
            raise ChangeRefusedError(f"{where} is not marked as correctable in the map")

    def correct(
        self,
        corrections: Sequence[Correction],
        identifiers: Identifiers,
        *,
        before_commit: Callable[[], None] = lambda: None,
    ) -> None:
        """Change fields of rows from what each held to what is right, all or nothing; doing it twice is no error.

        The rows must still be those of the person whom the identifiers name, but for what holds the new values already:
        DataChangedError. Where they are made ``one_by_one``, as by a service, each is all or nothing. Raises
        ChangeRefusedError if the map does not let a field be corrected, if a row holds a third value, or does not take
        the new one as given. A database calls ``before_commit`` when something was written that is not committed yet.
        """
        for correction in corrections:
            self._check_marked(correction)
        self._correct(corrections, identifiers, before_commit)

    @abstractmethod
    def _correct(
        self, corrections: Sequence[Correction], identifiers: Identifiers, before_commit: Callable[[], None]
    ) -> None:
        """Do it: the fields may be corrected."""

    @abstractmethod
    def suppress(self, right: Right, identifiers: Identifiers, *, lifts: bool = False) -> Mapping[str, int]:
        """Set the columns that carry the right out, or take it back; the rows that stand so now, by collection."""

    def close(self) -> None:  # noqa: B027 - most need nothing here
        """Let go of all connections; nothing, where none outlives a question."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class _Opener(Protocol):
    def open_source(
        self, datamap: DataMap, *, read_url: str, write_url: str | None, timeout: timedelta, hashing: Hashing | None
    ) -> Connector: ...


class _Sql(Protocol):
    def survey(
        self, source: str, *, read_url: str, schemas: Several[str], sample_rows: int, timeout: timedelta
    ) -> Survey: ...

    def slow_lookups(self, datamap: DataMap, *, read_url: str, large: int, timeout: timedelta) -> list[str]: ...


def open_source(
    datamap: DataMap,
    *,
    read_url: str,
    write_url: str | None = None,
    timeout: timedelta = TIMEOUT,
    hashing: Hashing | None = None,
) -> Connector:
    """A connector to the source that the map describes; nothing is connected yet. For workers.

    `timeout` bounds one statement or call, where it can be bound. Without `write_url` changes raise NoWriteAccessError,
    and without `hashing` a mask that needs a key raises ChangeRefusedError.
    """
    module: _Opener = import_module(MODULES[datamap.connector])
    return module.open_source(datamap, read_url=read_url, write_url=write_url, timeout=timeout, hashing=hashing)


def survey(
    source: str, *, read_url: str, schemas: Several[str] = (), sample_rows: int = 0, timeout: timedelta = TIMEOUT
) -> Survey:
    """How a database is built, and with `sample_rows` what some of its texts look like. Reads only; for commands."""
    module: _Sql = import_module(MODULES["sql"])
    return module.survey(source, read_url=read_url, schemas=schemas, sample_rows=sample_rows, timeout=timeout)


def slow_lookups(datamap: DataMap, *, read_url: str, large: int, timeout: timedelta = TIMEOUT) -> list[str]:
    """Ways of a database's map by which a table of `large` rows or more is read as a whole: sentences with a cure."""
    module: _Sql = import_module(MODULES["sql"])
    return module.slow_lookups(datamap, read_url=read_url, large=large, timeout=timeout)


def columns_read(collection: Collection, mode: Mode, fields: tuple[str, ...]) -> tuple[str, ...]:
    """The columns beside the key that pages hold in this mode; ValueError for presence, which has none."""
    if mode is Mode.PRESENCE:
        raise ValueError("presence has no pages: ask presence()")
    if mode is Mode.CONTENT:
        return collection.columns
    given = (given.column for given in collection.gives)
    return tuple(name for name in dict.fromkeys((*given, *fields)) if name not in collection.key)
