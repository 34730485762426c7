"""Which of these? Where what is known of somebody leads to several records of a source, a person chooses.

Nothing is gathered there before. Kept of each record, sealed, is its key and so much masked that a person can tell it
from the others. From the choice on the source is searched, and changed, by a map that knows the chosen records only.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dsar.jobs.running import Run
from dsar.vault import digests
from exports.fulfil import trouble
from exports.fulfil.masking import masked, year_of
from exports.models import Candidate, DataSource, SourceRun
from exports.sources.comparing import form, wanted
from exports.sources.connector import Connector, Identifiers, Mode, Record
from exports.sources.datamap import Collection, DataMap, Field
from exports.sources.datamap import choosing as maps
from exports.sources.values import Key
from requests_app.models import Case, IdentifierKind
from requests_app.services import identity


@dataclass(frozen=True, repr=False)
class Found:
    """A record that what is known leads to: what it holds is compared and masked, and then let go."""

    collection: Collection
    key: Key
    held: Record
    led_by: Mapping[str, list[str]]  # values by kind

    @property
    def place(self) -> tuple[str, Key]:
        """What it is known by again."""
        return self.collection.name, self.key


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
    known = list(candidates_of(source_run.case, source_run.source))
    is_decided = _is_decided(known)
    if not is_decided and connector.subjects(identifiers) <= 1:
        Candidate.objects.filter(pk__in=[old.pk for old in known]).delete()
        return None
    found = _found(connector, identifiers)
    if not is_decided and len(found) < 2:  # one record, and two rows of what belongs to it alone
        raise trouble.TwoPeople
    places = {_place(old) for old in known}
    with run.transaction():
        _keep(source_run, known, found, identifiers, at=run.at)
    if not is_decided or any(record.place not in places for record in found):
        raise trouble.WhichOfThese
    return map_to_search(source_run)


def map_to_search(source_run: SourceRun) -> DataMap:
    """The map as this run follows it, narrowed to the chosen records where somebody chose: to search, and to change."""
    known = list(candidates_of(source_run.case, source_run.source))
    if not _is_decided(known):
        return source_run.data_map()
    only: dict[str, set[Key]] = {}
    shared: dict[str, set[str]] = {}
    for candidate in known:
        if candidate.chosen:
            only.setdefault(candidate.collection, set()).add(_place(candidate)[1])
            continue
        for kind, values in json.loads(candidate.details)["by"].items():
            shared.setdefault(kind, set()).update(values)
    return maps.restricted(
        source_run.data_map(),
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


def _place(candidate: Candidate) -> tuple[str, Key]:
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
    columns = tuple(field.column for field in collection.fields if field.match)
    columns += (collection.received_at,) if collection.received_at else ()
    pages = connector.pages(
        collection.name, identifiers, mode=Mode.PLAN, size=Candidate.MOST + 1, fields=tuple(dict.fromkeys(columns))
    )
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
    by_place, came = {_place(old): old for old in known}, _came(source_run.case, identifiers)
    gone = [old.pk for place, old in by_place.items() if place not in {one.place for one in found}]
    Candidate.objects.filter(pk__in=gone, chosen__isnull=True).delete()
    for number, one in enumerate(found, start=1):
        candidate = by_place.get(one.place) or Candidate(
            id=uuid.uuid4(),
            case=source_run.case,
            source=source_run.source,
            collection=one.collection.name,
            key_digest=_digest(source_run, one),
            found_at=at,
        )
        candidate.number = number
        candidate.details = json.dumps(_details(source_run.case, one, came))
        candidate.save()


def _digest(source_run: SourceRun, one: Found) -> str:
    place = [str(source_run.case_id), source_run.source.slug, one.collection.name, one.key]
    return digests.digest("candidates", json.dumps(place))


def _details(case: Case, one: Found, came: Mapping[str, list[str]]) -> dict[str, Any]:
    matched = [field for field in one.collection.fields if field.match]
    shown = [(str(field.title), _masked(field, one.held)) for field in matched if _may_be_shown(field)]
    since = one.held.get(one.collection.received_at) if one.collection.received_at else None
    if since is not None:
        shown.append((str(_("Since")), year_of(str(since))))
    return {
        "key": one.key,
        "by": one.led_by,
        "points": _points(case, one, matched, came),
        "shown": [(title, text) for title, text in shown if text],
    }


def _may_be_shown(field: Field) -> bool:
    return field.never_disclose is None and not field.sensitive


def _masked(field: Field, held: Record) -> str:
    value = held.get(field.column)
    return masked(field.match.kind, str(value)) if field.match and value is not None else ""


def _points(case: Case, one: Found, matched: Sequence[Field], came: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    """Whether the record agrees with what came with the request, by kind; kinds of which nothing came are left out."""
    said: dict[str, str] = {}
    for field in matched:
        if field.match is None:
            continue
        kind = field.match.kind
        answer = _agrees(case, field, one.held.get(field.column), came.get(kind, []))
        if answer and (said.get(kind) != "yes" or answer == "yes"):
            said[kind] = answer
    return sorted(said.items())


def _came(case: Case, identifiers: Identifiers) -> dict[str, list[str]]:
    """What is known in clear text; what was typed as proof, and finds nothing, is known by its digests alone."""
    submission = case.submission
    came = {kind: list(values) for kind, values in identifiers.items()}
    for kind, value in (
        ("name", submission.name),
        (IdentifierKind.EMAIL.value, submission.email),
        (IdentifierKind.ACCOUNT_NUMBER.value, submission.account_number),
    ):
        if value:
            came.setdefault(kind, []).append(value)
    return came


def _agrees(case: Case, field: Field, held: object, came: list[str]) -> str:
    """Yes, no, or none where the record holds nothing; empty where nothing of the kind came."""
    assert field.match is not None  # noqa: S101 - asked of such fields only
    text = "" if held is None else str(held)
    if came:
        compared = form(field.match.compare, text)
        return "none" if not text else "yes" if compared in wanted(field.match.compare, came) else "no"
    typed = identity.was_typed_as_proof(case, field.match.kind, text)
    return "" if typed is None else "none" if not text else "yes" if typed else "no"


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
