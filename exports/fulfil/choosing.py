"""Which of these? Where what is known of somebody leads to several records of a source, a person chooses.

Nothing is gathered there before. Kept of each record, sealed, is its key and so much masked that a person can tell it
from the others. From the choice on the source is searched, and changed, by a map that knows the chosen records only.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from dsar.jobs.running import Run
from dsar.vault import digests
from exports.fulfil import trouble
from exports.fulfil.telling_apart import Found, came_with, columns_to_compare, told_of
from exports.models import Candidate, DataSource, SourceRun
from exports.sources.connector import Connector, Identifiers, Mode, Record
from exports.sources.datamap import Collection, DataMap
from exports.sources.datamap import choosing as maps
from exports.sources.values import Key
from requests_app.models import Case


@dataclass(frozen=True)
class Shown:
    """A candidate as somebody sees it who decides."""

    number: int
    collection: str
    led_by: tuple[str, ...]  # kinds of identifier
    points: tuple[tuple[str, str], ...]  # kind, and whether the record agrees with the request: yes, no or none
    masked: tuple[tuple[str, str], ...]  # title of a field, and its masked value
    chosen: bool | None


# ---- while a source is searched


def candidates_of(case: Case, source: DataSource | None = None) -> QuerySet[Candidate]:
    """The records between which somebody decides or has decided, of one source or of all."""
    found = Candidate.objects.filter(case=case).select_related("case", "source__map_version")
    return found if source is None else found.filter(source=source)


def narrowed(run: Run, source_run: SourceRun, connector: Connector, identifiers: Identifiers) -> DataMap | None:
    """The map narrowed to the records that were chosen; None where the identifiers lead to one person by themselves.

    Raises WhichOfThese as long as there is a record about which nobody has decided, and TwoPeople where nobody could.
    """
    if connector.datamap.owner is not None:  # what a person brings is known by its line, another one in the next answer
        if connector.subjects(identifiers) > 1:
            raise trouble.TwoPeople
        return None
    known = list(candidates_of(source_run.case, source_run.source))
    is_decided = _is_decided(known)
    if not is_decided and connector.subjects(identifiers) <= 1:
        Candidate.objects.filter(pk__in=[old.pk for old in known]).delete()
        return None
    found = _found(connector, identifiers)
    if not is_decided and len(found) < 2:  # one record, and two rows of what belongs to it alone
        raise trouble.TwoPeople
    places = {place_of(old) for old in known}
    with run.transaction():
        _keep(source_run, known, found, identifiers, at=run.at)
    if not is_decided or any(record.place not in places for record in found):
        raise trouble.WhichOfThese
    return map_to_search(source_run)


def map_to_search(source_run: SourceRun) -> DataMap:
    """The map as this run follows it, narrowed to the chosen records where somebody chose: to search, and to change."""
    return narrowed_by_choice(source_run.data_map(), list(candidates_of(source_run.case, source_run.source)))


def check_one_person(connector: Connector, identifiers: Identifiers, known: Sequence[Candidate]) -> None:
    """Whether all that the identifiers lead to is one person's for certain, without anybody's choice of a part of it.

    The connector is open by the map that `known`, the candidates of its source, narrow. Raises WhichOfThese where
    somebody else's record is reached too, chosen or not, or nobody has decided yet; and TwoPeople as a search does.
    """
    if any(not candidate.chosen for candidate in known):
        raise trouble.WhichOfThese
    if known:
        check_joined(connector, identifiers)
    elif connector.subjects(identifiers) > 1:
        raise trouble.WhichOfThese


def narrowed_by_choice(data_map: DataMap, known: Sequence[Candidate]) -> DataMap:
    """The map narrowed to the records that were chosen among these; as it is where nobody has decided."""
    if not _is_decided(known):
        return data_map
    only: dict[str, set[Key]] = {}
    shared: dict[str, set[str]] = {}
    for candidate in known:
        if candidate.chosen:
            only.setdefault(candidate.collection, set()).add(place_of(candidate)[1])
            continue
        for kind, values in json.loads(candidate.details)["by"].items():
            shared.setdefault(kind, set()).update(values)
    return maps.restricted(
        data_map,
        {name: frozenset(keys) for name, keys in only.items()},
        {kind: frozenset(values) for kind, values in shared.items()},
    )


def check_joined(narrow: Connector, identifiers: Identifiers) -> None:
    """What belongs to one record alone is there once a record; else the map is wrong, and people could be mixed."""
    chosen = max((len(found.only or ()) for found in narrow.datamap.collections), default=0)
    if narrow.subjects(identifiers) > chosen:
        raise trouble.TwoPeople


def is_nobody(data_map: DataMap) -> bool:
    """Whether somebody decided that none of the records is the person's: then nothing is gathered."""
    return not any(found.only for found in data_map.collections)


