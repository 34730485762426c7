"""What a privacy policy says about personal information, from the data maps: Civ. Code 1798.130(a)(5), 11 CCR 7011(e).

Pure: values in, values out. It is the disclosure of `exports.bundle.disclosure` for everybody in place of one person:
every category that the maps name, what was sold, shared and disclosed in the twelve months before, or that nothing was,
and for how long it is kept (1798.100(a)(3)). What the maps leave open is named beside it, for people to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from exports.bundle.disclosure import (
    FOR_BUSINESS,
    HEADINGS,
    NONE,
    SALES,
    THIRD_PARTIES,
    Found,
    Held,
    business_of,
    found_in,
    named,
    names_of,
    sale_of,
    texts_of,
)
from exports.sources.datamap import DECIDE, Category, DataMap
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Text

CITATION = "Civ. Code 1798.130(a)(5)(B), (C); 11 CCR 7011(e)(1)"
CITATIONS = {
    "collected": "Civ. Code 1798.110(c)(1), 1798.130(a)(5)(B)",
    "sources": "Civ. Code 1798.110(c)(2)",
    "purposes": "Civ. Code 1798.110(c)(3)",
    "retention": "Civ. Code 1798.100(a)(3)",
    "third_parties": "Civ. Code 1798.110(c)(4)",
    "sold_or_shared": "Civ. Code 1798.115(c)(1), 1798.130(a)(5)(C)(i)",
    "disclosed_for_business_purpose": "Civ. Code 1798.115(c)(2), 1798.130(a)(5)(C)(ii)",
}
WORDED = {
    **{part: HEADINGS[part] for part in ("sources", "purposes", "third_parties")},
    "collected": Text(
        "Categories of personal information that we collected in the preceding 12 months",
        "Categorías de información personal que recopilamos en los 12 meses anteriores",
    ),
    "retention": Text("How long we keep it", "Cuánto tiempo la conservamos"),
    "sold_or_shared": Text(
        "What we sold or shared in the preceding 12 months, category by category",
        "Qué vendimos o compartimos en los 12 meses anteriores, categoría por categoría",
    ),
    "disclosed_for_business_purpose": Text(
        "What we disclosed for a business purpose in the preceding 12 months, category by category",
        "Qué revelamos con fines comerciales en los 12 meses anteriores, categoría por categoría",
    ),
}
NOTHING_SOLD = Text(
    "We have not sold or shared any personal information in the preceding 12 months.",
    "No hemos vendido ni compartido información personal en los 12 meses anteriores.",
)
NOTHING_DISCLOSED = Text(
    "We have not disclosed any personal information for a business purpose in the preceding 12 months.",
    "No hemos revelado información personal con fines comerciales en los 12 meses anteriores.",
)
WHY = Text("to {purposes}", "para {purposes}")
NO_PERIOD = f"[{DECIDE} how long, or by which criteria]"  # nobody may overlook it, so that it stands in the text


def policy(
    maps: Iterable[DataMap], *, packs: Sequence[LawPack], since: date, on: date, language: str
) -> dict[str, Any]:
    """What the policy says on the day `on`, as JSON data; recipients are those of the days from `since` to `on`.

    Sources that we hold as somebody's processor are for that controller's policy, and left out.
    """
    ours = [datamap for datamap in maps if datamap.processor_for is None]
    found = found_in(ours, _everything(ours), since, on)
    names = names_of(packs, on)
    entries = [(named(category, names, language), found[category]) for category in Category if category in found]
    sales = [{**name, **sale_of(entry, language), **_why(entry, SALES, language)} for name, entry in entries]
    disclosures = [
        {**name, **business_of(entry, language), **_why(entry, FOR_BUSINESS, language)} for name, entry in entries
    ]
    return {
        "citation": CITATION,
        "language": language,
        "on": on.isoformat(),
        "since": since.isoformat(),
        "headings": {part: heading.in_language(language) for part, heading in WORDED.items()},
        "citations": CITATIONS,
        "categories": [{**name, **_collected(entry, language)} for name, entry in entries],
        "third_parties": texts_of((kind for _, entry in entries for kind in entry.recipients(THIRD_PARTIES)), language),
        "sold_or_shared": _list(sales, ("sold", "shared"), NOTHING_SOLD, language),
        "disclosed_for_business_purpose": _list(disclosures, ("disclosed",), NOTHING_DISCLOSED, language),
    }


def open_questions(maps: Iterable[DataMap], *, since: date, on: date) -> Iterator[str]:
    """What the policy has to say and the maps do not: sentences for those who keep the maps."""
    for datamap in maps:
        if datamap.processor_for is not None:
            continue
        for collection in datamap.collections:
            if any(entry.retention is None for entry in collection.fields):
                yield (
                    f"{datamap.source}.{collection.name}: for how long it is kept, or by which criteria, is not said;"
                    f" add 'retention' ({CITATIONS['retention']})."
                )
        for recipient in datamap.recipients:
            if recipient.received_between(since, on) and not recipient.purposes:
                yield (
                    f"{datamap.source}: for what {recipient.name} gets the data is not said; add 'purposes' to the"
                    " recipient (11 CCR 7011(e)(1))."
                )


def lines(parts: Mapping[str, Any]) -> Iterator[str]:
    """The policy's text as lines of plain text."""
    none = NONE.in_language(parts["language"])
    yield from _headed(parts, "collected")
    for entry in parts["categories"]:
        cited = f" ({entry['citation']})" if entry["citation"] else ""
        yield f"- {entry['name']}{cited}"
        yield f"  {', '.join(entry['data'])}"
        for part in ("sources", "purposes"):
            yield f"  {parts['headings'][part]}: {'; '.join(entry[part]) or none}"
        yield f"  {parts['headings']['retention']}: {'; '.join(map(_kept, entry['retention']))}"
    yield ""
    yield from _headed(parts, "third_parties")
    yield f"{'; '.join(parts['third_parties']) or none}"
    for part in ("sold_or_shared", "disclosed_for_business_purpose"):
        yield ""
        yield from _headed(parts, part)
        if parts[part]["none"]:
            yield parts[part]["none"]
        for entry in parts[part]["categories"]:
            yield f"- {entry['name']}: {'; '.join(filter(None, (entry['statement'], entry['why'])))}"


