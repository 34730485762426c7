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
FOR_OTHERS = Text(
    "We also hold personal data on behalf of {controller}, which decides about it. We have not looked there whether it"
    " is about you: send your request to {controller}.",
    "También tenemos datos personales por cuenta de {controller}, que decide sobre ellos. No hemos mirado si se"
    " refieren a usted: envíe su solicitud a {controller}.",
)


@dataclass
class Found:
    """What is known of one category that is held."""

    data: list[Text] = field(default_factory=list)
    fields: list[tuple[DataMap, Collection, Field]] = field(default_factory=list)
    kinds: dict[Relation, list[Text]] = field(default_factory=dict)  # kinds of recipient by relation
    aims: dict[Relation, list[Text]] = field(default_factory=dict)  # why they get it, by relation

    def origins(self) -> Iterator[Text]:
        """From where it is collected."""
        return (datamap.origins[name] for datamap, _, entry in self.fields for name in entry.collected_from)

    def purposes(self) -> Iterator[Text]:
        """Why it is collected."""
        return (datamap.purposes[name] for datamap, _, entry in self.fields for name in entry.purposes)

    def why(self, relations: Iterable[Relation]) -> list[Text]:
        """Why recipients of these relations get it."""
        return _once(aim for relation in Relation if relation in relations for aim in self.aims.get(relation, ()))

    def recipients(self, relations: Iterable[Relation]) -> list[Text]:
        """Kinds of recipient of these relations."""
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
    found = found_in(ours, held, since, on)
    names = names_of(packs, on)
    entries = [(category, found[category]) for category in Category if category in found]
    fields = [(datamap, entry) for datamap in ours for _, entry in held_fields(datamap, held)]
    return {
        "citation": CITATION,
        "language": language,
        "on": on.isoformat(),
        "since": since.isoformat() if since else None,
        "headings": {part: heading.in_language(language) for part, heading in HEADINGS.items()},
        "collected": [
            {**named(category, names, language), "data": texts_of(entry.data, language)} for category, entry in entries
        ],
        "sources": texts_of((datamap.origins[name] for datamap, f in fields for name in f.collected_from), language),
        "purposes": texts_of((datamap.purposes[name] for datamap, f in fields for name in f.purposes), language),
        "third_parties": texts_of((kind for _, entry in entries for kind in entry.recipients(THIRD_PARTIES)), language),
        "sold_or_shared": [
            {**named(category, names, language), **sale_of(entry, language)} for category, entry in entries
        ],
        "disclosed_for_business_purpose": [
            {**named(category, names, language), **business_of(entry, language)} for category, entry in entries
        ],
    }


def held_for_others(maps: Iterable[DataMap], *, cited: str, language: str) -> list[dict[str, Any]]:
    """The controllers for whom sources are held, each once, and the sentence that sends people there.

    `cited` is the ground in the laws of the case, if they have one (Civ. Code 1798.130(a)(3)(A); Art. 28).
    """
    told: dict[str, dict[str, Any]] = {}
    for datamap in maps:
        if datamap.processor_for is not None:
            said = FOR_OTHERS.in_language(language).format(controller=datamap.processor_for)
            contact = datamap.processor_contact.in_language(language) if datamap.processor_contact else None
            statement = " ".join(filter(None, (said, contact, f"({cited})" if cited else "")))
            entry = {"controller": datamap.processor_for, "contact": contact, "statement": statement}
            if contact or datamap.processor_for not in told:
                told[datamap.processor_for] = entry
    return list(told.values())


def sentences(parts: Mapping[str, Any], language: str) -> Iterator[str]:
    """A disclosure as items of a letter's list, one a part; categories are lists below them, their names being long."""
    headings, none = parts["headings"], NONE.in_language(language)
    yield _listed(headings["collected"], [entry["name"] for entry in parts["collected"]], none)
    for part in ("sources", "purposes", "third_parties"):
        yield f"{headings[part]}: {'; '.join(parts[part]) or none}."
    for part in ("sold_or_shared", "disclosed_for_business_purpose"):
        yield _listed(headings[part], [f"{entry['name']}: {entry['statement']}" for entry in parts[part]], none)
    for told in parts.get("access", ()):
        for part in told["parts"]:
            yield _listed(f"{part['heading']} ({part['citation']})", part["items"], none)


