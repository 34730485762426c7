"""A text as the detector reads it: the digits, letters, dashes and spaces of any script as ASCII, and the way back."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

APOSTROPHES = frozenset("\u2018\u2019\u02bc\uff07\u00b4`")
DASHES = frozenset("\u2212\u2043\u30fc")  # minus and the like: no dashes by their category
UNSEEN = frozenset({"Cf", "Mn", "Me"})  # joiners, soft hyphens, accents that stand alone


@dataclass(frozen=True)
class Plain:
    """The text in small ASCII letters where there are such; ``places`` says where each of its signs stood."""

    text: str
    places: Sequence[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a passage, not an empty one, stands in the text as it was given."""
        return self.places[start], self.places[end - 1] + 1


class _Folding(dict[int, str]):
    """What becomes of each sign: one sign, or none; made when it is met first."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


def _folded(sign: str) -> str:
    category, digit = unicodedata.category(sign), unicodedata.decimal(sign, None)
    if sign.isascii() or category in UNSEEN:
        return sign.lower() if sign.isascii() else ""
    if digit is not None:
        return str(digit)
    if category == "Pd" or sign in DASHES:
        return "-"
    if sign.isspace() or sign in APOSTROPHES:
        return " " if sign.isspace() else "'"
    base = unicodedata.normalize("NFKD", sign)[0].lower()
    return base if base.isascii() and base.isalpha() else sign


FOLDING = _Folding()


def folded(text: str) -> str:
    """A text as patterns read it, wherever its signs stood."""
    return text.lower() if text.isascii() else text.translate(FOLDING)


def plain(text: str) -> Plain:
    """Fold a text; one of ASCII stays in its places, as does any of which nothing is left out."""
    read = folded(text)
    if text.isascii() or len(read) == len(text):
        return Plain(read, range(len(text)))
    return Plain(read, [place for place, sign in enumerate(text) if FOLDING[ord(sign)]])
