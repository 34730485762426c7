"""What of a record may leave the house: never what the law forbids to disclose, never what was withheld.

Pure: values in, values out. Used when findings are written down and again when a bundle is made, so that no forbidden
value depends on one of the two alone (11 CCR 7024(d); rulebook guard G20).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date

from exports.sources.datamap import Collection
from exports.sources.values import Json
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Text

UNNAMED = Text(
    "We hold data of this kind about you and do not disclose it: {kind}.",
    "Tenemos datos de este tipo sobre usted y no los revelamos: {kind}.",
)


def released_columns(collection: Collection) -> tuple[str, ...]:
    """The columns of a collection that may leave the house, in the order of the map; never-disclose fields are none."""
    return tuple(field.column for field in collection.fields if field.never_disclose is None)


def redact(record: Mapping[str, Json], columns: Set[str]) -> Mapping[str, Json]:
    """The record with nothing but these columns: itself if it has no other."""
    if record.keys() <= columns:
        return record
    return {name: value for name, value in record.items() if name in columns}


def described(kinds: Iterable[str], *, packs: Sequence[LawPack], on: date, language: str) -> dict[str, str]:
    """That each kind of data is held, in the words of the first law that forbids to disclose it."""
    texts: dict[str, Text] = {}
    for pack in reversed(packs):
        texts |= {entry.slug: entry.text for entry in pack.never_disclose if entry.holds(on)}
    return {
        kind: texts.get(kind, UNNAMED).in_language(language).format(kind=kind.replace("_", " "))
        for kind in sorted(set(kinds))
    }
