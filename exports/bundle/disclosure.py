"""The six-part disclosure of 11 CCR 7024(k) for one person, from data maps and what was found.

Pure: values in, values out. Categories are named in the words of the statute (Civ. Code 1798.130(c)); only those that
are really held appear, and each of them says whether it was sold, shared or disclosed, or that it was not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from exports.sources.datamap import Category, Collection, DataMap, Field, Relation
from requests_app.law.lawpack import LawPack
from requests_app.law.values import Category as StatutoryCategory
from requests_app.law.words import Text

Held: TypeAlias = Mapping[tuple[str, str], int | Mapping[str, int]]
"""By source and collection: rows, or rows with something in them by column."""

CITATION = "11 CCR 7024(k)"
SALES = frozenset({Relation.SOLD, Relation.SHARED})
FOR_BUSINESS = frozenset({Relation.DISCLOSED, Relation.SERVICE_PROVIDER})
THIRD_PARTIES = frozenset(Relation) - {Relation.SERVICE_PROVIDER}

HEADINGS = {
    "collected": Text(
        "Categories of personal information that we have collected about you",
        "Categorías de información personal que hemos recopilado sobre usted",
    ),
    "sources": Text("Where we collected it", "De dónde la recopilamos"),
    "purposes": Text("Why we collect, sell or share it", "Por qué la recopilamos, vendemos o compartimos"),
    "third_parties": Text(
        "Categories of third parties to whom we disclosed it", "Categorías de terceros a quienes la revelamos"
    ),
    "sold_or_shared": Text(
        "What we sold or shared, category by category", "Qué vendimos o compartimos, categoría por categoría"
    ),
    "disclosed_for_business_purpose": Text(
        "What we disclosed for a business purpose, category by category",
        "Qué revelamos con fines comerciales, categoría por categoría",
    ),
}
NONE = Text("none", "ninguna")
NOT_SOLD = Text("not sold, not shared", "no vendida ni compartida")
NOT_DISCLOSED = Text("not disclosed", "no revelada")
SOLD_TO = Text("sold to: {names}", "vendida a: {names}")
SHARED_WITH = Text("shared for advertising with: {names}", "compartida para publicidad con: {names}")
DISCLOSED_TO = Text("disclosed to: {names}", "revelada a: {names}")


@dataclass
class _Found:
    """What is known of one category that is held."""

    data: list[Text] = field(default_factory=list)
    kinds: dict[Relation, list[Text]] = field(default_factory=dict)  # kinds of recipient by relation

    def recipients(self, relations: Iterable[Relation]) -> list[Text]:
        return _once(kind for relation in Relation if relation in relations for kind in self.kinds.get(relation, ()))


def disclosure(
    maps: Iterable[DataMap],
    held: Held,
    *,
    packs: Sequence[LawPack],
    on: date,
    language: str,
    since: date | None = None,
) -> dict[str, Any]:
    """The six parts as JSON data, with their headings, in `language`.

    `held` says what was found. Recipients count if they were such between `since` (None: ever) and `on`. Sources that
    we hold as somebody's processor are theirs to disclose, and left out.
    """
    ours = [datamap for datamap in maps if datamap.processor_for is None]
    found = _found(ours, held, since, on)
    names = _names(packs, on)
    entries = [(category, found[category]) for category in Category if category in found]
    fields = [(datamap, entry) for datamap in ours for _, entry in _held_fields(datamap, held)]
    return {
        "citation": CITATION,
        "language": language,
        "on": on.isoformat(),
        "since": since.isoformat() if since else None,
        "headings": {part: heading.in_language(language) for part, heading in HEADINGS.items()},
        "collected": [
            {**_named(category, names, language), "data": _texts(entry.data, language)} for category, entry in entries
        ],
        "sources": _texts((datamap.origins[name] for datamap, f in fields for name in f.collected_from), language),
        "purposes": _texts((datamap.purposes[name] for datamap, f in fields for name in f.purposes), language),
        "third_parties": _texts((kind for _, entry in entries for kind in entry.recipients(THIRD_PARTIES)), language),
        "sold_or_shared": [
            {**_named(category, names, language), **_sale(entry, language)} for category, entry in entries
        ],
        "disclosed_for_business_purpose": [
            {**_named(category, names, language), **_business(entry, language)} for category, entry in entries
        ],
    }


def sentences(parts: Mapping[str, Any], language: str) -> Iterator[str]:
    """A disclosure as items of a letter's list, one a part; categories are lists below them, their names being long."""
    headings, none = parts["headings"], NONE.in_language(language)
    yield _listed(headings["collected"], [entry["name"] for entry in parts["collected"]], none)
    for part in ("sources", "purposes", "third_parties"):
        yield f"{headings[part]}: {'; '.join(parts[part]) or none}."
    for part in ("sold_or_shared", "disclosed_for_business_purpose"):
        yield _listed(headings[part], [f"{entry['name']}: {entry['statement']}" for entry in parts[part]], none)


