"""Sources that are folders of files: CSV and JSON lines, plain or gzipped. They are read and never written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from types import TracebackType
from typing import Self

from exports.sources.by_hand import ByHand
from exports.sources.connector import (
    PAGE_SIZE,
    Deletion,
    DeletionPlan,
    Held,
    Identifiers,
    Mode,
    Page,
    Presence,
    ProbeAnswer,
)
from exports.sources.datamap import DataMap
from exports.sources.files.folder import Folder
from exports.sources.files.lines import FileRows
from exports.sources.rows import RowReading
from exports.sources.values import Json, Key
from requests_app.law.words import Right


class FilesConnector:
    """A folder of files, with the promises of `exports.sources.connector.Connector`.

    A row's key is its file and the line on which it begins. Nothing here writes: a change raises OnlyByHandError until
    a look shows that a person made it.
    """

    def __init__(self, datamap: DataMap, folder: str) -> None:
        self.datamap = datamap
        self._rows = FileRows(datamap, Folder(datamap.source, folder))
        self._reading = RowReading(datamap, self._rows)
        self._by_hand = ByHand(datamap, self._reading, self._rows)

    def check(self) -> None:
        """Read every line of every file; the first that can't be read is named."""
        for collection in self.datamap.collections:
            for _row in self._rows.rows(collection, {}):
                pass

    def probe(self, points: Mapping[str, str]) -> ProbeAnswer:
        """Which typed data points, by kind, meet in one record; only fields marked reliable count."""
        return self._reading.probe(points)

    def subjects(self, identifiers: Identifiers) -> int:
        """How many people the identifiers lead to: 0, 1, or more, and then a person has to choose."""
        return self._reading.subjects(identifiers)

    def presence(self, collection: str, identifiers: Identifiers, *, since: date | None = None) -> Presence:
        """How much of a collection is the person's."""
        return self._reading.presence(self.datamap.collection(collection), identifiers, since)

    def past_keeping(self, collection: str, identifiers: Identifiers, *, on: date) -> int:
        """How many of the person's rows are kept on a ground whose time was over on a day."""
        return self._reading.past_keeping(self.datamap.collection(collection), identifiers, on)

    def pages(
        self,
        collection: str,
        identifiers: Identifiers,
        *,
        mode: Mode = Mode.CONTENT,
        after: Key | None = None,
        size: int = PAGE_SIZE,
        since: date | None = None,
        fields: tuple[str, ...] = (),
    ) -> Iterator[Page]:
        """The person's rows, streamed by file and line, from behind the line `after`."""
        found = self.datamap.collection(collection)
        return self._reading.pages(found, identifiers, mode=mode, after=after, size=size, since=since, fields=fields)

    def delete(
        self, plan: DeletionPlan, *, repeated: bool = False, before_commit: Callable[[], None] = lambda: None
    ) -> Deletion:
        """See that a person did it; the first try asks for it."""
        return self._by_hand.delete(plan, repeated=repeated, before_commit=before_commit)

    def correct(self, collection: str, rows: Sequence[Held], field: str, *, new: Json) -> None:
        """See that a person did it."""
        self._by_hand.correct(self.datamap.collection(collection), rows, field, new=new)

    def suppress(self, right: Right, identifiers: Identifiers) -> Mapping[str, int]:
        """See that a person did it."""
        return self._by_hand.suppress(right, identifiers)

    def close(self) -> None:
        """Nothing stays open between questions."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_source(
    datamap: DataMap,
    *,
    read_url: str,
    write_url: str | None,  # noqa: ARG001 - there is no way to write
    timeout: timedelta,  # noqa: ARG001 - a disk is waited for
) -> FilesConnector:
    """What `exports.sources.connector.open_source` calls; `read_url` is the absolute path of the folder."""
    return FilesConnector(datamap, read_url)
