"""The answer under Shine the Light: who got personal information for their own marketing in one calendar year.

Pure: values in, values out. Civ. Code 1798.83(a)(1) asks for the categories, (a)(2) for names and addresses, and for
examples of what is sold where a name does not tell; the year is the one before that of the request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from exports.bundle.disclosure import SALES, Held, held_fields, named, names_of, texts_of
from exports.sources.datamap import DECIDE, Category, DataMap, Recipient, Relation
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Text

NOBODY = Text(
    "In the calendar year {year} we did not disclose personal information of our customers to third parties for their"
    " own direct marketing (Civ. Code 1798.83(a)).",
    "En el año natural {year} no revelamos información personal de nuestros clientes a terceros para su propio"
    " marketing directo (Civ. Code 1798.83(a)).",
)
NOTHING_OF_YOURS = Text(
    "In the calendar year {year} we did not disclose any category of personal information that we hold about you to"
    " third parties for their own direct marketing (Civ. Code 1798.83(a)).",
    "En el año natural {year} no revelamos a terceros, para su propio marketing directo, ninguna categoría de la"
    " información personal que tenemos sobre usted (Civ. Code 1798.83(a)).",
)
CATEGORIES = Text(
    "In the calendar year {year} we disclosed personal information of these categories to third parties for their own"
    " direct marketing (Civ. Code 1798.83(a)(1)):",
    "En el año natural {year} revelamos información personal de estas categorías a terceros para su propio marketing"
    " directo (Civ. Code 1798.83(a)(1)):",
)
THIRD_PARTIES = Text(
    "These third parties received it (Civ. Code 1798.83(a)(2)):",
    "Estos terceros la recibieron (Civ. Code 1798.83(a)(2)):",
)
HELD = Text("What we hold of it: {data}.", "De ella tenemos: {data}.")
SELLS = Text("What they market, for example: {business}.", "Lo que anuncian, por ejemplo: {business}.")
FOR_EVERYBODY = Text(
    "This list is the same for all of our customers. It does not say what of it was yours.",
    "Esta lista es la misma para todos nuestros clientes. No dice qué parte era suya.",
)
FOR_YOU = Text(
    "Only categories that we hold about you are named.", "Solo se nombran las categorías que tenemos sobre usted."
)
OWN_MARKETING = frozenset({Relation.DIRECT_MARKETING})
NO_ADDRESS = f"[{DECIDE} the address of {{name}}]"  # nobody may overlook it: an answer with it can't be kept


@dataclass(frozen=True)
class Year:
    """A calendar year."""

    number: int

    @classmethod
    def before(cls, received_on: date) -> Year:
        """The one that a request of that day is about."""
        return cls(received_on.year - 1)

    @property
    def first(self) -> date:
        """1 January."""
        return date(self.number, 1, 1)

    @property
    def last(self) -> date:
        """31 December."""
        return date(self.number, 12, 31)

    def recipients(
        self, maps: Iterable[DataMap], relations: frozenset[Relation]
    ) -> Iterator[tuple[DataMap, Recipient]]:
        """Whoever was such a recipient on any day of it, of data that is ours to answer for."""
        for datamap in maps:
            for recipient in datamap.recipients if datamap.processor_for is None else ():
                if recipient.relation in relations and recipient.received_between(self.first, self.last):
                    yield datamap, recipient


def answer(maps: Sequence[DataMap], year: Year, *, held: Held | None, packs: Sequence[LawPack], language: str) -> str:
    """The text of the answer. `held` says what was found of the person; None where nobody looked.

    The statute asks for what was disclosed of customers. What is known of the person narrows it to what can be theirs.
    """
    register = list(year.recipients(maps, OWN_MARKETING))
    disclosed = [(each, _disclosed(datamap, each, held)) for datamap, each in register]
    got = [(each, categories) for each, categories in disclosed if categories]
    if not got:
        nothing = NOTHING_OF_YOURS if register and held is not None else NOBODY
        return nothing.in_language(language).format(year=year.number)
    paragraphs = [
        CATEGORIES.in_language(language).format(year=year.number),
        "\n".join(_categories([categories for _, categories in got], packs, year, language)),
        THIRD_PARTIES.in_language(language),
        "\n".join(dict.fromkeys(_third_party(each, language) for each, _ in got)),
        (FOR_EVERYBODY if held is None else FOR_YOU).in_language(language),
    ]
    return "\n\n".join(paragraphs)


def to_decide(maps: Sequence[DataMap], year: Year) -> Iterator[str]:
    """What a person looks at before the answer goes out: sentences for the desk."""
    marketing = {each.name for _, each in year.recipients(maps, OWN_MARKETING)}
    for datamap, each in year.recipients(maps, SALES):
        if each.name not in marketing:
            yield (
                f"{each.name} got data from {datamap.source} ({each.relation.value}) and is not in the answer. If it"
                " used the data for its own direct marketing, and we know or should know, add it to the map once more,"
                " with 'relation: direct_marketing'."
            )
    for datamap, each in year.recipients(maps, OWN_MARKETING):
        if not each.address:
            yield f"{datamap.source} does not say the address of {each.name}: add 'address' to the recipient."


def _disclosed(datamap: DataMap, recipient: Recipient, held: Held | None) -> dict[Category, list[Text]]:
    """The categories that a recipient got, each with what the source holds of it: of the person, or of anybody."""
    data: dict[Category, list[Text]] = {} if held is not None else {category: [] for category in recipient.categories}
    everything = {(datamap.source, collection.name): 1 for collection in datamap.collections}
    for _, entry in held_fields(datamap, everything if held is None else held):
        for category in entry.categories:
            if category in recipient.categories:
                data.setdefault(category, []).append(entry.title)
    return data


def _categories(
    disclosed: Iterable[dict[Category, list[Text]]], packs: Sequence[LawPack], year: Year, language: str
) -> Iterator[str]:
    data: dict[Category, list[Text]] = {}
    for categories in disclosed:
        for category, titles in categories.items():
            data.setdefault(category, []).extend(titles)
    names = names_of(packs, year.last)
    for category in Category:
        if category in data:
            what = ", ".join(texts_of(data[category], language))
            what = f" {HELD.in_language(language).format(data=what)}" if what else ""
            yield f"- {named(category, names, language)['name'].removesuffix('.')}.{what}"


def _third_party(recipient: Recipient, language: str) -> str:
    address = recipient.address or NO_ADDRESS.format(name=recipient.name)
    line = f"- {recipient.name}, {address.removesuffix('.')}."
    if recipient.business:
        line += f" {SELLS.in_language(language).format(business=recipient.business.in_language(language))}"
    return line
