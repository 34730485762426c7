"""What of a record may leave the house: never what the law forbids to disclose, never what was withheld.

Pure: values in, values out. Used when findings are written down and again when a bundle is made, so that no forbidden
value depends on one of the two alone (11 CCR 7024(d); rulebook guard G20).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date

from exports.sources.datamap import Collection
from exports.sources.values import Json
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Text

UNNAMED = Text(
    "We hold data of this kind about you and do not disclose it: {kind}.",
    "Tenemos datos de este tipo sobre usted y no los revelamos: {kind}.",
)


def redact(record: Mapping[str, Json], collection: Collection, withheld: Container[str] = ()) -> dict[str, Json]:
    """The record without never-disclose fields, without `withheld` ones, and without what the map does not describe."""
    released = {field.column for field in collection.fields if field.never_disclose is None}
    return {name: value for name, value in record.items() if name in released and name not in withheld}


def described(kinds: Iterable[str], *, packs: Sequence[LawPack], on: date, language: str) -> dict[str, str]:
    """That each kind of data is held, in the words of the first law that forbids to disclose it."""
    texts: dict[str, Text] = {}
    for pack in reversed(packs):
        texts |= {entry.slug: entry.text for entry in pack.never_disclose if entry.holds(on)}
    return {
        kind: texts.get(kind, UNNAMED).in_language(language).format(kind=kind.replace("_", " "))
        for kind in sorted(set(kinds))
    }
