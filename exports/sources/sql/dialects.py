"""How the kinds of server known here differ: sessions that can't write, statement timeouts, comparing to the letter.

Equality in SQL is not identity: MariaDB's collations ignore case, accents and trailing blanks, and any column may have
been declared that way elsewhere. `to_the_letter` makes an expression whose equality is that of its characters; it
stands beside the plain comparison, which can use an index.
"""

from __future__ import annotations

import functools
import math
import sqlite3
from collections.abc import Callable
from collections.abc import Collection as Several
from contextlib import closing, suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.engine.interfaces import DBAPIConnection

from exports.sources.comparing import digits_of
from exports.sources.since import Bounds
from exports.sources.sql.columns import is_text
from exports.sources.sql.drivers import (
    leave_postgresql_texts,
    leave_sqlite_bytes,
    leave_unread,
    mariadb_conversions,
)
from exports.sources.sql.folding import lowered_by_a_server
from exports.sources.sql.sqlite_timeout import TimedConnection, limit_statements
from exports.sources.telephones import BETWEEN, dialled

CONNECT_SECONDS = 5
SILENT_SECONDS = 10  # beyond the limit of a statement, in which the server itself should have ended it
WRITTEN_THE_USUAL_WAY = ("datestyle = 'ISO'", "intervalstyle = 'postgres'", "extra_float_digits = 3")
LOCK_SECONDS = 20
BEGINS_WITH_A_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"
DAYS_OF_ZONES = timedelta(days=2)
ALL_OF_UNICODE = "utf8mb4"  # as MariaDB calls it
# Python knows all encodings but two, in one of which even this statement could not be said: hence bytes.
SPOKEN_AS_KEPT = (
    b"SELECT set_config('client_encoding', CASE WHEN kept IN ('EUC_TW', 'MULE_INTERNAL') THEN 'UTF8' ELSE kept END,"
    b" false) FROM current_setting('server_encoding') AS kept"
)
WITHOUT_TRANSACTIONS = sa.text(
    "SELECT found.engine FROM information_schema.tables AS found JOIN information_schema.engines AS known"
    " ON known.engine = found.engine WHERE found.table_schema = coalesce(:schema, database())"
    " AND found.table_name = :table AND known.transactions <> 'YES'"
)
LETS_ZERO_DATES_IN = "REPLACE(REPLACE(@@SESSION.sql_mode, 'NO_ZERO_IN_DATE', ''), 'NO_ZERO_DATE', '')"
Expression = sa.ColumnElement[Any]  # of whatever type the column has
Condition = sa.ColumnElement[bool]


class Dialect(Protocol):
    """One kind of server."""

    waits_for_readers: bool  # whether what a reader does between two fetches takes nothing of a statement's time
    compares_tuples: bool  # with the rows of a query
    locks_rows: bool  # that are read to be changed
    counts_changed: bool  # whether its driver tells how many rows a statement changed

    def isolation(self, engine: sa.Engine) -> str | None:
        """Of a transaction that changes; None where the server's own has to do."""

    def connecting(self, url: sa.URL, *, write: bool, timeout: timedelta) -> dict[str, object]:
        """What `create_engine` needs beside the URL."""

    def begin_session(self, connection: DBAPIConnection, *, write: bool, timeout: timedelta) -> None:
        """Prepare a new connection: no writing unless `write`, no statement longer than `timeout`."""

    def take_back_what_died(self, url: sa.URL) -> None:
        """Take back a change whose worker died while it was written, where that needs somebody who may write."""

    def leave(self, connection: sa.Connection, rows: sa.CursorResult[Any]) -> None:
        """Let go of a statement whose other rows are not wanted, where that costs as much as to fetch them."""

    def comparable_columns(self, column: sa.Column[Any], other: sa.Column[Any]) -> Expression:
        """The other column as the server compares it with the first, whatever their encodings and collations."""

    def to_the_letter(self, text: Expression) -> Expression:
        """The text as something whose equality is that of its characters."""

    def letters(self, text: str) -> Expression:
        """A text to compare with it."""

    def as_text(self, column: sa.Column[Any]) -> Expression:
        """What the column holds as a text, to be compared by `lower`, `digits` or `dialled`."""

    def lower(self, text: Expression) -> Expression:
        """The text in small letters."""

    def lowered(self, form: str) -> Several[str]:
        """What `lower` may make of texts of which Python makes the form, where it knows fewer letters."""

    def digits(self, text: Expression) -> Expression:
        """The digits of the text."""

    def dialled(self, text: Expression) -> Expression:
        """The text without what people write between digits."""

    def held(self, column: sa.Column[Any]) -> Expression:
        """NULL where the column holds nothing, or an empty text."""

    def reaches(self, column: sa.Column[Any], bounds: Bounds) -> Condition:
        """Whether the day or moment of the column is not before the bounds."""

    def not_promised(self, engine: sa.Engine) -> tuple[str, ...]:
        """What can't be promised of it, in words that go on from "not promised is"."""

    def takes_nothing_back(self, connection: sa.Connection, schema: str | None, table: str) -> str:
        """What keeps the table, if that knows no transactions; else empty."""


