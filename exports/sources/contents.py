"""What a row holds, as a keyed digest: a plan says by it what it was made of, and copies nothing of that.

Looked at are the columns that gathering would release. Left out are values that are never disclosed, of which we keep
nothing, not even a digest, and flags that are numbers or truths: this system sets those itself for another request.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Mapping

from exports.sources.datamap import Collection
from exports.sources.values import Json, Key

NAME = "$content"  # of the digest among the columns of a planned row; no column is called so
SIZE = 16  # bytes of a digest
UNKNOWN = bytes(SIZE)  # in its place, where a row was planned before there were any


def columns_of(collection: Collection) -> tuple[str, ...]:
    """The columns that are looked at; the key names the row in any case."""
    flags = {column for how in collection.suppress for column, value in how.columns if isinstance(value, int)}
    aside = flags.union(collection.key)
    return tuple(
        field.column for field in collection.fields if field.never_disclose is None and field.column not in aside
    )


class RowDigests:
    """Digests of rows under one secret: who does not have it can't try out what a row may have held."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, collection: Collection, key: Key, record: Mapping[str, Json]) -> bytes:
        """The digest of what a row holds; of no use for another row."""
        held = {column: record[column] for column in columns_of(collection)}
        text = json.dumps([collection.name, key, held], sort_keys=True)
        return hmac.digest(self._secret, text.encode(), "sha256")[:SIZE]


def kept_in(records: Iterable[Mapping[str, Json]]) -> bytes:
    """The digests of planned rows, one behind the other."""
    return b"".join(bytes.fromhex(str(record[NAME])) if NAME in record else UNKNOWN for record in records)
