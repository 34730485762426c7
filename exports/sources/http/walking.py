"""Walking through the answers of a service, cursor by cursor, and going on at a cursor that was kept.

An old cursor is taken up where the service takes it. Where it says that it is gone, fails at it, or gives an answer
that shows it was not understood, the walk begins anew, and passes over the rows that are held.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from exports.sources.bookmark import Bookmark
from exports.sources.errors import BrokenDataError, PlaceGoneError, SourceUnavailableError
from exports.sources.http.calls import QuestionRefusedError
from exports.sources.http.seen import KeysSeen
from exports.sources.rows import Row
from exports.sources.values import Key

MOST_ANSWERS = 20_000  # of one lookup
LONGEST_KEPT = 4096  # letters of a cursor; a longer one is followed, and not kept
NEW_TEXT = "'next' is a new text, or null at the end"
ONE_ORDER = "a service gives each record once, in an order by a unique key that stands still from page to page"


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """One answer: its rows, the cursor of the next one, its place for a person."""

    rows: list[Row]
    next: str | None
    where: str


Ask: TypeAlias = Callable[[str | None, int], Found]  # by the cursor, and the number of the answer


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """Before which answer a walk stands, and whether it is behind what was taken before."""

    cursor: str | None
    answers: int  # that came before
    is_behind: bool

    @property
    def is_end(self) -> bool:
        """Whether no answer follows."""
        return self.cursor is None and self.answers > 0

    def text(self, question: str) -> str:
        """As a bookmark has it; the beginning, and a cursor that is too long, are nothing."""
        if not self.is_end and (self.cursor is None or len(self.cursor) > LONGEST_KEPT):
            return ""
        return json.dumps([question, self.cursor, self.answers, self.is_behind])


def _place_in(text: str, question: str) -> Place | None:
    """The place of a bookmark; None where it has none, or one in the answers to another question."""
    if not text:
        return None
    of, cursor, answers, is_behind = json.loads(text)
    return Place(cursor, answers, is_behind) if of == question else None


class AnswerWalk:
    """One walk through the answers to one question, which has the digest `question`."""

    def __init__(self, ask: Ask, name: str, question: str, *, after: Key | None, bookmark: Bookmark | None) -> None:
        self._ask = ask
        self._name = name
        self._question = question
        self._after = after
        self._bookmark = bookmark
        self._seen = KeysSeen(bookmark.secret if bookmark else None)
        self._is_behind = False

    def rows(self) -> Iterator[Row | None]:
        """The rows that were not taken before, each once; None behind each answer, of which all is noted by then."""
        place, found = self._begin()
        cursors = set[str | None]()
        if place.is_behind and not place.is_end:
            self._get_behind()
        while not place.is_end:
            if place.answers == MOST_ANSWERS:
                raise BrokenDataError(f"{self._name} has no end after {MOST_ANSWERS} answers")
            found = found or self._ask(place.cursor, place.answers + 1)
            cursors.add(place.cursor)
            if found.next is not None and found.next in cursors:
                raise BrokenDataError(f"{found.where}: {NEW_TEXT}")
            yield from self._rows_of(found, place)
            place = Place(found.next, place.answers + 1, self._is_behind)
            if place.is_end and not self._is_behind:
                raise PlaceGoneError(f"{self._name} no longer has the row behind which to go on")
            self._note(place.text(self._question))
            self._count(place)
            found = None
            yield None

    def _rows_of(self, found: Found, place: Place) -> Iterator[Row]:
        """The rows of one answer that are behind what was taken before; the bookmark stands behind each."""
        here = Place(place.cursor, place.answers, is_behind=False).text(self._question)
        behind = Place(found.next, place.answers + 1, is_behind=True)
        last = len(found.rows) - 1
        for number, row in enumerate(found.rows):
            if not self._seen.add(row.key):  # pages that moved repeat a row, and lose another one
                raise BrokenDataError(f"{row.where} has come before: {ONE_ORDER}")
            if self._is_behind:
                self._note(behind.text(self._question) if number == last else here)
                if number == last:
                    self._count(behind)
                yield row
            elif row.key == self._after:
                self._get_behind()

    def _begin(self) -> tuple[Place, Found | None]:
        """The place from which to walk, with its answer where that had to be asked for already."""
        start = Place(None, 0, is_behind=self._after is None)
        kept = _place_in(self._bookmark.place, self._question) if self._bookmark else None
        if kept is None or kept.is_end:
            return kept or start, None
        try:
            found = self._ask(kept.cursor, kept.answers + 1)
        except QuestionRefusedError:
            return start, None
        except SourceUnavailableError as error:
            if error.has_failed and error.wait is None:
                return start, None
            raise
        return (start, None) if self._is_doubtful(found, kept) else (kept, found)

    def _is_doubtful(self, found: Found, kept: Place) -> bool:
        """Whether an old cursor may not have been understood, and was taken for the end, or for the beginning."""
        if not found.rows and found.next is None:
            return True
        return kept.is_behind and self._bookmark is not None and self._bookmark.has_any(row.key for row in found.rows)

    def _get_behind(self) -> None:
        """From here on rows are new: none may be among those that were taken."""
        self._is_behind = True
        if self._bookmark:
            self._seen.add_all(self._bookmark.given)

    def _note(self, place: str) -> None:
        if self._bookmark:
            self._bookmark.place = place

    def _count(self, place: Place) -> None:
        if self._bookmark and self._is_behind:
            self._bookmark.steps = max(self._bookmark.steps, place.answers)