def _is_decided(known: Sequence[Candidate]) -> bool:
    return bool(known) and all(candidate.chosen is not None for candidate in known)


def place_of(candidate: Candidate) -> tuple[str, Key]:
    """What a candidate is known by in its source: collection and key."""
    return candidate.collection, tuple(json.loads(candidate.details)["key"])


def _found(connector: Connector, identifiers: Identifiers) -> list[Found]:
    """Every record that the identifiers lead to, with those that lead to it; raises TwoPeople if they are too many."""
    found: list[Found] = []
    for collection in maps.people(connector.datamap):
        rows = dict(_rows(connector, collection, identifiers, Candidate.MOST - len(found)))
        led_by: dict[Key, dict[str, list[str]]] = {key: {} for key in rows}
        for kind in sorted(connector.datamap.kinds_leading_to(collection)):
            for value in identifiers.get(kind, ()):
                for key, _record in _rows(connector, collection, {kind: [value]}, Candidate.MOST):
                    led_by.get(key, {}).setdefault(kind, []).append(value)
        found += [Found(collection, key, rows[key], led_by[key]) for key in rows]
    return found


def _rows(
    connector: Connector, collection: Collection, identifiers: Identifiers, most: int
) -> Iterator[tuple[Key, Record]]:
    fields = columns_to_compare(collection)
    pages = connector.pages(collection.name, identifiers, mode=Mode.PLAN, size=Candidate.MOST + 1, fields=fields)
    for page in pages:
        if len(page.keys) > most:
            raise trouble.TwoPeople
        yield from zip(page.keys, page.records, strict=True)


# ---- what is kept of a record


def _keep(
    source_run: SourceRun,
    known: Sequence[Candidate],
    found: Sequence[Found],
    identifiers: Identifiers,
    *,
    at: datetime,
) -> None:
    """Keep the records as they are now: what was decided stays, what nothing leads to any more goes if undecided."""
    if not SourceRun.objects.filter(pk=source_run.pk).exists():  # another run has taken its place
        return
    by_place, came = {place_of(old): old for old in known}, came_with(source_run.case, identifiers)
    gone = [old.pk for place, old in by_place.items() if place not in {one.place for one in found}]
    Candidate.objects.filter(pk__in=gone, chosen__isnull=True).delete()
    number = max((old.number for old in known), default=0)
    for one in found:
        candidate = by_place.get(one.place)
        if candidate is None:
            number += 1  # one that was given before stays its record's, whether that is found again or not
            candidate = _new(source_run, one, number, at=at)
        candidate.details = json.dumps({"key": one.key, "by": one.led_by, **told_of(source_run.case, one, came)})
        if candidate._state.adding:
            candidate.save(force_insert=True)
        else:  # what is decided meanwhile stays
            candidate.save(update_fields=["details_sealed"])


def _new(source_run: SourceRun, one: Found, number: int, *, at: datetime) -> Candidate:
    return Candidate(
        id=uuid.uuid4(),
        case=source_run.case,
        source=source_run.source,
        collection=one.collection.name,
        key_digest=_digest(source_run, one),
        number=number,
        found_at=at,
    )


def _digest(source_run: SourceRun, one: Found) -> str:
    place = [str(source_run.case_id), source_run.source.slug, one.collection.name, one.key]
    return digests.digest("candidates", json.dumps(place))


def shown(candidate: Candidate) -> Shown:
    """A candidate in the words of the page; raises VaultError once its content is destroyed."""
    details = json.loads(candidate.details)
    return Shown(
        number=candidate.number,
        collection=candidate.collection,
        led_by=tuple(sorted(details["by"])),
        points=tuple((kind, answer) for kind, answer in details["points"]),
        masked=tuple((title, text) for title, text in details["shown"]),
        chosen=candidate.chosen,
    )
