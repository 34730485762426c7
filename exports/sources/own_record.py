"""This system as a source: the person's own earlier requests, read from its record and never changed there.

The record outlives a deletion (11 CCR 7101), so that a data map of it keeps every collection; `datamap.places` sees to
that. What a request holds, and what of it is given out, `requests_app.services.earlier` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from exports.sources.connector import Connector, Correction, Deletion, DeletionPlan, DoneCollection, Identifiers
from exports.sources.datamap import Collection, DataMap
from exports.sources.errors import MapDoesNotFitError, NoWriteAccessError
from exports.sources.masks import Hashing
from exports.sources.rows import Row, RowReading, columns_needed
from exports.sources.values import Json, Key
from requests_app.law.words import Right
from requests_app.services import earlier

MAP = Path(__file__).with_name("own_record.yaml")
LAST = 9_999  # in the order in which sources are walked: it gives nothing to others


class Kept(NamedTuple):
    """What one collection is read from: its columns, and its rows by references of requests."""

    columns: tuple[str, ...]
    rows: Callable[[Sequence[str]], Iterator[NamedTuple]]


KEPT: Mapping[str, Kept] = {
    "requests": Kept(earlier.Request._fields, earlier.requests),
    "rights": Kept(earlier.Asked._fields, earlier.cases),
    "corrections": Kept(earlier.Corrected._fields, earlier.corrections),
    "statements": Kept(earlier.Stated._fields, earlier.statements),
    "documents": Kept(earlier.Supported._fields, earlier.documents),
    "letters": Kept(earlier.Letter._fields, earlier.sent),
}


def not_in(datamap: DataMap) -> list[str]:
    """What is kept of requests and stands in no answer by this map, which is older than that."""
    return [name for name in KEPT if name not in {collection.name for collection in datamap.collections}]


class OwnRecordConnector(Connector):
    """Requests of one person, with the promises of `exports.sources.connector.Connector`. Nothing here writes."""

    def __init__(self, datamap: DataMap) -> None:
        self.datamap = datamap
        self._reading = RowReading(datamap, _KeptRows(datamap))

    def reader(self) -> RowReading:
        """What reads it."""
        return self._reading

    def delete(
        self,
        plan: DeletionPlan,
        *,
        repeated: bool = False,  # noqa: ARG002 - nothing is ever done
        before_batch: Callable[[], None] = lambda: None,  # noqa: ARG002
        before_commit: Callable[[], None] = lambda: None,  # noqa: ARG002
    ) -> Deletion:
        """Leave all of it; a map says nothing else."""
        kept = (DoneCollection(item.name, item.action, 0, len(item.spared), item.digest) for item in plan.collections)
        return Deletion(tuple(kept))

    def _correct(
        self,
        corrections: Sequence[Correction],  # noqa: ARG002
        identifiers: Identifiers,  # noqa: ARG002
        before_commit: Callable[[], None],  # noqa: ARG002
    ) -> None:
        """Refused: the record tells what was asked, as it was asked."""
        raise NoWriteAccessError(f"{self.datamap.source}: the record of requests is not changed")

    def suppress(self, right: Right, identifiers: Identifiers, *, lifts: bool = False) -> Mapping[str, int]:  # noqa: ARG002
        """Nothing of it is sold, shared or otherwise used."""
        return {}


class _KeptRows:
    """The rows of the requests whose references are asked for."""

    def __init__(self, datamap: DataMap) -> None:
        self._datamap = datamap

    def rows(self, collection: Collection, identifiers: Identifiers, *, after: Key | None = None) -> Iterator[Row]:
        """Rows in the order of their keys, from behind a key; MapDoesNotFitError for what is not kept here."""
        kept = self._kept(collection)
        references = sorted(identifiers.get(earlier.KIND, ()))
        place = f"{self._datamap.source}: {collection.name} record"
        for number, found in enumerate(kept.rows(references) if references else (), 1):
            record: dict[str, Json] = found._asdict()
            key = tuple(str(record[column]) for column in collection.key)
            if after is None or key > after:
                yield Row(key, record, place, number)

    def _kept(self, collection: Collection) -> Kept:
        kept = KEPT.get(collection.name)
        if kept is None:
            known = ", ".join(KEPT)
            raise MapDoesNotFitError(f"{self._datamap.source}: there is no {collection.name} here; there is {known}")
        unknown = sorted({*columns_needed(self._datamap, collection), *collection.key} - set(kept.columns))
        if unknown:
            raise MapDoesNotFitError(f"{self._datamap.source}: {collection.name} has no {', '.join(unknown)}")
        return kept


def open_source(
    datamap: DataMap,
    *,
    read_url: str,  # noqa: ARG001 - it has no address
    write_url: str | None,  # noqa: ARG001
    timeout: timedelta,  # noqa: ARG001
    hashing: Hashing | None,  # noqa: ARG001
) -> OwnRecordConnector:
    """What `exports.sources.connector.open_source` calls."""
    return OwnRecordConnector(datamap)
