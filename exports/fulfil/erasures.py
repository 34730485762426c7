"""Writing the replay list: what was deleted or de-identified in a source, as digests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date

from dsar.vault.digests import Digester
from exports.models import DataMapVersion, DataSource, ErasedIdentifier, ErasedName, ErasedRow, Erasure
from exports.sources.comparing import wanted
from exports.sources.connector import Action, Identifiers
from exports.sources.datamap import Comparison, DataMap
from exports.sources.values import Key
from requests_app.models.people import as_listed

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


def of_name(kind: str, form: str) -> str:
    """What is digested of what names a person: the form in which holds are compared."""
    return json.dumps(["name", kind, form])


def remember(
    source: DataSource,
    version: DataMapVersion,
    identifiers: Identifiers,
    rows: Iterable[tuple[str, Action, list[Key]]],
    *,
    on: date,
    known: Iterable[tuple[str, str]] = (),
    keeps: bool = False,
) -> Erasure | None:
    """Put a deletion on the list, in the transaction that notes it; None where nothing was done.

    ``known``: what named the person, kind and value, for a hold may name what this source doesn't know.
    ``keeps``: rows of it may go on a later day, so that it is on the list by what the person was found by, which nobody
    knows any more by then, also where nothing went yet.
    """
    erasure: Erasure | None = None
    digests = digester(source.slug)
    for name, action, keys in rows:
        if keys and erasure is None:
            erasure = Erasure.objects.create(source=source, map_version=version, done_on=on)
        if erasure is not None:
            _add(erasure, name, action, keys, digests)
    if keeps and erasure is None:
        erasure = Erasure.objects.create(source=source, map_version=version, done_on=on)
    if erasure is not None:
        found = sorted({digests.digest(text) for text in _found_by(version.as_map(), identifiers)})
        ErasedIdentifier.objects.bulk_create(ErasedIdentifier(erasure=erasure, digest=digest) for digest in found)
        named = sorted({digests.digest(of_name(kind, as_listed(kind, value))) for kind, value in known})
        ErasedName.objects.bulk_create(ErasedName(erasure=erasure, digest=digest) for digest in named)
    return erasure


def add(erasure: Erasure, collection: str, action: Action, keys: Iterable[Key]) -> None:
    """Put rows of a deletion on the list."""
    _add(erasure, collection, action, keys, digester(erasure.source.slug))


def _add(erasure: Erasure, collection: str, action: Action, keys: Iterable[Key], digests: Digester) -> None:
    ErasedRow.objects.bulk_create(
        (
            ErasedRow(
                erasure=erasure,
                collection=collection,
                action=action,
                key_digest=digests.digest(of_key(collection, key)),
            )
            for key in keys
        ),
        batch_size=AT_ONCE,
    )


def _found_by(data_map: DataMap, identifiers: Identifiers) -> Iterator[str]:
    for collection in data_map.collections:
        for root in collection.roots:
            for form in wanted(root.compare, root.values(identifiers)):
                yield of_identifier(root.by, root.compare, form)
