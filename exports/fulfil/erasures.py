"""Writing the replay list: what was deleted or de-identified in a source, as digests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date

from dsar.vault.digests import Digester
from exports.models import DataMapVersion, DataSource, ErasedIdentifier, ErasedRow, Erasure
from exports.sources.comparing import wanted
from exports.sources.connector import Action, Identifiers
from exports.sources.datamap import Comparison, DataMap
from exports.sources.values import Key

AT_ONCE = 500


def digester(source: str) -> Digester:
    """Digests of the replay list of one source: under a key of their own, compared with nothing else."""
    return Digester(f"replay:{source}")


def of_key(collection: str, key: Key) -> str:
    """What is digested of a row."""
    return json.dumps(["row", collection, *key])


def of_identifier(kind: str, compare: Comparison, form: str) -> str:
    """What is digested of an identifier: the form in which it is compared."""
    return json.dumps(["identifier", kind, str(compare), form])


def remember(
    source: DataSource,
    version: DataMapVersion,
    identifiers: Identifiers,
    rows: Iterable[tuple[str, Action, list[Key]]],
    *,
    on: date,
) -> None:
    """Put a deletion on the list, in the transaction that notes it; nothing where nothing was done."""
    digests = digester(source.slug)
    erasure: Erasure | None = None
    for name, action, keys in rows:
        if keys and erasure is None:
            erasure = Erasure.objects.create(source=source, map_version=version, done_on=on)
        ErasedRow.objects.bulk_create(
            (
                ErasedRow(erasure=erasure, collection=name, action=action, key_digest=digests.digest(of_key(name, key)))
                for key in keys
            ),
            batch_size=AT_ONCE,
        )
    if erasure is not None:
        found = sorted({digests.digest(text) for text in _found_by(version.as_map(), identifiers)})
        ErasedIdentifier.objects.bulk_create(ErasedIdentifier(erasure=erasure, digest=digest) for digest in found)


def _found_by(data_map: DataMap, identifiers: Identifiers) -> Iterator[str]:
    for collection in data_map.collections:
        for root in collection.roots:
            for form in wanted(root.compare, root.values(identifiers)):
                yield of_identifier(root.by, root.compare, form)
