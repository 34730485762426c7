"""Grounds to refuse, withhold or keep: each only on its rights, within its dates, at its level."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from requests_app.law.lawpack import LawPack
from requests_app.law.values import Condition, Exemption
from requests_app.law.wording import spell_date, spell_list
from requests_app.law.words import LawError, Level, Right


class ExemptionDoesNotFit(LawError):
    """A ground that may not be used here: why, what to do, and the citation."""


def usable(packs: Sequence[LawPack], code: str, right: Right, *, on: date, unmet: Collection[str] = ()) -> Exemption:
    """The ground ``code``, if it may be used against ``right`` for what was received on ``on``.

    It must fit the right and the day (G10), none of its conditions may be among ``unmet``, and every other law of the
    case that gives the right must have its like. Raises ExemptionDoesNotFit.
    """
    versions = [(pack, item) for pack in packs for item in pack.exemptions if item.code == code]
    if not versions:
        raise ExemptionDoesNotFit(
            f"No law of this case knows the ground {code!r}: choose one of those that are offered, or disclose.",
            "; ".join(pack.citation for pack in packs),
        )
    holding = next(((pack, item) for pack, item in versions if item.holds(on)), None)
    if holding is None:
        raise _out_of_time(versions[-1][1], on)
    owner, found = holding
    if right not in found.rights:
        raise ExemptionDoesNotFit(
            f"The ground {code} is one against {_labels(found.rights)}, not against {right.label}: choose a ground that"
            " fits, or do what is asked.",
            found.citation,
        )
    _check_conditions(owner, found, on, unmet)
    _check_other_laws(packs, owner, found, right, on)
    return found


def to_keep(packs: Sequence[LawPack], code: str, *, on: date, known: Iterable[LawPack]) -> Exemption:
    """The ground on which data may be kept from a deletion; where ``code`` is another law's, their like of it.

    One data map serves people under all laws, and names each ground once. Raises ExemptionDoesNotFit.
    """
    if not any(item.code == code for pack in packs for item in pack.exemptions):
        kinds = {item.ground for pack in known for item in pack.exemptions if item.code == code and item.ground}
        likes = fitting(packs, Right.DELETE, on, level=Level.DATA)
        code = next((item.code for item in likes if item.ground in kinds), code)
    found = usable(packs, code, Right.DELETE, on=on)
    if found.level is not Level.DATA:
        raise ExemptionDoesNotFit(
            f"The ground {code} is one against a whole request, not one to keep some data: choose a ground for data.",
            found.citation,
        )
    return found


def fitting(packs: Sequence[LawPack], right: Right, on: date, level: Level | None = None) -> tuple[Exemption, ...]:
    """The grounds that may be used against ``right`` for what was received on ``on``; all levels, or one."""
    return tuple(
        item
        for pack in packs
        for item in pack.exemptions_for(right, on)
        if level in (None, item.level) and _without_its_like(packs, pack, item, right, on) is None
    )


def conditions(packs: Sequence[LawPack], exemption: Exemption, *, on: date) -> tuple[Condition, ...]:
    """What must be so for the ground to be used, as staff are asked it."""
    known = {item.slug: item for pack in packs for item in pack.conditions if item.holds(on)}
    return tuple(known[slug] for slug in exemption.conditions if slug in known)


def _check_conditions(owner: LawPack, found: Exemption, on: date, unmet: Collection[str]) -> None:
    texts = [str(item.text) for item in conditions([owner], found, on=on) if item.slug in unmet]
    if texts:
        raise ExemptionDoesNotFit(
            f"The ground {found.code} needs that {spell_list(texts, 'en')}: choose another one, or do what is asked.",
            found.citation,
        )


def _check_other_laws(packs: Sequence[LawPack], owner: LawPack, found: Exemption, right: Right, on: date) -> None:
    other = _without_its_like(packs, owner, found, right, on)
    if other is not None:
        raise ExemptionDoesNotFit(
            f"{other.short_title} gives {right.label} too and has no ground like {found.code}: choose a ground that"
            " every law of this case has, or do what is asked.",
            found.citation,
        )


def _without_its_like(
    packs: Sequence[LawPack], owner: LawPack, found: Exemption, right: Right, on: date
) -> LawPack | None:
    """The first other law that gives the right and has no ground like this one; the house's policy takes it over."""
    others = (pack for pack in packs if pack is not owner and pack.gives(right, on) and not pack.adopts(found.code))
    return next(
        (pack for pack in others if not any(item.is_like(found) for item in pack.exemptions_for(right, on))), None
    )


def _out_of_time(exemption: Exemption, on: date) -> ExemptionDoesNotFit:
    if exemption.until and exemption.until <= on:
        when = f"is none since {spell_date(exemption.until, 'en')}"
    else:
        when = f"is one since {spell_date(exemption.since, 'en')}"
    return ExemptionDoesNotFit(
        f"The ground {exemption.code} {when}, and the request was received on {spell_date(on, 'en')}: choose a ground"
        " that held then, or do what is asked.",
        exemption.citation,
    )


def _labels(rights: Collection[Right]) -> str:
    return spell_list([right.label for right in Right if right in rights], "en")


__all__ = ["Exemption", "ExemptionDoesNotFit", "conditions", "fitting", "to_keep", "usable"]
