"""Withholding findings on a ground, and lifting that again: a record, or one field of it, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from exports.models import Part, Withholding
from requests_app import guards
from requests_app.events import EventKind
from requests_app.law.values import Exemption
from requests_app.law.words import Level, Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.moves import performs
from requests_app.roles import Actor
from requests_app.services.history import record


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
    found = _find(case, finding)
    _check_field(case, found, field)
    ground = _ground(case, code, explanation)
    _check_not_withheld(found, field)
    withholding = Withholding.objects.create(
        case=case,
        part=found.part,
        number=found.number,
        field=field,
        code=ground.code,
        citation=ground.citation,
        withheld_by=actor.slug,
        withheld_at=at,
    )
    withholding.explanation = explanation
    withholding.save(update_fields=["explanation_sealed"])
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


@performs("lift_withholding")
def lift_withholding(case: Case, *, actor: Actor, at: datetime, finding: str, field: str) -> None:
    """Release what was kept back; its field must be named as it was withheld."""
    found = _find(case, finding)
    row = Withholding.objects.filter(part=found.part, number=found.number, field=field).first()
    if row is None:
        raise InputRefused({"finding": _("This is not withheld; nothing is to be lifted.")})
    row.delete()
    record(
        case,
        EventKind.LIFT_WITHHOLDING,
        by=actor,
        at=at,
        part=str(found.part.pk),
        number=found.number,
        field=field,
        code=row.code,
    )


def _find(case: Case, finding: str) -> Finding:
    """The finding of that name in the case's present round."""
    part_id, _colon, number = finding.partition(":")
    part = _part(case, part_id)
    if part is None or not number.isdecimal() or int(number) >= part.records:
        raise InputRefused(
            {"finding": _("There is no such record among the findings of this case. Take it from the findings page.")}
        )
    return Finding(part, int(number))


def _part(case: Case, part_id: str) -> Part | None:
    try:
        key = UUID(part_id)
    except ValueError:
        return None
    of_round = Part.objects.filter(run__case=case, run__round=case.gathering_round)
    return of_round.select_related("run__map_version").filter(pk=key).first()


def _check_field(case: Case, found: Finding, field: str) -> None:
    if field and case.right_asked == Right.DELETE:
        raise InputRefused({"field": _("A record is deleted or kept as a whole: leave the field empty.")})
    collection = found.part.run.map_version.as_map().collection(found.part.collection)
    if field and field not in collection.columns:
        raise InputRefused({"field": _("This collection has no such field. Take it from the findings page.")})
    if field and collection.field(field).never_disclose:
        raise InputRefused({"field": _("This field is never disclosed; it needs no ground to be withheld.")})


def _ground(case: Case, code: str, explanation: str) -> Exemption:
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
    withheld = Withholding.objects.filter(part=found.part, number=found.number)
    if withheld.filter(field="").exists():
        raise InputRefused({"finding": _("The whole record is withheld already.")})
    if withheld.filter(field=field).exists():
        raise InputRefused({"field": _("This field is withheld already.")})
