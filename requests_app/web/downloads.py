"""Downloads leave room for everybody else: a slow line holds a thread of the web server for as long as it takes."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import Any

from django.http import StreamingHttpResponse

AT_ONCE = BoundedSemaphore(2)  # half of the threads are kept
BUSY_SECONDS = 30


class Place:
    """A place among the downloads, given back once: when its download is over, or with the last who knows of it.

    What fails behind a view, such as a session that can't be saved, drops the answer without closing it.
    """

    def __init__(self, places: BoundedSemaphore) -> None:
        self.give_back = weakref.finalize(self, places.release)
        self.give_back.atexit = False


def take_place() -> Place | None:
    """A place, or None as long as others hold them all."""
    return Place(AT_ONCE) if AT_ONCE.acquire(blocking=False) else None


class Streamed(StreamingHttpResponse):
    """A download in hand: when it is over, or broken off, the next may begin."""

    def __init__(self, pieces: Iterator[bytes], place: Place, **kwargs: Any) -> None:
        super().__init__(pieces, **kwargs)
        self._place = place

    def close(self) -> None:
        """Called by the server, however it ended."""
        super().close()
        self._place.give_back()
