"""What became of each correction, as sentences for the closing letter: no value, and nothing of what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from dsar.vault.errors import KeyDestroyed
from exports.fulfil import grounds
from exports.fulfil.corrections.places import Place, place_named
from exports.fulfil.corrections.standing import corrections_of, decisions_of
from exports.models import Act, ActKind, DataSource, KnownBy
from exports.sources.datamap import DataMap
from requests_app import supporting
from requests_app.models import CHANGING, Case, CorrectionAsked, CorrectionDecision, DeletionCondition, Verdict


class Done(NamedTuple):
    """By which map a place was written, on which decision, and how we know of it."""

    data_map: DataMap
    decision: CorrectionDecision
    known_by: KnownBy

    @property
    def is_deleted(self) -> bool:
        """Whether what was wrong was deleted there in place of a correction."""
        return self.decision.verdict == Verdict.DELETED


Made = Mapping[Place, Done]  # where a correction was written
CORRECTED = {
    KnownBy.READING: _lazy("%(field)s: corrected in %(source)s, and read back."),
    KnownBy.SERVICE: _lazy("%(field)s: corrected in %(source)s, as that system has confirmed."),
    KnownBy.OWNER: _lazy("%(field)s: corrected in %(source)s, as whoever keeps it has confirmed."),
}
DELETED = {
    KnownBy.READING: _lazy(
        "%(field)s: not corrected, but deleted in %(source)s, and read back: we hold it there no more."
    ),
    KnownBy.SERVICE: _lazy("%(field)s: not corrected, but deleted in %(source)s, as that system has confirmed."),
    KnownBy.OWNER: _lazy("%(field)s: not corrected, but deleted in %(source)s, as whoever keeps it has confirmed."),
}
WHY_DELETED = {
    DeletionCondition.NO_HARM: _lazy(
        "What is in dispute may be deleted instead of corrected where that does not negatively impact you, which we"
        " looked at (%(citation)s)."
    ),
    DeletionCondition.CONSENT: _lazy(
        "What is in dispute may be deleted instead of corrected where you consent to it, which you did (%(citation)s)."
    ),
}


def sentences(case: Case, language: str) -> Iterator[str]:
    """One sentence or more a correction, in the active language, which is ``language``.

    What an earlier round wrote is told, too, whatever was decided since.
    """
    decisions = decisions_of(case)
    for asked, places in made(case):
        yield from dict.fromkeys(_written_there(place, done, language) for place, done in places.items())
        yield from dict.fromkeys(_why_deleted(done.decision) for done in places.values() if done.is_deleted)
        yield from _came_from(places, language)
        decision = decisions.get(asked.number)
        if decision is not None:
            yield from _not_made(case, asked, decision, language, is_made=bool(places))


def _not_made(
    case: Case, asked: CorrectionAsked, decision: CorrectionDecision, language: str, *, is_made: bool
) -> Iterator[str]:
    field = {"field": name_of(asked, language)}
    if decision.verdict == Verdict.REFUSED:
        told = _("%(field)s: not corrected anywhere else.") if is_made else _("%(field)s: not corrected.")
        ground = grounds.ground_in_words(case, decision.code, language)
        considered = supporting.considered(asked.documents.standing().count())
        yield " ".join(filter(None, (told % field, ground, decision.explanation, considered)))
    elif decision.verdict == Verdict.NOT_HELD and not is_made:
        yield _("%(field)s: we hold no such information about you; nothing was corrected.") % field


def made(case: Case) -> list[tuple[CorrectionAsked, Made]]:
    """Each correction with the places in which it was written, in whichever round: by the acts, not by the plan.

    A place is a correction's by the decision of the round of the act, which nobody could change since.
    """
    written = _written(case)
    found: dict[int, dict[Place, Done]] = {asked.number: {} for asked in corrections_of(case)}
    changing = case.correction_decisions.filter(verdict__in=CHANGING).order_by("round")
    for decision in changing.select_related("asked", "case__submission"):
        for place in filter(None, map(place_named, decision.places)):
            if (decision.round, place) in written:
                data_map, known_by = written[decision.round, place]
                found[decision.asked.number][place] = Done(data_map, decision, known_by)
    return [(asked, found[asked.number]) for asked in corrections_of(case)]


def _written(case: Case) -> dict[tuple[int, Place], tuple[DataMap, KnownBy]]:
    """What acts wrote, by round and place."""
    return {
        (act.round, Place(act.source.slug, name, column)): (act.map_version.as_map(), act.known_by(name, column))
        for act in Act.objects.filter(case=case, kind=ActKind.CORRECT).select_related("source", "map_version")
        for name, entry in act.proof.items()
        for column in entry["fields"]
    }


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


def _written_there(place: Place, done: Done, language: str) -> str:
    told = str((DELETED if done.is_deleted else CORRECTED)[done.known_by])
    return told % {
        "field": _title(place, done.data_map, language),
        "source": done.data_map.title.in_language(language),
    }


def _why_deleted(decision: CorrectionDecision) -> str:
    """On which condition of the law, and what staff explain of it."""
    told = str(WHY_DELETED[DeletionCondition(decision.condition)]) % {"citation": decision.citation}
    return " ".join(filter(None, (told, decision.explanation)))


def _came_from(places: Made, language: str) -> Iterator[str]:
    """From whom the wrong value came, where a map says so and it was not the person (11 CCR 7023(i))."""
    for place, done in places.items():
        data_map = done.data_map
        field = data_map.collection(place.collection).field(place.column)
        origins = [] if field.provided_by_person else [data_map.origins[name] for name in field.collected_from]
        if origins:
            yield _("%(field)s: the wrong value in %(source)s came from: %(origins)s.") % {
                "field": field.title.in_language(language),
                "source": data_map.title.in_language(language),
                "origins": "; ".join(origin.in_language(language) for origin in origins),
            }
