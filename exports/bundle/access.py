"""What Art. 15 GDPR asks to be told beside the copy: (1)(a) to (h), and (2). The UK GDPR words it alike.

Pure: values in, values out. Each part has its citation; recipients are told by name (CJEU C-154/21). What no map says
is said to be so, and never left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from exports.bundle.disclosure import Found, Held, found_in, held_fields, named, names_of, texts_of
from exports.sources.datamap import Category, DataMap, Recipient
from requests_app.law import refusals
from requests_app.law.lawpack import LawPack
from requests_app.law.words import RefusalPart, Right, Text

LAWS = ("gdpr", "uk_gdpr")
RIGHTS = (Right.CORRECT, Right.DELETE, Right.RESTRICT, Right.OBJECT)  # those of Art. 15(1)(e)
HEADINGS = {
    "purposes": Text("Why we process your data", "Para qué tratamos sus datos"),
    "categories": Text("Which categories of data", "Qué categorías de datos"),
    "recipients": Text("Who received it, or will", "Quién los ha recibido o los recibirá"),
    "retention": Text("How long we keep it", "Cuánto tiempo los conservamos"),
    "rights": Text("What you can ask us for", "Qué puede pedirnos"),
    "complaint": Text("Where you can complain", "Dónde puede reclamar"),
    "sources": Text("Where we have it from", "De dónde los obtuvimos"),
    "automated": Text("What machines decide about you", "Qué deciden sobre usted las máquinas"),
    "transfers": Text("What keeps it safe in other countries", "Qué los protege en otros países"),
}
CITATIONS = {
    "purposes": "Art. 15(1)(a)",
    "categories": "Art. 15(1)(b)",
    "recipients": "Art. 15(1)(c)",
    "retention": "Art. 15(1)(d)",
    "rights": "Art. 15(1)(e)",
    "complaint": "Art. 15(1)(f)",
    "sources": "Art. 15(1)(g)",
    "automated": "Art. 15(1)(h)",
    "transfers": "Art. 15(2)",
}
NO_RECIPIENT = Text("Nobody.", "Nadie.")
AS_LONG_AS_NEEDED = Text(
    "no period is fixed; as long as it is needed for the purposes named above",
    "no hay un plazo fijado; mientras sea necesario para los fines indicados",
)
NO_DECISION = Text(
    "No decision by machines alone is recorded in the systems that hold your data.",
    "En los sistemas que tienen sus datos no consta ninguna decisión tomada solo por máquinas.",
)
NO_TRANSFER = Text(
    "No recipient outside of the European Economic Area, or of the United Kingdom, is recorded.",
    "No consta ningún destinatario fuera del Espacio Económico Europeo o del Reino Unido.",
)


@dataclass(frozen=True)
class Asked:
    """What is told to one person: by which law, of what was found, on which day."""

    pack: LawPack
    packs: Sequence[LawPack]  # whose words name categories
    right: Right
    residence: str
    on: date
    since: date | None
    language: str

    def say(self, text: Text) -> str:
        """In the person's language."""
        return text.in_language(self.language)


def access(maps: Iterable[DataMap], held: Held, asked: Asked) -> dict[str, Any] | None:
    """The parts as JSON data, each with heading, citation and sentences; None where nothing of the person is held."""
    ours = [datamap for datamap in maps if datamap.processor_for is None]
    holding = [datamap for datamap in ours if any(True for _ in held_fields(datamap, held))]
    if not holding:
        return None
    found = found_in(holding, held, asked.since, asked.on)
    told: Mapping[str, Callable[[], Iterable[str]]] = {
        "purposes": lambda: texts_of((text for each in found.values() for text in each.purposes()), asked.language),
        "categories": lambda: _categories(found, asked),
        "recipients": lambda: _recipients(holding, found, asked),
        "retention": lambda: _retention(found, asked),
        "rights": lambda: _rights(asked),
        "complaint": lambda: _complaint(asked),
        "sources": lambda: texts_of((text for each in found.values() for text in each.origins()), asked.language),
        "automated": lambda: _automated(holding, asked),
        "transfers": lambda: _transfers(holding, found, asked),
    }
    return {
        "law": asked.pack.slug,
        "title": asked.pack.cited("Art. 15", asked.language),
        "parts": [
            {"part": part, "citation": CITATIONS[part], "heading": asked.say(HEADINGS[part]), "items": list(items())}
            for part, items in told.items()
        ],
    }


def _categories(found: Mapping[Category, Found], asked: Asked) -> Iterator[str]:
    names = names_of(asked.packs, asked.on)
    for category in Category:
        if category in found:
            name = named(category, names, asked.language)["name"].removesuffix(".")
            yield f"{name}: {', '.join(texts_of(found[category].data, asked.language))}"


def _of_held(maps: Iterable[DataMap], found: Mapping[Category, Found], asked: Asked) -> Iterator[Recipient]:
    """Recipients of what a source holds of the person."""
    for datamap in maps:
        here = {category for category, each in found.items() if any(owner is datamap for owner, _, _ in each.fields)}
        for recipient in datamap.recipients:
            if recipient.received_between(asked.since, asked.on) and here.intersection(recipient.categories):
                yield recipient


def _recipients(maps: Iterable[DataMap], found: Mapping[Category, Found], asked: Asked) -> Iterable[str]:
    told = {
        f"{each.name} ({asked.say(each.kind)})" + (f", {asked.say(each.country)}" if each.country else ""): None
        for each in _of_held(maps, found, asked)
    }
    return list(told) or [asked.say(NO_RECIPIENT)]


def _retention(found: Mapping[Category, Found], asked: Asked) -> Iterable[str]:
    return dict.fromkeys(
        f"{asked.say(collection.title)}: {asked.say(entry.retention or AS_LONG_AS_NEEDED)}"
        for each in found.values()
        for _, collection, entry in each.fields
    )


def _rights(asked: Asked) -> Iterator[str]:
    for right in RIGHTS:
        if asked.pack.gives(right, asked.on):
            yield asked.pack.wording(right, asked.language, on=asked.on)


def _complaint(asked: Asked) -> Iterator[str]:
    for said in refusals.required((asked.pack,), asked.right, on=asked.on, residence=asked.residence):
        if said.part is RefusalPart.COMPLAINT_TO_SUPERVISORY_AUTHORITY:
            yield asked.say(said.text)


def _automated(maps: Iterable[DataMap], asked: Asked) -> Iterable[str]:
    told = [
        f"{asked.say(each.title)}: {asked.say(each.logic)}. {asked.say(each.consequences)}"
        for datamap in maps
        for each in datamap.automated_decisions
    ]
    return told or [asked.say(NO_DECISION)]


def _transfers(maps: Iterable[DataMap], found: Mapping[Category, Found], asked: Asked) -> Iterable[str]:
    told = {
        f"{each.name}, {asked.say(each.country)}: {asked.say(each.safeguard)}": None
        for each in _of_held(maps, found, asked)
        if each.country and each.safeguard
    }
    return list(told) or [asked.say(NO_TRANSFER)]
