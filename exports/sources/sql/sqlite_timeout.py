"""A statement timeout for SQLite, which has none: it asks us now and then whether to go on.

As of a server's cursor, each step counts for itself: to begin a statement, and to fetch more of its rows. What is done
with the rows in between takes nothing away from the next step.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Self, cast

from sqlalchemy.engine.interfaces import DBAPIConnection

INSTRUCTIONS = 10_000  # of SQLite's machine between two questions: a millisecond at most, as a rule


class _Clock:
    """When the step that runs has to be over."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    def start(self) -> None:
        self._until = time.monotonic() + self._seconds

    def is_over(self) -> bool:
        return time.monotonic() > self._until


class TimedConnection(sqlite3.Connection):
    """A connection whose statements are interrupted once they take too long; until it is limited, none is."""

    clock = _Clock(float("inf"))

    def cursor(self, factory: type[sqlite3.Cursor] | None = None) -> sqlite3.Cursor:  # type: ignore[override]
        """A cursor that starts the clock with each step."""
        return super().cursor(factory or _TimedCursor)


def limit_statements(opened: DBAPIConnection, timeout: timedelta) -> None:
    """Of one connection: no step longer than that."""
    connection = cast("TimedConnection", opened)
    connection.clock = _Clock(timeout.total_seconds())
    connection.set_progress_handler(connection.clock.is_over, INSTRUCTIONS)


class _TimedCursor(sqlite3.Cursor):
    connection: TimedConnection

    def execute(self, *statement: Any) -> Self:
        self.connection.clock.start()
        return super().execute(*statement)

    def executemany(self, statement: str, rows: Iterable[Any], /) -> Self:
        return super().executemany(statement, self._each(rows))

    def _each(self, rows: Iterable[Any]) -> Iterator[Any]:
        for row in rows:
            self.connection.clock.start()
            yield row

    def fetchone(self) -> Any:
        self.connection.clock.start()
        return super().fetchone()

    def fetchmany(self, *size: Any, **named: Any) -> list[Any]:
        self.connection.clock.start()
        return super().fetchmany(*size, **named)

    def fetchall(self) -> list[Any]:
        self.connection.clock.start()
        return super().fetchall()
