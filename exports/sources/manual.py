"""Sources in which a person looks: rows come as files that the source's owner brings, and nothing is ever written.

What is asked of whom, and when it was answered, is no matter of a connector (`exports.fulfil.tasks`): it is handed what
was brought, and reads it like any other source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import BinaryIO, NamedTuple, Protocol

from exports.sources.by_hand import what_to_correct
from exports.sources.connector import Action, Connector, Correction, Deletion, DeletionPlan, DoneCollection, Identifiers
from exports.sources.datamap import Collection, DataMap, Files
from exports.sources.errors import OnlyByHandError, SourceError
from exports.sources.files.lines import records_of
from exports.sources.masks import Hashing
from exports.sources.rows import Row, RowReading, columns_needed
from exports.sources.values import Key
from requests_app.law.words import Right


class NotAnsweredError(SourceError):
    """Nobody has looked into the source yet: its owner has to be asked first."""


class Sheet(NamedTuple):
    """One file that was brought: how it is written, its bytes, and which of its collection's it is, from 1."""

    files: Files
    open: Callable[[], AbstractContextManager[BinaryIO]]
    number: int = 1


class Answer(Protocol):
    """What the owner of a source answered."""

    @property
    def is_done(self) -> bool:
        """Whether a change that was asked for is reported as made."""

    def sheets(self, collection: str) -> Sequence[Sheet]:
        """What was brought for a collection, by number; none: nothing is held there."""


class ManualConnector(Connector):
    """What a person brought, with the promises of `exports.sources.connector.Connector`.

    A row's key is its collection, with the number of any further file, and the line on which it stood. Every change
    raises OnlyByHandError until the owner reports that it was made; with that report it counts as made as asked.
    """

    def __init__(self, datamap: DataMap, answer: Answer | None) -> None:
        self.datamap = datamap
        self._answer = answer
        self._reading = RowReading(datamap, _BroughtRows(datamap, answer))

    def check(self) -> None:
        """Nothing answers but a person, who is not asked for a trial."""

    def reader(self) -> RowReading:
        """What reads it."""
        return self._reading

    def delete(
        self,
        plan: DeletionPlan,
        *,
        repeated: bool = False,  # noqa: ARG002 - done is what the owner says is done
        before_batch: Callable[[], None] = lambda: None,  # noqa: ARG002 - no batches here
        before_commit: Callable[[], None] = lambda: None,
    ) -> Deletion:
        """Take the owner's word for it; the word is kept with its proof."""
        going = [item for item in plan.collections if item.action is not Action.KEEP and item.rows > len(item.spared)]
        if going and not self._is_done:
            before_commit()  # from now on the owner may have done it
            self._ask(f"take the rows of the person out of {', '.join(item.name for item in going)}")
        done = (DoneCollection(item.name, item.action, 0, len(item.spared), item.digest) for item in plan.collections)
        return Deletion(tuple(done), found_done=bool(going))

    def _correct(
        self,
        corrections: Sequence[Correction],
        identifiers: Identifiers,  # noqa: ARG002
        before_commit: Callable[[], None],  # noqa: ARG002
    ) -> None:
        """Take the owner's word for it; the values stand in the task."""
        if not self._is_done:
            self._ask(what_to_correct([(one, len(one.rows)) for one in corrections]))

    def suppress(self, right: Right, identifiers: Identifiers, *, lifts: bool = False) -> Mapping[str, int]:
        """Take the owner's word for it, where something leads to the person; how many rows there are nobody counted."""
        concerned = [
            found.name
            for found in self.datamap.collections
            if found.suppression(right, lifts=lifts) and any(identifiers.get(root.by) for root in found.roots)
        ]
        if concerned and not self._is_done:
            self._ask(f"set the columns of {', '.join(concerned)} that carry {right.value} out")
        return dict.fromkeys(concerned, 0)

    @property
    def _is_done(self) -> bool:
        return self._answer is not None and self._answer.is_done

    def _ask(self, what: str) -> None:
        raise OnlyByHandError(f"{self.datamap.source}: only a person changes it: {what}")


class _BroughtRows:
    """The rows of the files that were brought: `exports.fulfil.tasks.sheets` looked at each when it came."""

    def __init__(self, datamap: DataMap, answer: Answer | None) -> None:
        self._datamap = datamap
        self._answer = answer

    def rows(
        self,
        collection: Collection,
        identifiers: Identifiers,  # noqa: ARG002 - the owner looked for nobody else
        *,
        after: Key | None = None,
    ) -> Iterator[Row]:
        """All rows of a collection, by file and line, from behind a line."""
        if self._answer is None:
            raise NotAnsweredError(f"{self._datamap.source}: its owner has not looked yet")
        last_file, last_line = (file_of(after), int(after[1])) if after else (0, 0)
        for sheet in self._answer.sheets(collection.name):
            if sheet.number >= last_file:
                yield from self._of_sheet(collection, sheet, behind=last_line if sheet.number == last_file else 0)

    def _of_sheet(self, collection: Collection, sheet: Sheet, *, behind: int) -> Iterator[Row]:
        name = collection.name if sheet.number == 1 else f"{collection.name} {sheet.number}"
        place = f"{self._datamap.source}: {name} line"
        needed = columns_needed(self._datamap, collection)
        with sheet.open() as file:
            for line, record in records_of(file, sheet.files, needed, lambda line: f"{place} {line}"):
                if line > behind:
                    yield Row((name, line), record, place, line)


def file_of(key: Key) -> int:
    """Which of the files of its collection a row stood in."""
    return int(str(key[0]).partition(" ")[2] or 1)


def open_source(
    datamap: DataMap,
    *,
    read_url: str,  # noqa: ARG001 - a person has none
    write_url: str | None,  # noqa: ARG001
    timeout: timedelta,  # noqa: ARG001
    hashing: Hashing | None,  # noqa: ARG001
) -> ManualConnector:
    """What `exports.sources.connector.open_source` calls: a source that nobody was asked about."""
    return ManualConnector(datamap, None)
