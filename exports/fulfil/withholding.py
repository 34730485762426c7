"""Withholding findings on a ground, and lifting that again: a record, one field of it, or passages in a field."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from dsar.vault.errors import VaultError
from exports.bundle.redaction import Span, text_of
from exports.findings import Record, read
from exports.models import Decision, Flag, Part, Withholding
from requests_app import guards
from requests_app.events import EventKind
from requests_app.law.values import Exemption
from requests_app.law.words import Level, Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import Actor
from requests_app.services.history import record

OF_ALL = ":all"  # ends the name of all records of a collection, behind one of its parts
AT_ONCE = 500  # rows in one statement
MOST_PLACES = 5000  # of words in one field: of a letter, in a text as long as a book, there are millions


@dataclass(frozen=True)
class Finding:
    """One gathered record: its part and its place there, from 0; moves name it "<part>:<number>"."""

    part: Part
    number: int


@performs("withhold")
def withhold(case: Case, *, actor: Actor, at: datetime, finding: str, field: str, code: str, explanation: str) -> None:
    """Keep a record back, or one field of it, on a ground for data that fits the case (G10).

    Of a deletion a record that is kept back is spared: it stays in its source.
    """
    found = find(case, finding)
    check_field(case, found.part, field)
    ground = ground_against(case, code, explanation)
    _check_not_withheld(found, field)
    keep([Withholding(part=found.part, number=found.number, field=field)], case, ground, explanation, by=actor, at=at)
    record(
        case,
        EventKind.WITHHOLD,
        by=actor,
        at=at,
        part=str(found.part.pk),
        number=found.number,
        field=field,
        code=ground.code,
        citation=ground.citation,
    )


@performs("black_out")
def black_out(
    case: Case, *, actor: Actor, at: datetime, finding: str, field: str, words: str, code: str, explanation: str
) -> None:
    """Black words out wherever a field of a record has them, on a ground for data that fits the case (G10).

    The words are kept nowhere, only where they stand.
    """
    found = find(case, finding)
    ground = ground_against(case, code, explanation)
    spans = spans_of(case, found, field, words)
    passages = [
        Withholding(part=found.part, number=found.number, field=field, start=start, end=end) for start, end in spans
    ]
    keep(passages, case, ground, explanation, by=actor, at=at)
    record(
        case,
        EventKind.BLACK_OUT,
        by=actor,
        at=at,
        part=str(found.part.pk),
        number=found.number,
        field=field,
        passages=len(passages),
        code=ground.code,
        citation=ground.citation,
    )


def spans_of(case: Case, found: Finding, field: str, words: str) -> list[Span]:
    """Where a field of a record has words that are not blacked out yet; InputRefused if that is nowhere.

    Small and capital letters are the same, as is any space between two words.
    """
    check_field(case, found.part, field)
    _check_not_withheld(found, field)
    text = text_of(record_of(found).get(field))
    pattern = re.compile(r"\s+".join(map(re.escape, words.split())), re.IGNORECASE)
    spans = [match.span() for match in islice(pattern.finditer(text), MOST_PLACES + 1)]
    if not spans:
        raise InputRefused({"words": _("The field does not hold these words. Copy them from the findings page.")})
    if len(spans) > MOST_PLACES:
        raise InputRefused(
            {"words": _("These words stand in more than %(most)s places: withhold the field.") % {"most": MOST_PLACES}}
        )
    black = passages_of(found, field)
    free = [span for span in spans if not any(span[0] < end and start < span[1] for start, end in black)]
    if not free:
        raise InputRefused({"words": _("These words are blacked out already.")})
    return free


def passages_of(found: Finding, field: str) -> list[Span]:
    """What of a field of a record is blacked out, in its order."""
    rows = Withholding.objects.filter(part=found.part, number=found.number, field=field, start__isnull=False)
    return [(row.start or 0, row.end or 0) for row in rows.order_by("start")]


def record_of(found: Finding) -> Record:
    """The record as it was gathered; InputRefused if its file can't be opened."""
    try:
        return next(record for _number, record in read(found.part, start=found.number, most=1))
    except (VaultError, StopIteration):
        raise InputRefused(
            {"finding": _("The sealed file of this record is missing, damaged or destroyed. Gather again.")}
        ) from None


def keep(
    rows: Iterable[Withholding], case: Case, ground: Exemption, explanation: str, *, by: Actor, at: datetime
) -> None:
    """Write withholdings that say what is kept back, on one ground."""
    made = []
    for row in rows:
        row.case, row.withheld_by, row.withheld_at = case, by.slug, at
        row.code, row.citation = ground.code, ground.citation
        made.append(row)
    Withholding.objects.bulk_create(made, batch_size=AT_ONCE)
    if explanation:  # sealed to its row, whose key is known now
        for row in made:
            row.explanation = explanation
        Withholding.objects.bulk_update(made, ["explanation_sealed"], batch_size=AT_ONCE)


