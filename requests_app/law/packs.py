"""The law packs: one file a law under ``packs/``, read and checked strictly, and which of them apply to whom."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType

from requests_app.law.checking import check
from requests_app.law.lawpack import EVERYBODY, LawPack, NoSuchFigure, RightNotGiven
from requests_app.law.reading import LawPackError
from requests_app.law.sections import build_pack
from requests_app.law.words import DutyKind, LawError, Right

FOLDER = Path(__file__).parent / "packs"
HOUSE = "house"
ANSWERED_BY = frozenset({DutyKind.ANSWER, DutyKind.OPT_OUT_DONE})
RESIDENCE = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


class UnknownLaw(LawError):
    """There is no pack of that name."""


@cache
def all_packs() -> Mapping[str, LawPack]:
    """Every law by its slug; read once. Raises LawPackError that names file, key and cure."""
    return read_folder(FOLDER)


def law_pack(slug: str) -> LawPack:
    """The pack of one law as it stands now; raises UnknownLaw."""
    packs = all_packs()
    if slug not in packs:
        raise UnknownLaw(f"There is no law {slug!r}: use one of {', '.join(packs)}.")
    return packs[slug]


def house() -> LawPack:
    """What the organisation's own policy promises to everybody, and its own targets."""
    return all_packs()[HOUSE]


def laws_for(residence: str, right: Right, on: date, *, everywhere: Collection[str] = ()) -> tuple[LawPack, ...]:
    """The laws that give this right to who lives there, that of the place first; the house's own policy if none.

    ``residence`` is a state as in ISO 3166-2 ("US-CA") or a country as in ISO 3166-1 ("DE"). ``everywhere`` names laws
    that bind the house wherever a person lives, as GDPR Art. 3(1) binds who is established in the Union. Where no law
    of the set says by when to answer, the policy joins it, so that no request is without a date. Raises LawError.
    """
    if not RESIDENCE.fullmatch(residence):
        raise LawError(f"{residence!r} is no place of residence: write a code such as US-CA (ISO 3166-2) or DE.")
    known = all_packs().values()
    giving = [pack for pack in known if residence in pack.applies and pack.gives(right, on)]
    giving += [pack for pack in known if pack.slug in everywhere and pack not in giving and pack.gives(right, on)]
    if house().gives(right, on) and not any(_dates_the_answer(pack, right, on) for pack in giving):
        giving.append(house())
    return tuple(giving)


def why_not_given(residence: str, right: Right, on: date) -> RightNotGiven:
    """Why somebody who lives there has no such right on this day, in the words of the law that comes nearest to it."""
    applying = (pack for pack in all_packs().values() if residence in pack.applies)
    nearest = next((pack for pack in applying if right in pack.all_rights), house())
    return nearest.why_not(right, on)


def given_from(residence: str, right: Right, on: date) -> date | None:
    """The first day from which somebody who lives there has this right, if that is still to come; else None."""
    applying = [pack for pack in all_packs().values() if residence in pack.applies or pack.is_policy]
    days = [given.since for pack in applying for given in pack.rights if given.right is right and given.since > on]
    return min(days, default=None)


def _dates_the_answer(pack: LawPack, right: Right, on: date) -> bool:
    return any(rule.kind in ANSWERED_BY for rule in pack.duty_rules(right, on))


def read_folder(folder: Path) -> Mapping[str, LawPack]:
    """The packs of a folder by slug, in alphabetical order; raises LawPackError."""
    packs = {path.stem: read_file(path) for path in sorted(folder.glob("*.toml"))}
    if HOUSE not in packs:
        raise LawPackError(f"{folder.name}/{HOUSE}.toml: missing: write what the organisation promises to everybody")
    return MappingProxyType(packs)


def read_file(path: Path) -> LawPack:
    """The pack of one file; raises LawPackError."""
    file = f"{path.parent.name}/{path.name}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no UTF-8, or no TOML
        raise LawPackError(f"{file}: cannot be read: {error}: correct the file there") from None
    pack = read_pack(data, file)
    if pack.slug != path.stem:
        raise LawPackError(f"{file}: law.slug: {pack.slug!r} is not the file's name: write {path.stem!r}")
    return pack


@lru_cache(maxsize=256)
def pack_from_text(canonical_text: str) -> LawPack:
    """The pack whose canonical text this is, as it was pinned to a case; raises LawPackError."""
    return read_pack(json.loads(canonical_text, object_hook=_with_dates), "pinned pack")


def read_pack(data: Mapping[str, object], file: str) -> LawPack:
    """The pack that these tables make, checked; ``file`` is named in errors. Raises LawPackError."""
    pack = build_pack(data, file)
    check(pack, file)
    if pack.waives and not pack.is_policy:
        raise LawPackError(
            f"{file}: law.waives: only the pack {HOUSE!r} may do without another law's grounds: delete it"
        )
    if pack.is_policy != (pack.slug == HOUSE):
        raise LawPackError(f"{file}: law.applies: only the pack {HOUSE!r} applies to everybody: write residences")
    for residence in pack.applies - {EVERYBODY}:
        if not RESIDENCE.fullmatch(residence):
            raise LawPackError(f"{file}: law.applies: {residence!r} is no residence: write a code such as US-CA or DE")
    return pack


def _with_dates(table: dict[str, object]) -> dict[str, object]:
    """The table with its dates as dates, which JSON can't hold. No text of a pack is just a date."""
    return {
        key: date.fromisoformat(value) if isinstance(value, str) and ISO_DATE.fullmatch(value) else value
        for key, value in table.items()
    }


__all__ = [
    "LawPack",
    "LawPackError",
    "NoSuchFigure",
    "RightNotGiven",
    "UnknownLaw",
    "all_packs",
    "given_from",
    "house",
    "law_pack",
    "laws_for",
    "pack_from_text",
    "read_file",
    "read_folder",
    "read_pack",
    "why_not_given",
]
