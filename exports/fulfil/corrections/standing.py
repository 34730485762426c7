"""What stands in the places of a correction, as it was found: which rows hold which value, and which of them are meant.

Reads the sealed findings of the present round; writes nothing, and asks no source.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dsar.vault.errors import VaultError
from exports import findings
from exports.fulfil import trouble
from exports.fulfil.corrections.places import Place, correctable_places, maps_in_use, place_named, places_of
from exports.models import RunState, SourceRun
from exports.sources.comparing import exact_form
from exports.sources.connector import Held
from exports.sources.datamap import Collection, Field
from exports.sources.values import Json, Key
from requests_app import deleting_instead
from requests_app.models import CHANGING, Case, CorrectionAsked, CorrectionDecision, Verdict


@dataclass(frozen=True, repr=False)
class Standing:
    """One value as it stands in one place, with the rows that hold it. ``number`` names it on the desk, from 1."""

    number: int
    place: Place
    source_run: SourceRun
    collection: Collection
    value: Json
    keys: tuple[Key, ...]
    is_meant: bool  # by the maps; else a person chooses the place
    is_right: bool  # it is what the person says is right

    @property
    def field(self) -> Field:
        """The field as its map describes it."""
        return self.collection.field(self.place.column)

    @property
    def rows(self) -> list[Held]:
        """The rows with what each of them holds."""
        return [(key, self.value) for key in self.keys]

    @property
    def named(self) -> list[Json]:
        """What a decision keeps of it, sealed."""
        return [*self.place, self.value]


@dataclass(frozen=True, repr=False)
class Granted:
    """A correction that is to be made, and what it takes the place of; or what is deleted in place of a correction."""

    asked: CorrectionAsked
    wrong: tuple[Standing, ...]
    is_deleted: bool = False

    @property
    def new(self) -> str | None:
        """What is written in the place of what is wrong; None: nothing, it is emptied."""
        return None if self.is_deleted else self.asked.value

    @property
    def emptied(self) -> tuple[Standing, ...]:
        """What is deleted, and nothing takes its place."""
        return self.wrong if self.is_deleted else ()


def standing(case: Case, asked: CorrectionAsked) -> list[Standing]:
    """What was found in the places of a correction, value by value; the place that was named comes first.

    The places are those of the maps by which the round searched: its numbers stay, whatever map is accepted since.
    """
    of_round = findings.current_runs(case)
    maps = [run.map_version.as_map() for run in of_round]
    places = places_of(asked, [data_map for data_map in maps if data_map.processor_for is None])
    runs = [run for run in of_round if run.state == RunState.DONE]
    found: list[Standing] = []
    for place in places.all:
        for source_run, collection, value, keys in _values_in(place, runs):
            found.append(
                Standing(
                    number=len(found) + 1,
                    place=place,
                    source_run=source_run,
                    collection=collection,
                    value=value,
                    keys=tuple(keys),
                    is_meant=place in places.meant,
                    is_right=value is not None and asked.value in (str(value), exact_form(value)),
                )
            )
    return found


def decisions_of(case: Case) -> dict[int, CorrectionDecision]:
    """What was decided on in the present round of gathering, by the number of the correction."""
    rows = case.correction_decisions.filter(round=case.gathering_round).select_related("asked", "case__submission")
    return {row.asked.number: row for row in rows}


def corrections_of(case: Case) -> list[CorrectionAsked]:
    """What was asked for, in its order."""
    return list(case.corrections.select_related("case__submission"))


def is_decided_by_approval(asked: Sequence[CorrectionAsked]) -> bool:
    """Whether to approve the case is the decision: one field was named, and it is corrected, or the case refused."""
    return len(asked) == 1 and bool(asked[0].field)


def granted(case: Case) -> list[Granted]:
    """The corrections to be made, and the rows that they mean; raises NotToCorrect where that is not clear.

    What nobody decided on is granted by approving the case, if it is the only one and names its field; from then on
    there is a decision on it like on any other.
    """
    asked, decisions = corrections_of(case), decisions_of(case)
    found = []
    for one in asked:
        decision = decisions.get(one.number)
        if decision is not None and decision.verdict in CHANGING:
            if deleting_instead.is_taken_back(decision):
                raise trouble.NotToCorrect("consent_taken_back")
            found.append(Granted(one, _chosen(case, one, decision), is_deleted=decision.verdict == Verdict.DELETED))
        elif decision is None:
            if not is_decided_by_approval(asked):
                raise trouble.NotToCorrect("correction_undecided")
            found.append(Granted(one, _meant(case, one)))
    _check_apart(found)
    _check_in_use(found)
    return found


def wrong_in(decision: CorrectionDecision, place: Place) -> list[Json]:
    """The values in a place that are wrong by a decision, and no others; none once their key is destroyed."""
    return [value for *where, value in chosen_in(decision) if Place(*map(str, where)) == place]


def chosen_in(decision: CorrectionDecision | None) -> list[list[Json]]:
    """What a decision says is wrong, each as ``Standing.named``; nothing once its key is destroyed."""
    try:
        chosen: list[list[Json]] = json.loads(decision.wrong or "[]") if decision else []
    except VaultError:
        return []
    return chosen


def meant_by_itself(case: Case, asked: CorrectionAsked) -> frozenset[int]:
    """The numbers of what a correction means without anybody's choice; none where that is not clear."""
    try:
        return frozenset(one.number for one in _meant(case, asked))
    except (trouble.NotToCorrect, VaultError):
        return frozenset()