@performs("lift_withholding")
def lift_withholding(case: Case, *, actor: Actor, at: datetime, finding: str, field: str, start: str) -> None:
    """Release what was kept back; its field, and the passage in it, must be named as it was withheld."""
    if finding.endswith(OF_ALL):
        lift_rule(case, finding.removesuffix(OF_ALL), field, by=actor, at=at)
        return
    found = find(case, finding)
    if start and not start.isdecimal():
        raise InputRefused({"start": _("Please give a number, such as 120, or leave it empty.")})
    row = Withholding.objects.filter(
        part=found.part, number=found.number, field=field, start=int(start) if start else None
    ).first()
    if row is None:
        raise InputRefused({"finding": _("This is not withheld; nothing is to be lifted.")})
    row.delete()
    if row.start is not None:  # what was found there is to be decided again
        flags = Flag.objects.filter(part=found.part, number=found.number, field=field, start=row.start)
        flags.filter(decision=Decision.BLACK_OUT).update(decision=Decision.OPEN)
    place: dict[str, str | int] = {"part": str(found.part.pk), "number": found.number, "field": field}
    if row.start is not None:
        place["start"] = row.start
    record(case, EventKind.LIFT_WITHHOLDING, by=actor, at=at, code=row.code, **place)


def lift_rule(case: Case, part_id: str, field: str, *, by: Actor, at: datetime) -> None:
    """Release what a rule kept back: all records of the part's collection, or a field in all of them."""
    part = part_of(case, part_id)
    rows = Withholding.objects.none()
    if part is not None:
        of_collection = Withholding.objects.filter(part__run=part.run_id, part__collection=part.collection)
        rows = of_collection.filter(number__isnull=True, field=field)
    code = rows.values_list("code", flat=True).first()
    if part is None or code is None:
        raise InputRefused({"finding": _("This is not withheld; nothing is to be lifted.")})
    records = sum(row.count for row in rows.select_related("part"))
    rows.delete()
    record(
        case,
        EventKind.LIFT_WITHHOLDING,
        by=by,
        at=at,
        source=part.run.source.slug,
        collection=part.collection,
        field=field,
        records=records,
        code=code,
    )


def find(case: Case, finding: str) -> Finding:
    """The finding of that name in the case's present round."""
    part_id, _colon, number = finding.partition(":")
    part = part_of(case, part_id)
    if part is None or not number.isdecimal() or int(number) >= part.records:
        raise InputRefused(
            {"finding": _("There is no such record among the findings of this case. Take it from the findings page.")}
        )
    return Finding(part, int(number))


def part_of(case: Case, part_id: str) -> Part | None:
    """A part of the case's present round."""
    try:
        key = UUID(part_id)
    except ValueError:
        return None
    of_round = Part.objects.filter(run__case=case, run__round=case.gathering_round)
    return of_round.select_related("run__map_version", "run__source").filter(pk=key).first()


def check_field(case: Case, part: Part, field: str) -> None:
    if field and case.right_asked == Right.DELETE:
        raise InputRefused({"field": _("A record is deleted or kept as a whole: leave the field empty.")})
    collection = part.run.map_version.as_map().collection(part.collection)
    if field and field not in collection.columns:
        raise InputRefused({"field": _("This collection has no such field. Take it from the findings page.")})
    if field and collection.field(field).never_disclose:
        raise InputRefused({"field": _("This field is never disclosed; it needs no ground to be withheld.")})


def ground_against(case: Case, code: str, explanation: str) -> Exemption:
    try:
        ground = guards.check_refusal_code(case, code)
    except guards.MoveShut as shut:
        raise InputRefused({"code": str(shut)}) from None
    if ground.level != Level.DATA:
        raise InputRefused({"code": _("This ground is against the whole request, not against some of its data.")})
    if guards.must_be_explained(ground) and not explanation:
        raise InputRefused({"explanation": _("This ground has to be explained: write what it means in this case.")})
    return ground


def _check_not_withheld(found: Finding, field: str) -> None:
    meant = Q(number=found.number) | Q(number__isnull=True)
    withheld = Withholding.objects.filter(meant, part=found.part, start__isnull=True)
    if withheld.filter(field="").exists():
        raise InputRefused({"finding": _("The whole record is withheld already.")})
    if withheld.filter(field=field).exists():
        raise InputRefused({"field": _("This field is withheld already.")})
