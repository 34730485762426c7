"""Near misses: records that look like the person's and are not gathered, for a person to see.

What leads to them is what people share, an address or number that came with the request and was not proved to be this
person's, and an address that differs in what its provider passes over. Each is asked by the map's own ways.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from dsar.jobs.running import Run
from exports.fulfil import choosing
from exports.fulfil.telling_apart import Found, came_with, columns_to_compare, told_of
from exports.models import NearMisses, SourceRun
from exports.sources.connector import Connector, Identifiers, Mode
from exports.sources.datamap import Collection, DataMap
from exports.sources.datamap.choosing import loosened, with_only
from exports.sources.values import Key
from requests_app.law.words import Right
from requests_app.models import Case, IdentifierKind

LOOKED_AT = 50  # rows of a collection
ANY_DOTS = frozenset({"gmail.com", "googlemail.com"})  # of whose addresses dots are no part, as both names are one


def note(run: Run, source_run: SourceRun, data_map: DataMap, identifiers: Identifiers) -> None:
    """Look for them by the map that the source was searched by, and keep at most ten, masked; nothing is gathered.

    A service is asked if it offers to look so, without joining; a person is not.
    """
    looks = data_map.service.offers_near if data_map.service else data_map.owner is None
    if not looks or source_run.case.right_asked == Right.CORRECT:
        return
    found = list(_found(run, source_run, data_map, identifiers))[: NearMisses.MOST]
    with run.transaction():
        NearMisses.objects.filter(run=source_run).delete()
        if found and SourceRun.objects.filter(pk=source_run.pk).exists():
            kept = NearMisses(id=uuid.uuid4(), run=source_run, number=len(found))
            kept.details = json.dumps(found)
            kept.save()


def are_there(case: Case) -> bool:
    """Whether the present round met any."""
    return NearMisses.objects.filter(run__case=case, run__round=case.gathering_round).exists()


def of(source_run: SourceRun) -> list[dict[str, Any]]:
    """What was kept: collection, and what tells it from others; raises VaultError once it is destroyed."""
    kept = NearMisses.objects.filter(run=source_run).select_related("run__case").first()
    found: list[dict[str, Any]] = json.loads(kept.details) if kept else []
    return found


def _found(run: Run, source_run: SourceRun, data_map: DataMap, identifiers: Identifiers) -> Iterator[dict[str, Any]]:
    case = source_run.case
    loose, asked = loosened(data_map, identifiers, _also(source_run, identifiers))
    if not loose.collections:
        return
    came = came_with(case, identifiers)
    decided = {choosing.place_of(one) for one in choosing.candidates_of(case, source_run.source)}
    look = run.now_and_then()
    with source_run.source.open(loose, look=look) as near:
        for collection in loose.collections:
            rows = _first(near, collection, asked)
            mine = _of_person(source_run, data_map, collection, frozenset(rows), identifiers, look=look)
            for key, record in rows.items():
                if key not in mine and (collection.name, key) not in decided:
                    one = Found(collection, key, record, {})
                    yield {"collection": collection.name, **told_of(case, one, came)}


def _first(near: Connector, collection: Collection, asked: Identifiers) -> dict[Key, Any]:
    pages = near.pages(collection.name, asked, mode=Mode.PLAN, size=LOOKED_AT, fields=columns_to_compare(collection))
    page = next(pages, None)
    return dict(zip(page.keys, page.records, strict=True)) if page else {}


def _of_person(
    source_run: SourceRun,
    data_map: DataMap,
    collection: Collection,
    keys: frozenset[Key],
    identifiers: Identifiers,
    *,
    look: Callable[[], None],
) -> set[Key]:
    """Which of the rows are gathered anyway."""
    if not keys:
        return set()
    with source_run.source.open(with_only(data_map, collection.name, keys), look=look) as firm:
        pages = firm.pages(collection.name, identifiers, mode=Mode.PLAN, size=LOOKED_AT)
        return {key for page in pages for key in page.keys}


def _also(source_run: SourceRun, identifiers: Identifiers) -> dict[str, set[str]]:
    """What came with the request and leads to nothing by itself."""
    submission = source_run.case.submission
    also: dict[str, set[str]] = {}
    if submission.account_number:
        also[IdentifierKind.ACCOUNT_NUMBER] = {submission.account_number}
    addresses = {address for address in (submission.email, *identifiers.get(IdentifierKind.EMAIL, ())) if address}
    also[IdentifierKind.EMAIL] = {form for address in addresses for form in (address, *alike(address))}
    return {
        kind: {value for value in values if _plain(value) not in map(_plain, identifiers.get(kind, ()))}
        for kind, values in also.items()
    }


def alike(address: str) -> set[str]:
    """Addresses that differ from this one only in what providers pass over: a tag behind a plus, or Gmail's dots."""
    local, at, domain = address.strip().lower().rpartition("@")
    if not at:
        return set()
    plain = local.partition("+")[0]
    forms = {f"{plain}@{domain}"}
    if domain in ANY_DOTS:
        forms |= {f"{plain.replace('.', '')}@{name}" for name in ANY_DOTS}
    return forms - {f"{local}@{domain}"}


def _plain(value: str) -> str:
    return value.strip().casefold()
