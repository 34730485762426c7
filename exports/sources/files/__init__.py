"""Sources that are files in a folder or a bucket: CSV and JSON lines, plain or gzipped. They are never written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from exports.sources.by_hand import ByHand
from exports.sources.connector import (
    Connector,
    Correction,
    Deletion,
    DeletionPlan,
    Identifiers,
)
from exports.sources.datamap import DataMap
from exports.sources.files.folder import Drop, Folder
from exports.sources.files.lines import FileRows
from exports.sources.masks import Hashing
from exports.sources.rows import RowReading
from requests_app.law.words import Right


class FilesConnector(Connector):
    """A drop of files, with the promises of `exports.sources.connector.Connector`.

    A row's key is its file and the line on which it begins. Nothing here writes: a change raises OnlyByHandError until
    a look shows that a person made it.
    """

    looks_at_contents = True
    keys_may_move = True

    def __init__(self, datamap: DataMap, drop: Drop) -> None:
        self.datamap = datamap
        self._rows = FileRows(datamap, drop)
        self._reading = RowReading(datamap, self._rows)
        self._by_hand = ByHand(datamap, self._reading, self._rows)

    def check(self) -> None:
        """Read every line of every file; the first that can't be read is named."""
        for collection in self.datamap.collections:
            for _row in self._rows.rows(collection, {}):
                pass

    def reader(self) -> RowReading:
        """What reads it."""
        return self._reading

    def delete(
        self,
        plan: DeletionPlan,
        *,
        repeated: bool = False,
        before_batch: Callable[[], None] = lambda: None,  # noqa: ARG002 - no batches here
        before_commit: Callable[[], None] = lambda: None,
    ) -> Deletion:
        """See that a person did it; the first try asks for it."""
        return self._by_hand.delete(plan, repeated=repeated, before_commit=before_commit)

    def _correct(
        self,
        corrections: Sequence[Correction],
        identifiers: Identifiers,  # noqa: ARG002
        before_commit: Callable[[], None],  # noqa: ARG002
    ) -> None:
        """See that a person did it, who looks whose rows they are."""
        self._by_hand.correct(corrections)

    def suppress(self, right: Right, identifiers: Identifiers, *, lifts: bool = False) -> Mapping[str, int]:
        """See that a person did it."""
        return self._by_hand.suppress(right, identifiers, lifts=lifts)


def open_source(
    datamap: DataMap,
    *,
    read_url: str,
    write_url: str | None,  # noqa: ARG001 - there is no way to write
    timeout: timedelta,
    hashing: Hashing | None,  # noqa: ARG001 - nothing is hashed where nothing is written
) -> FilesConnector:
    """What `exports.sources.connector.open_source` calls; `read_url` is the folder's absolute path, or a bucket's URL.

    `timeout` bounds a call to a bucket; a disk is waited for.
    """
    if datamap.bucket is None:
        return FilesConnector(datamap, Folder(datamap.source, read_url))
    from django.conf import settings  # noqa: PLC0415 - connectors are used without Django, too

    from exports.sources.files.bucket import Bucket  # noqa: PLC0415 - a folder needs no HTTP

    drop = Bucket(datamap.source, read_url, datamap.bucket, hosts=settings.SOURCE_HOSTS, timeout=timeout)
    return FilesConnector(datamap, drop)
