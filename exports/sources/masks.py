"""Masks: what a de-identification puts in the place of a value; computed here where a row's own value counts."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from exports.sources.comparing import exact_form
from exports.sources.datamap import Clear, Constant, KeyedHash, RandomToken, Replacement, Truncate, Year
from exports.sources.values import Json

TOKEN_BYTES = 8
TOKEN = re.compile(rf"[0-9a-f]{{{2 * TOKEN_BYTES}}}")
HASH_LETTERS = 32  # 96 bits of the digest, and 32 by which a hash of ours is known
BODY_LETTERS = 24
DATE = re.compile(r"(?!0000)(\d{4})-\d\d-\d\d(?:[T ](?!.*BC).*)?")
OF_NO_YEAR = re.compile(
    r"-?infinity|0000-00-00(?:[T ]00:00:00.*)?"
)  # no end, and MariaDB's way to say that there is none
FIRST_DAY = "-01-01"
MIDNIGHT = "T 0:.Z"  # the signs that it is written with behind a day


class NotMaskableError(ValueError):
    """The value is none of which the mask can be made; the sentence does not hold it."""


@dataclass(frozen=True, slots=True)
class Hashing:
    """Keyed hashes of one source: equal values stay equal, and nobody without the key gets back from one to its value.

    ``digests`` gives the digests of a text in hexadecimal, one for each live key, the current one first.
    """

    digests: Callable[[str], Sequence[str]]

    def mask(self, value: str) -> str:
        """The hash of a value; a hash of ours stays as it is, so that to do it twice is to do it once."""
        if self.made(value):
            return value
        body = self.digests(f"value:{value}")[0][:BODY_LETTERS]
        return body + self.digests(f"hash:{body}")[0][: HASH_LETTERS - BODY_LETTERS]

    def made(self, value: str) -> bool:
        """Whether it is a hash that was made here."""
        if len(value) != HASH_LETTERS:
            return False
        end = HASH_LETTERS - BODY_LETTERS
        return value[BODY_LETTERS:] in {found[:end] for found in self.digests(f"hash:{value[:BODY_LETTERS]}")}


def needs_value(by: Replacement) -> bool:
    """Whether the mask is made from what the row holds."""
    return isinstance(by, KeyedHash | Truncate | Year)


def masked(by: Replacement, held: Json, hashing: Hashing | None) -> Json:
    """What a column holds afterwards, of what it holds; nothing stays nothing. Raises NotMaskableError."""
    match by:
        case Constant(value):
            return value
        case RandomToken():
            return secrets.token_hex(TOKEN_BYTES)
        case Clear():
            return None
    return held if held in (None, "") else _made_of(by, exact_form(held), hashing)


def _made_of(by: KeyedHash | Truncate | Year, text: str | None, hashing: Hashing | None) -> str:
    if text is None:
        raise NotMaskableError("it is no text, number or date")
    if isinstance(by, Truncate):
        return text[: by.letters]
    if isinstance(by, Year):
        return _first_of_its_year(text)
    if hashing is None:
        raise NotMaskableError("there is no key to hash it with")
    return hashing.mask(text)


def looks_masked(by: Replacement, held: Json, hashing: Hashing | None) -> bool:
    """Whether a value may be what the mask left; what is shorter than a truncated one, or empty, may be either."""
    match by:
        case Constant(value):
            return exact_form(held) == exact_form(value) or _is_day(exact_form(held), exact_form(value))
        case Clear():
            return held is None
        case RandomToken():
            return isinstance(held, str) and TOKEN.fullmatch(held) is not None
    text = exact_form(held) or ""
    if isinstance(by, Truncate):
        return len(text) <= by.letters
    if isinstance(by, Year):
        return not text or OF_NO_YEAR.fullmatch(text) is not None or _is_first_of_a_year(text)
    return not text or (hashing is not None and hashing.made(text))


def _is_day(held: str | None, day: str | None) -> bool:
    """Whether a column of moments holds the beginning of a day that was written there."""
    if held is None or day is None or DATE.fullmatch(held) is None:
        return False
    return held[:10] == day and not held[10:].strip(MIDNIGHT)


def _first_of_its_year(text: str) -> str:
    """A date that names no year tells nobody's, and stays."""
    if OF_NO_YEAR.fullmatch(text):
        return text
    found = DATE.fullmatch(text)
    if found is None:
        raise NotMaskableError("it is no date of a year from 1 to 9999; put it right in the source, or write clear")
    return found[1] + FIRST_DAY


def _is_first_of_a_year(text: str) -> bool:
    return DATE.fullmatch(text) is not None and text[4:10] == FIRST_DAY and not text[10:].strip(MIDNIGHT)
