"""What a column may hold, guessed from its name, its type, and values: a proposal to a person, with the reason.

The word that stands last decides, for it says what the others are about: `email_template` is a template, and
`comment_author_email` an address. Where no rule fits, the draft says so and asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from exports.sources.draft.rules import (
    ABOUT_WHAT_FOLLOWS,
    BY_TYPE,
    IP_ADDRESS,
    PATTERNS,
    ROW_NUMBER,
    RULES,
    STILL_SECRET,
    Rule,
)
from exports.sources.draft.words import ends_at, forms_of, words_of
from exports.sources.schema import Column, Kind

SAMPLED_ENOUGH = 0.8  # of the values that are not empty
FEWEST_VALUES = 3
WITHOUT_SHAPE = frozenset({Kind.OTHER, Kind.BINARY})  # JSON, arrays, encrypted values: anything may be in them


@dataclass(frozen=True, slots=True)
class Guess:
    """A rule that fits, and why; without a rule a person has to say what the column holds."""

    rule: Rule | None
    why: str

    @property
    def what(self) -> str:
        """What it is taken for."""
        return self.rule.what if self.rule else self.why

    @property
    def is_personal(self) -> bool:
        """Whether a row with such a column is a person's or about one, and no entry of a list of things."""
        return self.rule is not None and (self.rule.marks_people or self.rule.sensitive)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Words that a rule knows a column by."""

    words: tuple[str, ...]
    is_whole: bool
    rule: Rule

    @property
    def text(self) -> str:
        return "_".join(self.words)


@dataclass(frozen=True, slots=True)
class _Found:
    """A phrase that stands in a name; of several the one that ends last counts, and of those the longest."""

    end: int
    phrase: _Phrase

    @property
    def rank(self) -> tuple[int, int]:
        return self.end, len(self.phrase.words)


def guess(column: Column, values: Sequence[str] = (), *, noun: Sequence[str] = ()) -> Guess:
    """What the column may hold, by the sampled values if they say it, else by its name, else by its type.

    ``noun``: what rows of its table are, which may say the rest of its name: an `address` of `email_addresses`.
    """
    named = _by_name(_whole_name(column.name, noun), column.kind)
    seen = _by_values(values) if column.kind is Kind.TEXT else None
    if seen and (named is None or named.rule is None or not named.rule.never):
        return seen
    if named:
        return named
    rule = BY_TYPE.get(column.kind)
    if rule:
        return Guess(rule, f"{rule.what}, by its type")
    return Guess(None, "neither name nor type says what it holds")


def _whole_name(column: str, noun: Sequence[str]) -> str:
    words = words_of(column)
    says_the_rest = 0 < len(words) < len(noun) and tuple(noun[-len(words) :]) == words
    return "_".join(noun) if says_the_rest else column


def _phrases() -> dict[str, list[_Phrase]]:
    """The phrases of all rules by the word that they end with, in the order of the rules."""
    found = defaultdict(list)
    for rule in RULES:
        for name in rule.names.split():
            words = tuple(name.removeprefix("=").split("_"))
            found[words[-1]].append(_Phrase(words, name.startswith("="), rule))
    return dict(found)


PHRASES = _phrases()


@lru_cache(maxsize=4096)  # the same names stand in many tables
def _by_name(column: str, kind: Kind) -> Guess | None:
    words = words_of(column)
    found = list(_found(words))
    fitting = [one for one in found if kind in one.phrase.rule.kinds]
    best = _best(words, fitting)
    if best is not None:
        return Guess(best.rule, f'{best.rule.what}, by "{best.text}" in its name')
    looks = _best(words, found) if kind in WITHOUT_SHAPE else None
    if looks is None:
        return None
    return Guess(looks.rule.as_it_looks(), f'{looks.rule.what} in another form, by "{looks.text}" in its name')


def _found(words: Sequence[str]) -> Iterator[_Found]:
    for end, word in enumerate(words, 1):
        for form in sorted(forms_of(word)):
            for phrase in PHRASES.get(form, ()):
                is_there = ends_at(phrase.words, words, end)
                if is_there and (not phrase.is_whole or len(phrase.words) == len(words)):
                    yield _Found(end, phrase)


def _best(words: Sequence[str], found: Sequence[_Found]) -> _Phrase | None:
    """The thing that is named; or what is said about it, if that is another thing than the one named."""
    if not found:
        return None
    last = max(found, key=lambda one: one.rank)
    is_question = words[0] in ABOUT_WHAT_FOLLOWS and last.end - len(last.phrase.words) > 0
    if not last.phrase.rule.says_about and not (is_question and last.phrase.rule.is_secret_or_compared):
        return last.phrase
    if is_question and not last.phrase.rule.says_about:
        return _asked_about(found)
    things = [one for one in found if not one.phrase.rule.says_about]
    if not things:
        return last.phrase
    thing = max(things, key=lambda one: one.rank).phrase
    return thing if _stays(thing.rule, last.phrase) else last.phrase


def _stays(thing: Rule, said: _Phrase) -> bool:
    """Whether what is said about a thing is of the thing's kind: a code of a gender is, the type of a telephone not."""
    if thing.is_secret_or_compared:
        return thing.never is not None and said.text in STILL_SECRET
    if thing is IP_ADDRESS:
        return False
    return said.rule is not ROW_NUMBER or thing.category is not ROW_NUMBER.category


def _asked_about(found: Sequence[_Found]) -> _Phrase | None:
    """What the beginning of the name says about the thing that follows; None if no rule knows it."""
    about = [one.phrase for one in found if one.end == 1 and one.phrase.rule.says_about]
    return about[0] if about else None


def _by_values(values: Sequence[str]) -> Guess | None:
    """The pattern that most of the values fit. How many is said, never which."""
    for pattern, rule in PATTERNS:
        fitting = sum(bool(pattern.fullmatch(value.strip())) for value in values)
        if fitting >= max(FEWEST_VALUES, SAMPLED_ENOUGH * len(values)):
            return Guess(rule, f"{rule.what}, by {fitting} of {len(values)} sampled values")
    return None
