"""Telephone numbers: the spellings that are one number, and the number that a spelling is.

Two numbers are one if both are valid and have the same E.164 form (ITU-T E.164; the numbering plans are those of the
library `phonenumbers`). So that a database can be asked without reading its table, a number is asked for by every way
in which it may be written, each of which was read back: a spelling that another number has as well is none of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat

COUNTRIES = phonenumbers.SUPPORTED_REGIONS  # ISO 3166-1, two letters
# What people write between digits. Anything else, such as the x of an extension, stays: many share what stands before.
BETWEEN = "\t ()./\u00a0\u2007\u2009\u202f\u2010\u2011\u2012\u2013\u2014\u2212-"
DIALLED = re.compile(r"\+?[0-9]{4,20}")
ABROAD = ("+", "", "00", "011")
_NOTHING = str.maketrans("", "", BETWEEN)


def dialled(text: str) -> str:
    """A text without what people write between digits: what is compared, in Python as in a database."""
    return text.translate(_NOTHING)


def e164(text: str, country: str) -> str | None:
    """The number as +14155550101; None for what is no valid number.

    Without a country code it is one of `country`; only what is none there is read as an international number that
    lacks its plus, or has 00 in its place.
    """
    number = _number(text, country)
    return None if number is None else phonenumbers.format_number(number, PhoneNumberFormat.E164)


def spellings(text: str, country: str) -> frozenset[str]:
    """Every way, without what stands between digits, to write the number that a text is; none for what is none."""
    number = _number(text, country)
    if number is None:
        return frozenset()
    same = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return frozenset(written for written in _written(number, country) if e164(written, country) == same)


def _number(text: str, country: str) -> PhoneNumber | None:
    digits = dialled(text)
    if not DIALLED.fullmatch(digits):
        return None
    return _valid(digits, country) or (None if digits[0] == "+" else _valid(f"+{digits.removeprefix('00')}", None))


def _valid(digits: str, country: str | None) -> PhoneNumber | None:
    try:
        number = phonenumbers.parse(digits, country)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def _written(number: PhoneNumber, country: str) -> Iterator[str]:
    """With and without country code, the sign for it, and the prefix of calls within the country."""
    short = phonenumbers.national_significant_number(number)
    region = phonenumbers.region_code_for_number(number) or country
    within = {short, f"{phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ''}{short}"}
    yield from within
    yield dialled(phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL))
    for sign in {*ABROAD, _sign_for_abroad(country)}:
        for rest in within:
            yield f"{sign}{number.country_code}{rest}"


def _sign_for_abroad(country: str) -> str:
    """What is dialled in a country for a call to another, where that is one number."""
    metadata = PhoneMetadata.metadata_for_region(country)
    sign = (metadata.preferred_international_prefix or metadata.international_prefix or "") if metadata else ""
    return sign.replace("~", "") if sign.replace("~", "").isdigit() else ""