def _chosen(case: Case, asked: CorrectionAsked, decision: CorrectionDecision) -> tuple[Standing, ...]:
    """What a person chose, as it was found; raises NotToCorrect if some of it stands there no more."""
    chosen = {json.dumps(named) for named in json.loads(decision.wrong)}
    found = tuple(one for one in standing(case, asked) if json.dumps(one.named) in chosen)
    if len(found) != len(chosen):
        raise trouble.NotToCorrect("not_as_decided")
    return found


def _meant(case: Case, asked: CorrectionAsked) -> tuple[Standing, ...]:
    """What a correction means by itself: the one value that stands in the field, wherever else the same one stands.

    Rows that hold the new value already when they are gathered again were corrected by hand: then they are what was
    meant, and the others stay. Where several values stand, the one that the person named is meant.
    """
    found, own = [one for one in standing(case, asked) if one.is_meant], place_named(asked.field)
    here = [one for one in found if one.place == own]
    _check_searched(case, own)
    if not here:
        raise trouble.NotToCorrect("no_record_to_correct")
    done = [one for one in here if one.is_right]
    if done and (len(done) == len(here) or case.gathering_round > 1):
        wrong = done
    else:
        wrong = here if len(here) == 1 else [one for one in here if _is_named(asked, one)]
    if len(wrong) != 1:
        raise trouble.NotToCorrect("several_values")
    elsewhere = [one for one in found if one.place != own and not one.is_right]
    if done and any(not _is_named(asked, one) for one in elsewhere):
        raise trouble.NotToCorrect("several_values")
    same = [one for one in elsewhere if _is_named(asked, one) or _equals(one.value, wrong[0].value)]
    return (*wrong, *same)


def _is_named(asked: CorrectionAsked, one: Standing) -> bool:
    """Whether it is the value that the person says is held."""
    return bool(asked.value_now) and _equals(one.value, asked.value_now)


def _equals(one: Json, other: Json) -> bool:
    """Whether both are one value as somebody would type it."""
    first, second = exact_form(one), exact_form(other)
    return first is not None and second is not None and first.strip().lower() == second.strip().lower()


def _check_searched(case: Case, own: Place | None) -> None:
    if own is not None and own.source not in {run.source.slug for run in findings.searched_runs(case)}:
        raise trouble.NotToCorrect("source_left_out")


def _check_apart(found: Sequence[Granted]) -> None:
    """No row is given two values."""
    given: dict[tuple[Place, Key], str | None] = {}
    for one in found:
        new = one.new
        for wrong in one.wrong:
            for key in wrong.keys:
                if given.setdefault((wrong.place, key), new) != new:
                    raise trouble.NotToCorrect("two_right_values")


def _check_in_use(found: Sequence[Granted]) -> None:
    """What the maps let be corrected no more, and what is out of use, is written to by no decision of before."""
    known = correctable_places(maps_in_use())
    for one in found:
        for wrong in one.wrong:
            if wrong.place not in known:
                raise trouble.NotToCorrect("not_as_decided", wrong.place.slug)


def _values_in(place: Place, runs: Sequence[SourceRun]) -> Iterator[tuple[SourceRun, Collection, Json, list[Key]]]:
    """Each value of a place with the keys of its rows, in the order in which they were found."""
    for source_run in runs:
        collections = {found.name: found for found in source_run.map_version.as_map().collections}
        collection = collections.get(place.collection)
        if source_run.source.slug != place.source or collection is None or place.column not in collection.columns:
            continue
        values: dict[str, tuple[Json, list[Key]]] = {}
        for part in source_run.parts.filter(collection=collection.name).order_by("number"):
            for _number, row in findings.read(part):
                if place.column in row:
                    value = row[place.column]
                    held = values.setdefault(json.dumps(value), (value, []))
                    held[1].append(tuple(row[name] for name in collection.key))
        for value, keys in values.values():
            yield source_run, collection, value, keys
