"""What the rows of a source give on: identifiers by which sources that are walked later are searched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from exports.sources.connector import Page
from exports.sources.datamap import Collection, DataMap
from exports.sources.values import Key


@dataclass(frozen=True, slots=True, repr=False)
class GivenIdentifier:
    """An identifier found in a source, with the row that it comes from."""

    kind: str
    value: str
    source: str
    collection: str
    key: Key


def identifiers_given(datamap: DataMap, collection: Collection, page: Page) -> Iterator[GivenIdentifier]:
    """What the rows of a page give to the sources walked later; each value once a page."""
    for given in collection.gives:
        seen: set[str] = set()
        for key, record in zip(page.keys, page.records, strict=True):
            value = record[given.column]
            if value is None or str(value) in seen:
                continue
            seen.add(str(value))
            yield GivenIdentifier(given.kind, str(value), datamap.source, collection.name, key)
