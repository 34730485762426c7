"""The rows of a walk, statement after statement: streamed, or read whole before any of them is handed on.

Whoever takes rows may be slow: they are sealed and written in between. PostgreSQL and SQLite count the time of each
step by itself. To MariaDB a statement runs until its last row is fetched, so that a slow reader makes a healthy one
fail. There a statement asks for so many rows as can be held, by what those before weighed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, repeat
from typing import Any, TypeAlias

import sqlalchemy as sa

from exports.sources.values import Key

WINDOW = 50_000  # rows of one statement, at most
FIRST = 500  # rows of the first that is read whole, when nothing is known yet of what they weigh
HEAVIEST = 8_000_000  # bytes, about, of one; it is broken off where rows turn out to be heavier than those before
VALUE = 50  # bytes that a value takes beside its letters
SPARED = 0.9  # of what would fit, so that few are broken off
ROWS_AHEAD = 500  # that are fetched in one step
STEP_LETTERS = 8_000_000  # and about so many letters
FIRST_STEP = 5  # rows may be pictures
TEXT = frozenset({str})

Ask: TypeAlias = Callable[[Key | None, int], sa.Select[Any]]  # for at most so many rows behind a key
KeyOf: TypeAlias = Callable[["Part"], Key]
Leave: TypeAlias = Callable[[sa.Connection, sa.CursorResult[Any]], None]


def streamed(engine: sa.Engine, ask: Ask, last_key: KeyOf, after: Key | None) -> Generator[Part]:
    """Rows as they come, while the statement runs."""
    while True:
        read = 0
        with engine.connect() as connection, _executed(connection, ask(after, WINDOW)) as rows:
            for part in parts_of(rows):
                yield part
                read, after = read + len(part), last_key(part)
        if read < WINDOW:
            return


def whole(engine: sa.Engine, ask: Ask, last_key: KeyOf, after: Key | None, leave: Leave) -> Generator[Part]:
    """Rows of statements that are over by then; `leave` lets go of one that has more rows than are wanted."""
    limit, has_more = FIRST, True
    while has_more:
        parts, weight = _at_once(engine, ask(after, limit), leave)
        yield from parts
        read = sum(map(len, parts))
        has_more = read >= limit or weight >= HEAVIEST
        after = last_key(parts[-1]) if parts else after
        limit = max(1, min(WINDOW, int(SPARED * read * HEAVIEST / max(weight, 1))))


def _at_once(engine: sa.Engine, query: sa.Select[Any], leave: Leave) -> tuple[Sequence[Part], int]:
    """All rows of a statement, up to the step that makes them too heavy; and what they weigh."""
    parts: list[Part] = []
    weight = 0
    with engine.connect() as connection, _executed(connection, query) as rows:
        for part in parts_of(rows):
            parts.append(part)
            weight += part.letters + VALUE * len(part) * len(part.columns)
            if weight >= HEAVIEST:
                leave(connection, rows)
                break
    return parts, weight


def _executed(connection: sa.Connection, query: sa.Select[Any]) -> sa.CursorResult[Any]:
    streaming = connection.execution_options(stream_results=True, max_row_buffer=ROWS_AHEAD)
    return streaming.execute(query)


def parts_of(rows: sa.CursorResult[Any]) -> Iterator[Part]:
    """The rows in steps that grow, unless the last row was heavy."""
    step = FIRST_STEP
    while some := rows.fetchmany(step):
        yield Part(list(zip(*some, strict=True)))
        heavy = Part([[value] for value in some[-1]]).letters
        step = max(1, min(2 * step, ROWS_AHEAD, STEP_LETTERS // max(1, heavy)))


class Part:
    """Some rows, by column: so they are turned into JSON in half the time, and are few things to keep."""

    def __init__(self, columns: Sequence[Sequence[Any]]) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(self.columns[0])

    @cached_property
    def letters(self) -> int:
        """What the texts and bytes of all rows take."""
        return sum(sum(_lengths(column)) for column in self.columns)

    def between(self, begin: int, end: int) -> int:
        """What the rows from `begin` up to `end` take."""
        return self.letters if (begin, end) == (0, len(self)) else sum(self._by_row[begin:end])

    @cached_property
    def _by_row(self) -> list[int]:
        """What each row takes; asked for only where it matters, for nearly all pages are full."""
        return [sum(row) for row in zip(*map(_lengths, self.columns), strict=True)]

    def end_of_page(self, begin: int, *, most: int, letters: int) -> int:
        """Where a page ends that begins here: behind at most so many rows, or the one that brings so many letters."""
        end = min(begin + most, len(self))
        if self.between(begin, end) < letters:
            return end
        sums = accumulate(self._by_row[begin:end])
        return next(place for place, letters_so_far in enumerate(sums, begin + 1) if letters_so_far >= letters)


def _lengths(column: Sequence[Any]) -> Iterable[int]:
    """Of each value what its text or its bytes take."""
    if TEXT.issuperset(map(type, column)):
        return map(len, column)
    if not any(issubclass(kind, str | bytes) for kind in set(map(type, column))):
        return repeat(0, len(column))
    return (len(value) if isinstance(value, str | bytes) else 0 for value in column)
