"""Withholding by rule, in one act: every record of a collection, or those that a search found; whole, or one field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from exports.findings import WHOLE
from exports.fulfil.withholding import check_field, ground_against, keep
from exports.models import Hit, Part, RunState, Search, SearchState, Withholding
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import Actor
from requests_app.services.history import record

BY_SEARCH = "search:"


@dataclass(frozen=True)
class Meant:
    """What a rule takes: rows that say it, and in how many records of which collection."""

    rows: Sequence[Withholding]
    records: int
    source: str
    collection: str


@performs("withhold_by_rule")
def withhold_by_rule(
    case: Case, *, actor: Actor, at: datetime, rule: str, field: str, code: str, explanation: str
) -> None:
    """Keep back what a rule means, whole or one field of it, on a ground for data that fits the case (G10).

    A rule on a whole collection takes the place of what was withheld of it one by one to the same extent.
    """
    ground = ground_against(case, code, explanation)
    meant = meant_by(case, rule, field)
    for row in meant.rows:
        if row.number is None:
            narrower = Withholding.objects.filter(part=row.part, field=field, number__isnull=False)
            narrower.filter(start__isnull=True).delete()
    keep(meant.rows, case, ground, explanation, by=actor, at=at)
    record(
        case,
        EventKind.WITHHOLD_BY_RULE,
        by=actor,
        at=at,
        source=meant.source,
        collection=meant.collection,
        field=field,
        records=meant.records,
        code=ground.code,
        citation=ground.citation,
    )


def meant_by(case: Case, rule: str, field: str) -> Meant:
    """What a rule takes of the present round: "<source>.<collection>", or "search:<id>"; InputRefused if nothing."""
    if rule.startswith(BY_SEARCH):
        return _found_by(case, rule.removeprefix(BY_SEARCH), field)
    source, _dot, collection = rule.partition(".")
    of_round = Part.objects.filter(run__case=case, run__round=case.gathering_round, run__state=RunState.DONE)
    found = of_round.filter(run__source__slug=source, collection=collection, records__gt=0)
    parts = list(found.select_related("run__map_version", "run__source"))
    if not parts:
        raise InputRefused({"rule": _("Nothing was found there. Take it from the findings page.")})
    check_field(case, parts[0], field)
    extent = Q(field=WHOLE) | Q(field=field)
    by_rule = Withholding.objects.filter(extent, part__in=parts, number__isnull=True)
    if by_rule.exists():
        raise InputRefused({"rule": _("All of these are withheld already.")})
    rows = [Withholding(part=part, field=field) for part in parts]
    return Meant(rows, sum(part.records for part in parts), source, collection)


def _found_by(case: Case, name: str, field: str) -> Meant:
    """The records that a search has found, but for those of which as much is withheld already."""
    search = _search(case, name)
    hits = Hit.objects.filter(search=search).values_list("part", "number").distinct().order_by("part", "number")
    known = Part.objects.select_related("run__map_version", "run__source")
    parts = known.in_bulk({part for part, _number in hits})
    for part in parts.values():
        check_field(case, part, field)
    extent = Q(field=WHOLE) | Q(field=field)
    withheld = Withholding.objects.filter(extent, part__in=parts, start__isnull=True)
    done = set(withheld.values_list("part", "number"))
    rows = [
        Withholding(part=parts[part], number=number, field=field)
        for part, number in hits
        if not {(part, number), (part, None)} & done
    ]
    if not rows:
        raise InputRefused({"rule": _("All of these are withheld already.")})
    sources = sorted({part.run.source.slug for part in parts.values()})
    collections = sorted({part.collection for part in parts.values()})
    return Meant(rows, len(rows), ", ".join(sources), ", ".join(collections))


def _search(case: Case, name: str) -> Search:
    try:
        wanted = UUID(name)
    except ValueError:
        wanted = UUID(int=0)
    done = Search.objects.filter(case=case, round=case.gathering_round, state=SearchState.DONE, found__gt=0)
    found: Search | None = done.filter(pk=wanted, is_full=False).first()
    if found is None:
        raise InputRefused(
            {"rule": _("This search has found nothing, too much, or is over: its places are kept for an hour.")}
        )
    return found