class Usual:
    """What is so on most kinds of server."""

    waits_for_readers = True
    compares_tuples = True
    locks_rows = True
    counts_changed = True

    def isolation(self, engine: sa.Engine) -> str | None:  # noqa: ARG002
        """A change sees one moment of the database."""
        return "REPEATABLE READ"

    def take_back_what_died(self, url: sa.URL) -> None:
        """A server does so by itself."""

    def leave(self, connection: sa.Connection, rows: sa.CursorResult[Any]) -> None:
        """A cursor is closed at once."""

    def comparable_columns(self, column: sa.Column[Any], other: sa.Column[Any]) -> Expression:  # noqa: ARG002
        """All columns of a database are in one encoding."""
        return other

    def as_text(self, column: sa.Column[Any]) -> Expression:
        """Whatever is no text is written as one."""
        return column if is_text(column.type) else sa.cast(column, sa.String)

    def held(self, column: sa.Column[Any]) -> Expression:
        """What holds letters may be an enumeration of MariaDB."""
        is_written = is_text(column.type) or isinstance(column.type, mysql.ENUM)
        return sa.func.nullif(column, "") if is_written else column

    def not_promised(self, engine: sa.Engine) -> tuple[str, ...]:  # noqa: ARG002
        """It is tried here."""
        return ()

    def takes_nothing_back(self, connection: sa.Connection, schema: str | None, table: str) -> str:  # noqa: ARG002
        """All tables are alike."""
        return ""


class Sqlite(Usual):
    """A file. Its small letters and digits are Python's, for its own `lower` knows ASCII only."""

    def isolation(self, engine: sa.Engine) -> str | None:  # noqa: ARG002
        """Who writes has the whole file."""
        return None

    def connecting(self, url: sa.URL, *, write: bool, timeout: timedelta) -> dict[str, object]:  # noqa: ARG002
        """The file is opened as it is: never made, and never written without `write`."""
        return {"creator": functools.partial(_connected, url, write=write), "poolclass": sa.QueuePool}

    def take_back_what_died(self, url: sa.URL) -> None:
        """Its journal lies beside the file, and till it is played back who only reads is refused each statement.

        What stands against it the reader will meet, and tell.
        """
        if Path(f"{_path(url).resolve()}-journal").exists():
            with suppress(sqlite3.Error), closing(_connected(url, write=True)) as connection:
                connection.execute("PRAGMA schema_version")

    def begin_session(self, connection: DBAPIConnection, *, write: bool, timeout: timedelta) -> None:  # noqa: ARG002
        """Without `write` the file was opened read-only."""
        limit_statements(connection, timeout)
        encoding = leave_sqlite_bytes(connection)
        add: Callable[..., None] = connection.create_function
        for name, made_of in SQLITE_FUNCTIONS.items():
            add(name, 1, functools.partial(_of_text, made_of, encoding), deterministic=True)
        add("dsar_reaches", 4, functools.partial(_reaches, encoding), deterministic=True)
        cursor = connection.cursor()
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    def to_the_letter(self, text: Expression) -> Expression:
        """A column may be declared NOCASE."""
        return sa.collate(text, "BINARY")

    def letters(self, text: str) -> Expression:
        """Plain text."""
        return sa.literal(text)

    def lower(self, text: Expression) -> Expression:
        """By Python."""
        return sa.func.dsar_lower(_bytes_of(text))

    def lowered(self, form: str) -> Several[str]:
        """Python's own."""
        return (form,)

    def digits(self, text: Expression) -> Expression:
        """By Python."""
        return sa.func.dsar_digits(_bytes_of(text))

    def dialled(self, text: Expression) -> Expression:
        """By Python."""
        return sa.func.dsar_dialled(_bytes_of(text))

    def reaches(self, column: sa.Column[Any], bounds: Bounds) -> Condition:
        """By Python: its moments are texts in several forms. What is none, or a number, is not known to be before.

        SQLite itself sees of most rows that they begin with a later day than any zone can make a difference to.
        """
        forms = (bound.isoformat() for bound in bounds)
        later = (max(bounds.day, bounds.instant.date(), bounds.naive.date()) + DAYS_OF_ZONES).isoformat()
        text = sa.type_coerce(column, sa.Text)
        begins_later = sa.and_(text.op("GLOB")(BEGINS_WITH_A_DAY), sa.func.substr(text, 1, len(later)) > later)
        return sa.or_(begins_later, sa.func.dsar_reaches(_bytes_of(column), *forms, type_=sa.Boolean))


