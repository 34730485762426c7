"""Two threads in a line: one makes pieces while the other uses those made before. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import Enum
from queue import Queue
from threading import Event
from typing import Generic, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")

MOST_WAITING = 4  # pieces: how far one thread is ahead of the other, and all that is held in memory


class _Sign(Enum):
    END = "there are no more"
    BROKEN_OFF = "there should have been more"


class BrokenOff(Exception):
    """Making the pieces failed: what was made of them so far is not whole."""


def used_beside(pieces: Iterable[Piece], use: Callable[[Iterator[Piece]], Result]) -> Result:
    """What `use` makes of the pieces, in a thread of its own; the pieces are made in this one.

    Only what lets go of Python's lock gains by it: compressing, hashing and sealing do. `use` may not ask a database:
    its thread has no part in an open transaction. An error of either side ends both, and is raised; where making the
    pieces failed, `use` gets a BrokenOff in place of the next one, so that it finishes nothing.
    """
    belt: _Belt[Piece] = _Belt()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside") as beside:
        made = beside.submit(belt.empty, use)
        belt.fill(pieces)
    return made.result()


class _Belt(Generic[Piece]):
    """What lies between the two threads."""

    def __init__(self) -> None:
        self._places: Queue[Piece | _Sign] = Queue(MOST_WAITING)
        self._nobody_wants_more = Event()

    def fill(self, pieces: Iterable[Piece]) -> None:
        """Lay one piece after the other on it, as long as somebody wants them; last a sign of how it ended."""
        sign = _Sign.BROKEN_OFF
        try:
            for piece in pieces:
                if self._nobody_wants_more.is_set():
                    break
                self._places.put(piece)
            sign = _Sign.END
        finally:
            self._places.put(sign)

    def empty(self, use: Callable[[Iterator[Piece]], Result]) -> Result:
        """Use what comes, to the sign; whoever fails before it must not let the other side wait for a free place."""
        taken = self._taken()
        try:
            return use(taken)
        finally:
            self._nobody_wants_more.set()
            with suppress(BrokenOff):
                for _unused in taken:
                    pass

    def _taken(self) -> Iterator[Piece]:
        while not isinstance(found := self._places.get(), _Sign):
            yield found
        if found is _Sign.BROKEN_OFF:
            raise BrokenOff
