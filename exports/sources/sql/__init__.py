"""Sources behind SQL: PostgreSQL, MariaDB or MySQL, SQLite, and others by SQLAlchemy alone.

Imports SQLAlchemy: for workers only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Collection as Several
from datetime import timedelta
from functools import cached_property

import sqlalchemy as sa

from exports.sources.connector import (
    PAGE_SIZE,
    TIMEOUT,
    Connector,
    Correction,
    Deletion,
    DeletionPlan,
    Identifiers,
    Page,
    Step,
    Survey,
)
from exports.sources.datamap import DataMap
from exports.sources.errors import NoWriteAccessError, SourceError
from exports.sources.masks import Hashing
from exports.sources.sql.changing import Changing
from exports.sources.sql.engines import guarded, make_engine, take_back_what_died
from exports.sources.sql.kinds import dialect_of
from exports.sources.sql.lookups import find_slow_lookups
from exports.sources.sql.matching import Matching
from exports.sources.sql.portable import Portable
from exports.sources.sql.reading import Reading
from exports.sources.sql.schema import read_schema, sample
from exports.sources.sql.tables import Tables
from exports.sources.sql.told_apart import check_comparisons
from exports.sources.values import Key
from requests_app.law.words import Right


class SqlConnector(Connector):
    """One source behind SQL, with the promises of `exports.sources.connector.Connector`."""

    looks_at_contents = True

    def __init__(
        self,
        datamap: DataMap,
        *,
        read_url: str,
        write_url: str | None = None,
        timeout: timedelta = TIMEOUT,
        hashing: Hashing | None = None,
    ) -> None:
        self.datamap = datamap
        self._hashing = hashing
        self._read_url = read_url
        self._write_url = write_url
        self._timeout = timeout
        self._engines: list[sa.Engine] = []
        self._meanwhile: Callable[[], None] = lambda: None

    def meanwhile(self, look: Callable[[], None]) -> None:
        """Have this called before each statement, and behind rows that were fetched."""
        self._meanwhile = look

    def reader(self) -> Reading:
        """What reads it."""
        return self._reading

    def every_row(self, collection: str, *, fields: tuple[str, ...] = (), size: int = PAGE_SIZE) -> Iterator[Page]:
        """All rows of a collection, in the order of their keys."""
        return self._reading.every_row(self.datamap.collection(collection), fields=fields, size=size)

    def delete(
        self,
        plan: DeletionPlan,
        *,
        repeated: bool = False,
        before_batch: Callable[[], None] = lambda: None,
        before_commit: Callable[[], None] = lambda: None,
    ) -> Deletion:
        """Do exactly what is planned, all or nothing; `repeated` if an earlier try may have done it."""
        return self._changing.delete(plan, repeated=repeated, before_batch=before_batch, before_commit=before_commit)

    def that_stayed(self, collection: str, keys: Iterable[Sequence[Key]]) -> frozenset[Key]:
        """Those that are there after a deletion because others point to them; of collections that are led up to."""
        return self._changing.that_stayed(self.datamap.collection(collection), keys)

    def deletion_order(self, names: Sequence[str]) -> tuple[Step, ...]:
        """Children first, by the database's own foreign keys and the map's joins; ChangeRefusedError for a circle."""
        return self._reading.deletion_order(names)

    def never_empty(self, collection: str, columns: Sequence[str]) -> tuple[str, ...]:
        """Those of the columns that are NOT NULL."""
        return self._reading.never_empty(collection, columns)

    def check_correction(self, correction: Correction) -> None:
        """See that the field may be corrected and its column takes the value; asks how the table is built."""
        super().check_correction(correction)
        self._reading.check_value(correction.collection, correction.field, correction.new)

    def _correct(
        self, corrections: Sequence[Correction], identifiers: Identifiers, before_commit: Callable[[], None]
    ) -> None:
        """Change fields of the person's rows from what each held to what is right, in one transaction."""
        self._changing.correct(corrections, identifiers, before_commit=before_commit)

    def suppress(self, right: Right, identifiers: Identifiers, *, lifts: bool = False) -> Mapping[str, int]:
        """Set the columns that carry the right out."""
        return self._changing.suppress(right, identifiers, lifts=lifts)

    def not_promised(self) -> tuple[str, ...]:
        """What holds of known kinds of database, and not of this one."""
        return self._reading.not_promised()

    def stays_half_done(self) -> tuple[str, ...]:
        """Where changes are not begun though there is a way to write; asks how the tables are kept."""
        return self._reading.stays_half_done() if self._write_url is not None else ()

    def close(self) -> None:
        """Let go of all connections."""
        for engine in self._engines:
            engine.dispose()
        self._engines.clear()
        self.__dict__.pop("_reading", None)
        self.__dict__.pop("_changing", None)

    def _look(self, *_statement: object) -> None:
        self._meanwhile()

    @cached_property
    def _reading(self) -> Reading:
        if self._write_url is not None:
            take_back_what_died(self._write_url, self.datamap.source)
        engine, tables, matching = self._open(self._read_url, write=False)
        return Reading(self.datamap, engine, tables, matching, dialect_of(engine.url), look=self._look)

    @cached_property
    def _changing(self) -> Changing:
        if self._write_url is None:
            raise NoWriteAccessError(f"{self.datamap.source}: it can only be read; the change is a task for a person")
        engine, tables, matching = self._open(self._write_url, write=True)
        with guarded(self.datamap.source):
            return Changing(self.datamap, engine, tables, matching, dialect_of(engine.url), self._hashing)

    def _open(self, url: str, *, write: bool) -> tuple[sa.Engine, Tables, Matching]:
        engine = make_engine(url, self.datamap.source, write=write, timeout=self._timeout)
        self._engines.append(engine)
        sa.event.listen(engine, "before_cursor_execute", self._look)
        dialect = dialect_of(engine.url)
        with guarded(self.datamap.source):
            tables = Tables(self.datamap, engine)
            matching = Matching(self.datamap, tables, dialect)
            if isinstance(dialect, Portable):
                check_comparisons(self.datamap, engine, tables, matching, dialect)
        return engine, tables, matching


def open_source(
    datamap: DataMap, *, read_url: str, write_url: str | None, timeout: timedelta, hashing: Hashing | None
) -> SqlConnector:
    """What `exports.sources.connector.open_source` calls."""
    return SqlConnector(datamap, read_url=read_url, write_url=write_url, timeout=timeout, hashing=hashing)


def survey(source: str, *, read_url: str, schemas: Several[str], sample_rows: int, timeout: timedelta) -> Survey:
    """What `exports.sources.connector.survey` calls."""
    engine = make_engine(read_url, source, write=False, timeout=timeout)
    try:
        schema = read_schema(engine, source, schemas)
        samples, unread = {}, set()
        for table in schema.tables if sample_rows else ():
            try:
                samples[table.place] = sample(engine, source, table, sample_rows)
            except SourceError:
                unread.add(table.place)
    finally:
        engine.dispose()
    return Survey(schema, samples, frozenset(unread))


def slow_lookups(datamap: DataMap, *, read_url: str, large: int, timeout: timedelta) -> list[str]:
    """What `exports.sources.connector.slow_lookups` calls."""
    engine = make_engine(read_url, datamap.source, write=False, timeout=timeout)
    try:
        return find_slow_lookups(datamap, engine, large=large)
    finally:
        engine.dispose()