class PostgreSql(Usual):
    """PostgreSQL."""

    def connecting(self, url: sa.URL, *, write: bool, timeout: timedelta) -> dict[str, object]:  # noqa: ARG002
        """A server that does not answer is given up soon."""
        return {"connect_args": {"connect_timeout": CONNECT_SECONDS}}

    def begin_session(self, connection: DBAPIConnection, *, write: bool, timeout: timedelta) -> None:
        """Set outside of a transaction, for a rollback would take it back. Moments are given in UTC everywhere.

        Texts go over the wire in the database's own encoding, whatever URL and role say.
        """
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(SPOKEN_AS_KEPT)
        cursor.execute("SET TIME ZONE 'UTC'")
        for setting in WRITTEN_THE_USUAL_WAY:
            cursor.execute(f"SET {setting}")
        cursor.execute(f"SET statement_timeout = {_milliseconds(timeout)}")
        cursor.execute(f"SET default_transaction_read_only = {'off' if write else 'on'}")
        cursor.close()
        connection.autocommit = False
        leave_postgresql_texts(connection)

    def to_the_letter(self, text: Expression) -> Expression:
        """A column may be citext, or of a collation that takes different letters as equal."""
        return sa.collate(sa.cast(text, sa.Text), "C")

    def letters(self, text: str) -> Expression:
        """Plain text."""
        return sa.literal(text, sa.Text)

    def lower(self, text: Expression) -> Expression:
        """By the server, so that an index on `lower(column)` serves."""
        return sa.func.lower(text)

    def lowered(self, form: str) -> Several[str]:
        """With the locale C it knows the letters of ASCII alone."""
        return lowered_by_a_server(form)

    def digits(self, text: Expression) -> Expression:
        """By regular expression, everywhere in the text."""
        return sa.func.regexp_replace(text, "[^0-9]", "", "g")

    def dialled(self, text: Expression) -> Expression:
        """By regular expression, in letters that every encoding has."""
        return sa.func.regexp_replace(text, _between("\\u{:04x}"), "", "g")

    def reaches(self, column: sa.Column[Any], bounds: Bounds) -> Condition:
        """By the column's type."""
        if isinstance(column.type, sa.DateTime) and column.type.timezone:
            return column >= sa.literal(bounds.instant, column.type)
        return reaches_by_clock(column, bounds)


