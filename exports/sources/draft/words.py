"""The words of a name in a database, and whether a phrase stands in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from exports.sources.draft.run_together import parted

PARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
LONG_PLURALS = ("sses", "xes", "ches", "shes")
SHORTEST_PLURAL = 4


@lru_cache(maxsize=4096)  # the same names stand in many tables
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name in small letters without accents: birthDate, BIRTH_DATE and birth-date are the same two.

    Capitals in a row are one word: NationalIDNumber is national, id, number. So is nationalidnumber, whose words are
    known.
    """
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = re.split(r"[^a-z0-9]+", PARTS.sub("_", letters).lower())
    return tuple(part for word in words if word for part in parted(word))


def singular(word: str) -> str:
    """An English word in the singular, as far as its ending tells."""
    if len(word) < SHORTEST_PLURAL or not word.endswith("s") or word.endswith("ss"):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(LONG_PLURALS) else word[:-1]


@lru_cache(maxsize=4096)
def forms_of(word: str) -> frozenset[str]:
    """A word as it stands, without digits at its end, and in the singular: emails2 is an email."""
    bare = word.rstrip("0123456789") or word
    return frozenset((word, bare, singular(bare)))


def ends_at(phrase: Sequence[str], words: Sequence[str], end: int) -> bool:
    """Whether the phrase stands in the words, with its last word at the place before `end`."""
    begin = end - len(phrase)
    return begin >= 0 and all(part in forms_of(word) for part, word in zip(phrase, words[begin:end], strict=True))
