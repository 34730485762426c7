"""What a refusal, whole or in part, must say under every law of the case: reasons, ways on, and nothing untrue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from requests_app.law.lawpack import LawPack
from requests_app.law.values import Authority, Exemption, RefusalText
from requests_app.law.words import Ground, RefusalPart, Right, Text

# What is said only where it is so; every other part belongs to every refusal of its right.
ONLY_IN_PART = frozenset({RefusalPart.REST_DISCLOSED, RefusalPart.REST_DELETED})
ONLY_ON = {
    RefusalPart.PRIVACY_POLICY: frozenset({Ground.NOT_VERIFIED}),
    RefusalPart.HEALTH_STATEMENT: frozenset({Ground.ACCURATE, Ground.DENIED_BEFORE}),
    RefusalPart.DELETION_INSTEAD: frozenset({Ground.ACCURATE, Ground.DENIED_BEFORE}),
}


WHERE_TO_COMPLAIN = frozenset({RefusalPart.COMPLAINT_ROUTES, RefusalPart.COMPLAINT_TO_SUPERVISORY_AUTHORITY})


@dataclass(frozen=True, slots=True)
class Said:
    """One part that the letter must have, as one law words it."""

    part: RefusalPart
    law: str
    text: Text
    citation: str


def required(
    packs: Sequence[LawPack],
    right: Right,
    *,
    on: date,
    partial: bool = False,
    ground: Ground | None = None,
    offer_opt_out: bool = False,
    residence: str = "",
) -> tuple[Said, ...]:
    """The parts that the letter must have, law by law, each text once.

    ``residence`` is where the person lives: a law that says that one may complain to an authority names that of the
    place, if it knows it (GDPR Art. 77(1)); of another place it says no more than that.
    ``partial``: some of what was asked was done. ``ground`` is the kind of the ground that was used. ``offer_opt_out``:
    a deletion is refused where data is sold or shared and the person has not opted out (11 CCR 7022(g)). An appeal is
    named only under a law that has one (G16), authority and court under those that say so (G15). What the house's
    policy says to everybody of where to complain stays out where a law of the case names the place.
    """
    said: dict[Text, Said] = {}
    parts = [(pack, item) for pack in packs for item in _parts(pack, right, on, residence)]
    is_named = any(item.part in WHERE_TO_COMPLAIN for pack, item in parts if not pack.is_policy)
    for pack, item in parts:
        if pack.is_policy and is_named and item.part in WHERE_TO_COMPLAIN:
            continue
        if _belongs(item.part, partial=partial, ground=ground, offer_opt_out=offer_opt_out):
            said.setdefault(item.text, item)
    return tuple(said.values())


def where_to_complain(packs: Sequence[LawPack], right: Right, *, on: date, residence: str) -> tuple[Said, ...]:
    """To which authority one may complain under the laws that say so, also where nothing is refused yet."""
    said = required(packs, right, on=on, residence=residence)
    return tuple(item for item in said if item.part is RefusalPart.COMPLAINT_TO_SUPERVISORY_AUTHORITY)


def grounds_of_all(packs: Sequence[LawPack], used: Exemption, right: Right, *, on: date) -> tuple[Exemption, ...]:
    """The ground that was used, and its like under every other law of the case that gives the right.

    Of the house's own policy only where no law of the case has it: it would say the same once more.
    """
    found, own = list[Exemption](), list[Exemption]()
    for pack in packs:
        fitting = [item for item in pack.exemptions_for(right, on) if item.is_like(used)]
        if fitting:
            (own if pack.is_policy else found).append(used if used in fitting else fitting[0])
    others = tuple(item for item in found or own if item != used)
    return others if used in own and found else (used, *others)


def cited(packs: Sequence[LawPack], ground: Exemption, language: str) -> str:
    """Where a ground is written, with its law's name: without it ``Art. 21(1)`` tells a reader nothing."""
    owner = next((pack for pack in packs if ground in pack.exemptions), None)
    return owner.cited(ground.citation, language) if owner else ground.citation


def _parts(pack: LawPack, right: Right, on: date, residence: str) -> Iterator[Said]:
    authority = pack.authority(residence, on)
    for item in pack.refusal_texts_for(right, on):
        yield _said(pack, item)
        if item.part is RefusalPart.COMPLAINT_TO_SUPERVISORY_AUTHORITY and authority is not None:
            yield Said(item.part, pack.slug, _named(authority), authority.citation)
    appeal = pack.appeal_rule(right, on)
    if appeal is not None:
        yield Said(RefusalPart.APPEAL_INSTRUCTIONS, pack.slug, appeal.text, appeal.citation)


def _named(authority: Authority) -> Text:
    """The sentence that names it, after the one that says that one may complain."""
    named = f"{authority.name}, {authority.website}"
    sentence = Text(
        en=f"The national authority where you live is: {named}.",
        es=f"La autoridad nacional del lugar donde vive es: {named}.",
    )
    if authority.note is None:
        return sentence
    return Text(en=f"{sentence.en} {authority.note.en}", es=f"{sentence.es} {authority.note.es}")


def _said(pack: LawPack, item: RefusalText) -> Said:
    return Said(item.part, pack.slug, item.text, item.citation)


def _belongs(part: RefusalPart, *, partial: bool, ground: Ground | None, offer_opt_out: bool) -> bool:
    if part in ONLY_IN_PART:
        return partial
    if part is RefusalPart.OPT_OUT_OFFERED:
        return offer_opt_out
    return part not in ONLY_ON or ground in ONLY_ON[part]