class MariaDb(Usual):
    """MariaDB and MySQL."""

    waits_for_readers = False  # to MariaDB a statement runs until its last row is fetched

    def connecting(self, url: sa.URL, *, write: bool, timeout: timedelta) -> dict[str, object]:  # noqa: ARG002
        """A server that does not answer is given up soon; all of Unicode goes over the wire.

        MySQL binds no statement that writes, and a server whose line is cut ends none: there the driver hears nothing.
        """
        silent = timeout.total_seconds() + SILENT_SECONDS
        return {
            "connect_args": {
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": silent,
                "write_timeout": silent,
                "charset": ALL_OF_UNICODE,
                "conv": mariadb_conversions(),
            }
        }

    def begin_session(self, connection: DBAPIConnection, *, write: bool, timeout: timedelta) -> None:
        """MariaDB counts its timeout in seconds, MySQL in milliseconds, under another name, and for SELECT alone.

        There a statement that writes waits for locks no longer than that; what it does by itself, the driver limits.

        A zero date that a table holds may be compared with: a strict MySQL refuses the statement otherwise.
        """
        cursor = connection.cursor()
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute(f"SET SESSION sql_mode = {LETS_ZERO_DATES_IN}")
        cursor.execute("SELECT version()")
        version = str((cursor.fetchone() or ("",))[0])
        if "mariadb" in version.lower():
            cursor.execute(f"SET SESSION max_statement_time = {timeout.total_seconds()}")
        else:
            for lock in ("innodb_lock_wait_timeout", "lock_wait_timeout"):
                cursor.execute(f"SET SESSION {lock} = {max(1, math.ceil(timeout.total_seconds()))}")
            cursor.execute(f"SET SESSION max_execution_time = {_milliseconds(timeout)}")
        if not write:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
        cursor.close()

    def leave(self, connection: sa.Connection, rows: sa.CursorResult[Any]) -> None:
        """The server sends all rows that were asked for, unless the connection ends."""
        leave_unread(rows.cursor)
        connection.invalidate()

    def comparable_columns(self, column: sa.Column[Any], other: sa.Column[Any]) -> Expression:
        """It compares no columns of different collations, unless one is told which counts."""
        (charset, collation), (others_charset, others_collation) = _kept_in(column), _kept_in(other)
        if collation == others_collation or None in (collation, others_collation):
            return other
        if charset == others_charset:
            return sa.collate(other, str(collation))
        return sa.collate(sa.cast(other, mysql.CHAR(charset=ALL_OF_UNICODE)), f"{ALL_OF_UNICODE}_bin")

    def to_the_letter(self, text: Expression) -> Expression:
        """As bytes: even the binary collations pass over trailing blanks."""
        return sa.cast(sa.cast(text, mysql.CHAR(charset=ALL_OF_UNICODE)), sa.BINARY)

    def letters(self, text: str) -> Expression:
        """The bytes of the text; cast, for MySQL 8.0 takes two equal comparisons with a plain X'…' to be never true."""
        return sa.cast(sa.literal(text.encode(), sa.LargeBinary), sa.BINARY)

    def lower(self, text: Expression) -> Expression:
        """By the server."""
        return sa.func.lower(text)

    def lowered(self, form: str) -> Several[str]:
        """It knows no sigma at the end of a word, and its older collations lack letters."""
        return lowered_by_a_server(form)

    def digits(self, text: Expression) -> Expression:
        """By regular expression, everywhere in the text."""
        return sa.func.regexp_replace(text, "[^0-9]", "")

    def dialled(self, text: Expression) -> Expression:
        """By regular expression, in letters that every encoding has."""
        unicode = sa.cast(text, mysql.CHAR(charset=ALL_OF_UNICODE))
        return sa.func.regexp_replace(unicode, _between("\\x{{{:04x}}}"), "")

    def reaches(self, column: sa.Column[Any], bounds: Bounds) -> Condition:
        """By the column's type: a TIMESTAMP is an instant, compared in the zone of the session, which is UTC.

        The zero date, which is 0, stands where nobody knows one.
        """
        is_none = column == sa.literal(0)
        if isinstance(column.type, mysql.TIMESTAMP):
            return sa.or_(column >= sa.literal(bounds.instant.replace(tzinfo=None)), is_none)
        return sa.or_(reaches_by_clock(column, bounds), is_none)

    def takes_nothing_back(self, connection: sa.Connection, schema: str | None, table: str) -> str:
        """Each table has an engine of its own; a view has none, and is what its tables are."""
        return str(connection.scalar(WITHOUT_TRANSACTIONS, {"schema": schema, "table": table}) or "")


SQLITE_FUNCTIONS: dict[str, Callable[[str], str]] = {
    "dsar_lower": str.lower,
    "dsar_digits": digits_of,
    "dsar_dialled": dialled,
}


def _path(url: sa.URL) -> Path:
    return Path(url.database or "").absolute()


def _connected(url: sa.URL, *, write: bool) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(_path(url)))}?mode={'rw' if write else 'ro'}",
        uri=True,
        timeout=LOCK_SECONDS,
        isolation_level=None,
        check_same_thread=False,
        factory=TimedConnection,
    )


def _bytes_of(text: Expression) -> Expression:
    """A text on its way to a function: SQLite hands over only what is in its encoding, and holds other text as well."""
    return sa.case((sa.func.typeof(text) == "text", sa.cast(text, sa.LargeBinary)))


def _of_text(made_of: Callable[[str], str], encoding: str, raw: bytes | None) -> str | None:
    return None if raw is None else made_of(raw.decode(encoding, "replace"))


def _reaches(encoding: str, raw: bytes | None, *forms: str) -> bool:
    try:
        return raw is None or _bounds(*forms).reached_by(raw.decode(encoding, "replace"))
    except ValueError:
        return True


@functools.lru_cache(maxsize=100)
def _bounds(day: str, instant: str, naive: str) -> Bounds:
    return Bounds(date.fromisoformat(day), datetime.fromisoformat(instant), datetime.fromisoformat(naive))


def reaches_by_clock(column: sa.Column[Any], bounds: Bounds) -> Condition:
    """Of a column of days, or of moments that name no zone."""
    return column >= sa.literal(bounds.naive if isinstance(column.type, sa.DateTime) else bounds.day)


def _kept_in(column: sa.Column[Any]) -> tuple[str | None, str | None]:
    """Encoding and collation of a column of MariaDB, as `exports.sources.sql.tables` noted them; None for no text."""
    return getattr(column.type, "charset", None), getattr(column.type, "collation", None)


def _between(escape: str) -> str:
    """The pattern of one sign that people write between digits."""
    return f"[{''.join(escape.format(ord(sign)) for sign in BETWEEN)}]"


def _milliseconds(timeout: timedelta) -> int:
    return int(timeout.total_seconds() * 1000)
