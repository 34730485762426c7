"""What a row holds, as a keyed digest: a plan says by it what it was made of, and copies nothing of that.

Looked at are the columns that gathering would release. Left out are values that are never disclosed, of which we keep
nothing, not even a digest; what the map calls volatile, since the company's programs write it all the time; and flags,
since this system sets those itself for another request.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from exports.sources.datamap import Collection
from exports.sources.values import Json, Key

NAME = "$content"  # of the digest among the columns of a planned row; no column is called so
SIZE = 16  # bytes of a digest; behind it stands a mark a column
UNKNOWN = bytes(SIZE)  # in its place, where a row was planned before there were any
_in_json = json.JSONEncoder(sort_keys=True).encode


def columns_of(collection: Collection) -> tuple[str, ...]:
    """The columns that are looked at; the key names the row in any case."""
    flags = {column for how in collection.suppress for column, _value in how.columns}
    aside = flags.union(collection.key)
    return tuple(
        field.column
        for field in collection.fields
        if field.never_disclose is None and not field.volatile and field.column not in aside
    )


def width_of(collection: Collection) -> int:
    """How many bytes a plan keeps of what a row holds."""
    return SIZE + len(columns_of(collection))


class RowDigests:
    """Digests of rows under one secret: who does not have it can't try out what a row may have held."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._secret_of_marks = hmac.digest(secret, b"marks", "sha256")
        self._looked_at: tuple[Collection, tuple[str, ...]] | None = None  # rows come collection by collection

    def of(self, collection: Collection, key: Key, record: Mapping[str, Json]) -> bytes:
        """The digest of what a row holds; of no use for another row."""
        return self._digest(self._texts(collection, key, record))

    def marks(self, collection: Collection, key: Key, record: Mapping[str, Json]) -> bytes:
        """A byte for what each column holds: by it people are told which ones have changed, and nothing is decided."""
        return self._marks(self._texts(collection, key, record))

    def planned(self, collection: Collection, key: Key, record: Mapping[str, Json]) -> bytes:
        """What a plan keeps of a row: the digest, and the marks behind it."""
        texts = self._texts(collection, key, record)
        return self._digest(texts) + self._marks(texts)

    def _texts(self, collection: Collection, key: Key, record: Mapping[str, Json]) -> list[bytes]:
        """Which row it is, and what each column holds; as JSON, so that no line is broken by what stands in it."""
        if self._looked_at is None or self._looked_at[0] is not collection:
            self._looked_at = collection, columns_of(collection)
        held = [_in_json(record[column]).encode() for column in self._looked_at[1]]
        return [_in_json([collection.name, key, self._looked_at[1]]).encode(), *held]

    def _digest(self, texts: Sequence[bytes]) -> bytes:
        return hmac.digest(self._secret, b"\n".join(texts), "sha256")[:SIZE]

    def _marks(self, texts: Sequence[bytes]) -> bytes:
        of_row, marks = hashlib.blake2s(texts[0], key=self._secret_of_marks, digest_size=1), []
        for place, text in enumerate(texts[1:]):
            mark = of_row.copy()
            mark.update(place.to_bytes(2) + text)
            marks.append(mark.digest())
        return b"".join(marks)


def counted(kept: bytes, collection: Collection) -> Counter[bytes]:
    """The digests of what a plan kept, each with the number of its rows: of such as are told apart by nothing else."""
    width = width_of(collection)
    return Counter(kept[start : start + SIZE] for start in range(0, len(kept), width))


def kept_in(records: Iterable[Mapping[str, Json]], collection: Collection) -> bytes:
    """What a plan kept of its rows, one behind the other."""
    width = width_of(collection)
    return b"".join(bytes.fromhex(str(record.get(NAME, ""))).ljust(width, b"\0") for record in records)
