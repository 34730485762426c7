"""What became of each correction, as sentences for the closing letter: no value, and nothing of what was found."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from dsar.vault.errors import KeyDestroyed
from exports.fulfil import acts
from exports.fulfil.corrections.deciding import places_granted
from exports.fulfil.corrections.places import Place, place_named
from exports.fulfil.corrections.standing import corrections_of, decisions_of
from exports.models import Act, ActKind, DataSource
from exports.sources.datamap import DataMap
from requests_app.models import Case, CorrectionAsked, Verdict

Done = dict[Place, tuple[DataMap, int]]  # the map by which a place was corrected, and how many rows


def sentences(case: Case, language: str) -> Iterator[str]:
    """One sentence or more a correction, in the active language, which is ``language``."""
    granted = {asked.number: places for asked, places in places_granted(case)}
    decisions, done = decisions_of(case), done_in(case)
    for asked in corrections_of(case):
        if asked.number in granted:
            places = granted[asked.number]
            yield from dict.fromkeys(_corrected(place, *done[place], language) for place in places if place in done)
            yield from _came_from(places, done, language)
            continue
        decision = decisions.get(asked.number)
        if decision is None:  # the case is not decided yet
            continue
        field = name_of(asked, language)
        if decision.verdict == Verdict.NOT_HELD:
            yield _("%(field)s: we hold no such information about you; nothing was corrected.") % {"field": field}
        else:
            told = _("%(field)s: not corrected.") % {"field": field}
            ground = acts.ground_in_words(case, decision.code, language)
            yield " ".join(filter(None, (told, ground, decision.explanation)))


def done_in(case: Case) -> Done:
    """What was corrected: by place, as the last act that names it tells."""
    found: Done = {}
    for act in Act.objects.filter(case=case, kind=ActKind.CORRECT).select_related("source", "map_version"):
        for name, entry in act.proof.items():
            # Before several fields could be corrected at once, an act named the one.
            fields = entry["fields"] if "fields" in entry else {entry["field"]: entry["rows"]}
            for column, rows in fields.items():
                found[Place(act.source.slug, name, column)] = (act.map_version.as_map(), rows)
    return found


def name_of(asked: CorrectionAsked, language: str) -> str:
    """What was asked about: the title of its field, or in quotation marks the person's words."""
    place = place_named(asked.field)
    if place is not None:
        source = DataSource.objects.filter(slug=place.source).select_related("map_version").first()
        title = _title(place, source.map_version.as_map(), language) if source else ""
        return title or asked.field
    try:
        return f"“{asked.words}”"
    except KeyDestroyed:
        return _("in your own words")


def _title(place: Place, data_map: DataMap, language: str) -> str:
    titles = {
        (collection.name, field.column): field.title.in_language(language)
        for collection in data_map.collections
        for field in collection.fields
    }
    return titles.get((place.collection, place.column), "")


def _corrected(place: Place, data_map: DataMap, rows: int, language: str) -> str:
    if rows:
        told = _("%(field)s: corrected in %(source)s, and read back.")
    else:
        told = _("%(field)s: no record of yours in %(source)s holds it; nothing was corrected.")
    return told % {"field": _title(place, data_map, language), "source": data_map.title.in_language(language)}


def _came_from(places: tuple[Place, ...], done: Done, language: str) -> Iterator[str]:
    """From whom the wrong value came, where a map says so and it was not the person (11 CCR 7023(i))."""
    for place in places:
        data_map, rows = done.get(place, (None, 0))
        if data_map is None or not rows:
            continue
        field = data_map.collection(place.collection).field(place.column)
        origins = [] if field.provided_by_person else [data_map.origins[name] for name in field.collected_from]
        if origins:
            yield _("%(field)s: the wrong value in %(source)s came from: %(origins)s.") % {
                "field": field.title.in_language(language),
                "source": data_map.title.in_language(language),
                "origins": "; ".join(origin.in_language(language) for origin in origins),
            }