def _headed(parts: Mapping[str, Any], part: str) -> Iterator[str]:
    heading = parts["headings"][part]
    yield heading
    yield f"({parts['citations'][part]})"
    yield ""


def _kept(entry: Mapping[str, str]) -> str:
    return f"{entry['what']}: {entry['kept']}"


def _everything(maps: Iterable[DataMap]) -> Held:
    return {(datamap.source, collection.name): 1 for datamap in maps for collection in datamap.collections}


def _collected(entry: Found, language: str) -> dict[str, Any]:
    kept = dict.fromkeys(
        (collection.title.in_language(language), f.retention.in_language(language) if f.retention else NO_PERIOD)
        for _, collection, f in entry.fields
    )
    return {
        "data": texts_of(entry.data, language),
        "sources": texts_of(entry.origins(), language),
        "purposes": texts_of(entry.purposes(), language),
        "retention": [{"what": what, "kept": period} for what, period in kept],
    }


def _why(entry: Found, relations: Iterable[Any], language: str) -> dict[str, Any]:
    """Why recipients of these relations get a category, as a list and in words."""
    purposes = texts_of(entry.why(relations), language)
    words = WHY.in_language(language).format(purposes="; ".join(text[:1].lower() + text[1:] for text in purposes))
    return {"purposes": purposes, "why": words if purposes else ""}


def _list(categories: list[dict[str, Any]], kinds: Sequence[str], nothing: Text, language: str) -> dict[str, Any]:
    """One of the two lists: all categories, or the sentence that there was none."""
    is_any = any(entry[kind] for entry in categories for kind in kinds)
    return {
        "none": "" if is_any else nothing.in_language(language),
        "categories": categories if is_any else [],
    }