def _listed(heading: str, items: Sequence[str], none: str) -> str:
    if not items:
        return f"{heading}: {none}."
    return "\n".join((f"{heading}:", *(f"  - {item.removesuffix('.')}." for item in items)))


def _held_fields(datamap: DataMap, held: Held) -> Iterator[tuple[Collection, Field]]:
    for collection in datamap.collections:
        found = held.get((datamap.source, collection.name), 0)
        for entry in collection.fields:
            if found if isinstance(found, int) else found.get(entry.column):
                yield collection, entry


def _found(maps: Iterable[DataMap], held: Held, since: date | None, on: date) -> dict[Category, _Found]:
    found: dict[Category, _Found] = {}
    for datamap in maps:
        here = set()
        for _, entry in _held_fields(datamap, held):
            for category in entry.categories:
                here.add(category)
                found.setdefault(category, _Found()).data.append(entry.title)
        for recipient in datamap.recipients:
            if recipient.received_between(since, on):
                for category in here.intersection(recipient.categories):
                    found[category].kinds.setdefault(recipient.relation, []).append(recipient.kind)
    return found


def _names(packs: Sequence[LawPack], on: date) -> Mapping[str, StatutoryCategory]:
    """The categories of the first law that has them."""
    names: dict[str, StatutoryCategory] = {}
    for pack in reversed(packs):
        names |= {category.slug: category for category in pack.categories if category.holds(on)}
    return names


def _named(category: Category, names: Mapping[str, StatutoryCategory], language: str) -> dict[str, Any]:
    known = names.get(category)
    return {
        "category": category.value,
        "name": known.name.in_language(language) if known else category.value.replace("_", " "),
        "citation": known.citation if known else None,
    }


def _sale(entry: _Found, language: str) -> dict[str, Any]:
    sold, shared = (_texts(entry.recipients({relation}), language) for relation in (Relation.SOLD, Relation.SHARED))
    said = [(SOLD_TO, sold), (SHARED_WITH, shared)]
    return {
        "sold": bool(sold),
        "shared": bool(shared),
        "third_parties": _texts(entry.recipients(SALES), language),
        "statement": _statement(said, NOT_SOLD, language),
    }


def _business(entry: _Found, language: str) -> dict[str, Any]:
    kinds = _texts(entry.recipients(FOR_BUSINESS), language)
    return {
        "disclosed": bool(kinds),
        "recipients": kinds,
        "statement": _statement([(DISCLOSED_TO, kinds)], NOT_DISCLOSED, language),
    }


def _statement(said: Iterable[tuple[Text, list[str]]], otherwise: Text, language: str) -> str:
    parts = [text.in_language(language).format(names=", ".join(names)) for text, names in said if names]
    return "; ".join(parts) or otherwise.in_language(language)


def _texts(texts: Iterable[Text], language: str) -> list[str]:
    return list(dict.fromkeys(text.in_language(language) for text in texts))


def _once(texts: Iterable[Text]) -> list[Text]:
    return list(dict.fromkeys(texts))
