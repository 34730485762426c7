"""Any other database that SQLAlchemy speaks to: what every dialect can say, and nothing that one kind of server knows.

How such a server compares texts is not known, so it is asked, of each column that a map compares
(`exports.sources.sql.told_apart`). What can't be promised of it is said by `sources check`.
"""

from __future__ import annotations

from collections.abc import Collection as Several
from datetime import timedelta
from functools import reduce
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.engine.interfaces import DBAPIConnection

from exports.sources.errors import MapDoesNotFitError
from exports.sources.since import Bounds
from exports.sources.sql.columns import ANY_LETTERS, is_filled_up, is_text
from exports.sources.sql.dialects import Condition, Expression, Usual, reaches_by_clock
from exports.sources.sql.folding import lowered_by_a_server
from exports.sources.telephones import BETWEEN

END = "|"  # behind every text that is compared to the letter: to many servers blanks at the end are no letters
BINARY = "Latin1_General_BIN2"  # of SQL Server, and of all letters, whatever it is called
STRICTEST = "SERIALIZABLE"
ANYTHING: sa.Select[Any] = sa.select(sa.literal_column("1"))
NUMBER_LETTERS = 255  # of a number as a text
NOT_PROMISED = (
    "that a session which reads can't write: give its reading account rights to read alone",
    "that a statement ends: let the server limit what that account may take",
    "that a look-up by an expression, such as compare: email, is served by an index: have the server explain it",
    "that every foreign key is seen: those count that SQLAlchemy's dialect tells of",
    "that values are given as the database writes them: its driver makes of them what it does",
)
MAY_CHANGE = "that nobody changes a row between our look and our change, beyond what its own isolation forbids"


class Portable(Usual):
    """A database of which only its dialect of SQLAlchemy is known."""

    waits_for_readers = False  # nor may its driver keep all rows of a statement in memory
    compares_tuples = False
    locks_rows = False
    counts_changed = False

    def isolation(self, engine: sa.Engine) -> str | None:
        """The strictest, if it can be had: a change sees one moment, or fails. Dialects offer what they can't set."""
        with engine.connect() as connection:
            try:
                connection.execution_options(isolation_level=STRICTEST)
            except Exception:  # others' code, and whichever error: a server that is gone says so when it is asked again
                connection.begin().rollback()
                connection.execute(ANYTHING)
                return None
        return STRICTEST

    def connecting(self, url: sa.URL, *, write: bool, timeout: timedelta) -> dict[str, object]:  # noqa: ARG002
        """A pool, whichever the dialect would take."""
        return {"poolclass": sa.QueuePool}

    def begin_session(self, connection: DBAPIConnection, *, write: bool, timeout: timedelta) -> None:
        """Nothing that every server knows."""

    def to_the_letter(self, text: Expression) -> Expression:
        """With a sign behind it, so that no blank is at its end."""
        return sa.type_coerce(_unpadded(text), ANY_LETTERS).concat(END)

    def letters(self, text: str) -> Expression:
        """So, too."""
        return sa.literal(text + END, ANY_LETTERS)

    def as_text(self, column: sa.Column[Any]) -> Expression:
        """A number as a text; MapDoesNotFitError for what may be longer, and be cut."""
        if is_text(column.type):
            return _unpadded(column)
        if isinstance(column.type, types.Integer | types.Numeric):
            return sa.cast(column, types.Unicode(NUMBER_LETTERS))
        raise MapDoesNotFitError("is neither text nor number, and can be compared by exact alone")

    def lower(self, text: Expression) -> Expression:
        """By the server."""
        return sa.func.lower(text)

    def lowered(self, form: str) -> Several[str]:
        """It may know few letters."""
        return lowered_by_a_server(form)

    def digits(self, text: Expression) -> Expression:  # noqa: ARG002
        """What is no digit is one of too many signs to be taken out one by one."""
        raise MapDoesNotFitError(
            "is compared by digits, which this kind of database can't be asked for; keep the digits in a column of"
            " their own, and name that with compare: exact, or compare a telephone number by e164"
        )

    def dialled(self, text: Expression) -> Expression:
        """Sign by sign."""
        return reduce(lambda left, sign: sa.func.replace(left, sign, ""), BETWEEN, text)

    def held(self, column: sa.Column[Any]) -> Expression:
        """No large object is compared with anything."""
        empty: Condition = column.is_(None)
        if is_text(column.type) and not isinstance(column.type, types.Text):
            empty = sa.or_(empty, column == "")
        return sa.case((empty, sa.null()), else_=1)

    def reaches(self, column: sa.Column[Any], bounds: Bounds) -> Condition:
        """By the column's type."""
        if isinstance(column.type, sa.DateTime) and column.type.timezone:
            return column >= sa.literal(bounds.instant, column.type)
        return reaches_by_clock(column, bounds)

    def not_promised(self, engine: sa.Engine) -> tuple[str, ...]:
        """What other kinds of database promise."""
        return NOT_PROMISED if self.isolation(engine) else (*NOT_PROMISED, MAY_CHANGE)


class SqlServer(Portable):
    """SQL Server, whose usual collations ignore case. Known by its manual; whether it does so, it is asked, too."""

    def to_the_letter(self, text: Expression) -> Expression:
        """By the binary collation; first as letters of Unicode, for a VARCHAR's bytes mean others in its code page."""
        return sa.collate(sa.cast(_unpadded(text), ANY_LETTERS).concat(END), BINARY)


def _unpadded(text: Expression) -> Expression:
    """The blanks with which a server fills up a CHAR are no letters."""
    return sa.func.rtrim(text) if isinstance(text, sa.Column) and is_filled_up(text.type) else text