def _listed(heading: str, items: Sequence[str], none: str) -> str:
    if not items:
        return f"{heading}: {none}."
    return "\n".join((f"{heading}:", *(f"  - {item.removesuffix('.')}." for item in items)))


def held_fields(datamap: DataMap, held: Held) -> Iterator[tuple[Collection, Field]]:
    """The fields of a source in which something was found."""
    for collection in datamap.collections:
        found = held.get((datamap.source, collection.name), 0)
        for entry in collection.fields:
            if found if isinstance(found, int) else found.get(entry.column):
                yield collection, entry


def found_in(maps: Iterable[DataMap], held: Held, since: date | None, on: date) -> dict[Category, Found]:
    """What is held, by category; recipients are those of the days from `since` (None: ever) to `on`."""
    found: dict[Category, Found] = {}
    for datamap in maps:
        here = set()
        for collection, entry in held_fields(datamap, held):
            for category in entry.categories:
                here.add(category)
                known = found.setdefault(category, Found())
                known.data.append(entry.title)
                known.fields.append((datamap, collection, entry))
        for recipient in datamap.recipients:
            if recipient.received_between(since, on):
                for category in here.intersection(recipient.categories):
                    found[category].kinds.setdefault(recipient.relation, []).append(recipient.kind)
                    why = (datamap.purposes[name] for name in recipient.purposes)
                    found[category].aims.setdefault(recipient.relation, []).extend(why)
    return found


def names_of(packs: Sequence[LawPack], on: date) -> Mapping[str, StatutoryCategory]:
    """The categories of the first law that has them."""
    names: dict[str, StatutoryCategory] = {}
    for pack in reversed(packs):
        names |= {category.slug: category for category in pack.categories if category.holds(on)}
    return names


def named(category: Category, names: Mapping[str, StatutoryCategory], language: str) -> dict[str, Any]:
    """A category in the words of the statute, with its citation."""
    known = names.get(category)
    return {
        "category": category.value,
        "name": known.name.in_language(language) if known else category.value.replace("_", " "),
        "citation": known.citation if known else None,
    }


def sale_of(entry: Found, language: str) -> dict[str, Any]:
    """Whether a category was sold or shared, and with whom."""
    sold, shared = (texts_of(entry.recipients({relation}), language) for relation in (Relation.SOLD, Relation.SHARED))
    said = [(SOLD_TO, sold), (SHARED_WITH, shared)]
    return {
        "sold": bool(sold),
        "shared": bool(shared),
        "third_parties": texts_of(entry.recipients(SALES), language),
        "statement": _statement(said, NOT_SOLD, language),
    }


def business_of(entry: Found, language: str) -> dict[str, Any]:
    """Whether a category was disclosed for a business purpose, and to whom."""
    kinds = texts_of(entry.recipients(FOR_BUSINESS), language)
    return {
        "disclosed": bool(kinds),
        "recipients": kinds,
        "statement": _statement([(DISCLOSED_TO, kinds)], NOT_DISCLOSED, language),
    }


def _statement(said: Iterable[tuple[Text, list[str]]], otherwise: Text, language: str) -> str:
    parts = [text.in_language(language).format(names=", ".join(names)) for text, names in said if names]
    return "; ".join(parts) or otherwise.in_language(language)


def texts_of(texts: Iterable[Text], language: str) -> list[str]:
    """Texts in a language, each once."""
    return list(dict.fromkeys(text.in_language(language) for text in texts))


def _once(texts: Iterable[Text]) -> list[Text]:
    return list(dict.fromkeys(texts))
