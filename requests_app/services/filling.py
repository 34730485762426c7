"""What calendars are filled from: California's law, and the ``holidays`` library. What is stored are dates, no rules.

The one module that knows the library, and imports it only when a calendar is filled.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from requests_app.law import calendars, california
from requests_app.law.packs import RESIDENCE
from requests_app.law.words import LawError
from requests_app.models.calendar import FilledFrom
from requests_app.residence import place_name

FEDERAL = "US"
UNITED_KINGDOM = {"ENG": "England", "WLS": "Wales", "SCT": "Scotland", "NIR": "Northern Ireland"}


class CannotFill(Exception):
    """A calendar that can't be filled: why, and what to do."""


@dataclass(frozen=True)
class Filling:
    """What a new calendar is filled with."""

    name: str
    title: str
    filled_from: FilledFrom
    weekend: frozenset[int] = field(default=calendars.WEEKDAYS_ONLY.weekend)
    holidays: dict[date, str] = field(default_factory=dict)


TITLES = {
    FilledFrom.WEEKDAYS_ONLY: "Weekdays only",
    FilledFrom.US_FEDERAL: "United States, federal holidays as observed",
    FilledFrom.CA_STATE_PAID: "California, days on which state offices are closed",
    FilledFrom.CA_GOVERNMENT_CODE_6700: "California, every holiday of Government Code 6700",
}
USUAL = tuple(kind.value for kind in TITLES)


def fill(name: str, years: Collection[int]) -> Filling:
    """The content of a calendar for these years: one of the usual names, or a place (IE, DE-BE). Raises CannotFill."""
    try:
        if name not in USUAL:
            weekend, days = _of_place(name, years)
            return Filling(name, title_of_place(name), FilledFrom.PLACE, weekend, days)
        kind = FilledFrom(name)
        return Filling(name, TITLES[kind], kind, holidays=_of_kind(kind, years))
    except LawError as error:
        raise CannotFill(str(error)) from None


def is_place(code: str) -> bool:
    """Whether the library knows the holidays of this country or region."""
    try:
        _of_place(code, ())
    except CannotFill:
        return False
    return True


def title_of_place(code: str) -> str:
    """The place in words, as far as the desk knows them."""
    country, _dash, region = code.partition("-")
    if country == "GB" and region in UNITED_KINGDOM:
        return f"{UNITED_KINGDOM[region]}, bank holidays"
    return f"{place_name(country)} ({code}), public holidays" if region else f"{place_name(code)}, public holidays"


def _of_kind(kind: FilledFrom, years: Collection[int]) -> dict[date, str]:
    if kind is FilledFrom.CA_STATE_PAID:
        return california.paid_holidays(years)
    if kind is FilledFrom.CA_GOVERNMENT_CODE_6700:
        return california.all_holidays(years)
    if kind is FilledFrom.US_FEDERAL:
        return _of_place(FEDERAL, years)[1]
    return {}


def _of_place(code: str, years: Collection[int]) -> tuple[frozenset[int], dict[date, str]]:
    found = _library(code, years)
    return frozenset(found.weekend), dict(sorted(found.items()))


def _library(code: str, years: Collection[int]) -> Any:
    import holidays  # noqa: PLC0415 - takes a moment, and only filling needs it

    if not RESIDENCE.fullmatch(code):
        raise _unknown(code)
    country, _dash, region = code.partition("-")
    try:
        known = holidays.country_holidays(country, subdiv=region or None)
        language = "en_US" if "en_US" in known.supported_languages else None
        return holidays.country_holidays(country, subdiv=region or None, years=years, language=language)
    except NotImplementedError:
        raise _unknown(code) from None


def _unknown(code: str) -> CannotFill:
    return CannotFill(
        f"The holidays of {code!r} are not known: write a country or region such as IE, DE-BE or GB-ENG (ISO 3166), or"
        f" one of {', '.join(USUAL)}."
    )
