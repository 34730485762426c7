"""Reads a law pack's tables strictly: every key known, every value of its kind, every fault with file, key and cure."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypedDict, TypeVar

from requests_app.law.words import LANGUAGES, Right, Sureness, Text

W = TypeVar("W", bound=StrEnum)
V = TypeVar("V")


class LawPackError(Exception):
    """A law pack that can't be used: the file, the key, what is wrong, and the cure."""


class Dating(TypedDict):
    """What every value carries: from when to when, where it is written, when that was read, how sure it is."""

    since: date
    until: date | None
    citation: str
    checked: date
    sureness: Sureness


@dataclass
class Table:
    """One table of a pack while it is read; it knows its place, and which of its keys were read."""

    data: Mapping[str, object]
    file: str
    path: str = ""
    rights_given: Collection[Right] = tuple(Right)
    read: set[str] = field(default_factory=set)

    def fault(self, key: str, problem: str, cure: str) -> LawPackError:
        """The error to raise about a key of this table."""
        place = ".".join(part for part in (self.path, key) if part)
        return LawPackError(f"{self.file}: {place}: {problem}: {cure}")

    def has(self, key: str) -> bool:
        """Whether an optional key is there."""
        return key in self.data

    def text(self, key: str) -> str:
        """A text that says something."""
        value = self._value(key, str, "a text in quotes")
        if not value.strip() or value != value.strip():
            raise self.fault(key, "an empty text, or one with blanks around it", "write the text")
        return value

    def whole_number(self, key: str) -> int:
        """A number, zero or more."""
        value = self._value(key, int, "a whole number")
        if isinstance(value, bool) or value < 0:
            raise self.fault(key, f"{value!r} is no such number", "write a whole number, zero or more")
        return value

    def flag(self, key: str) -> bool:
        """A yes or no that is no when absent."""
        return self._value(key, bool, "true or false") if self.has(key) else False

    def day(self, key: str) -> date:
        """A date without a time."""
        value = self._value(key, date, "a date such as 2026-01-01, without quotes")
        if isinstance(value, datetime):
            raise self.fault(key, "a date with a time", "write a date such as 2026-01-01")
        return value

    def word(self, key: str, kind: type[W]) -> W:
        """One of the words of ``kind``."""
        return self.one_of(key, self.text(key), {word.value: word for word in kind})

    def one_of(self, key: str, value: str, allowed: Mapping[str, V]) -> V:
        """What ``value`` stands for among the allowed words."""
        if value not in allowed:
            raise self.fault(key, f"unknown word {value!r}", _use_one_of(value, allowed))
        return allowed[value]

    def texts(self, key: str) -> Text:
        """A text in every language of the house."""
        inner = self.table(key)
        text = Text(**{language: inner.text(language) for language in LANGUAGES})
        inner.refuse_other_keys()
        return text

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of different texts, at least one."""
        value = self._value(key, list, 'a list such as ["a", "b"]')
        if not value or not all(isinstance(item, str) and item for item in value) or len(set(value)) < len(value):
            raise self.fault(key, "no list of different texts", 'write a list such as ["a", "b"]')
        return tuple(value)

    def right(self, key: str) -> Right:
        """One right that this pack gives."""
        return self._right(key, self.text(key))

    def rights(self, key: str = "rights") -> frozenset[Right]:
        """A list of rights that this pack gives, or the word "all"."""
        if self.data.get(key) == "all":
            self.read.add(key)
            return frozenset(self.rights_given)
        return frozenset(self._right(key, slug) for slug in self.strings(key))

    def dating(self) -> Dating:
        """The dates, the citation and the sureness of a value."""
        since = self.day("since")
        until = self.day("until") if self.has("until") else None
        if until is not None and until <= since:
            raise self.fault("until", f"{until} is not after since", "write the first day without the value")
        return Dating(
            since=since,
            until=until,
            citation=self.text("citation"),
            checked=self.day("checked"),
            sureness=self.word("sureness", Sureness),
        )

    def table(self, key: str) -> Table:
        """A table within this one."""
        value = self._value(key, dict, f"a table such as [{key}]")
        return Table(value, self.file, ".".join(part for part in (self.path, key) if part), self.rights_given)

    def tables(self, key: str, build: Callable[[Table], V]) -> tuple[V, ...]:
        """What ``build`` makes of each [[key]] block, in order; none when the key is absent. Blocks count from 1."""
        if not self.has(key):
            return ()
        built = []
        for number, block in enumerate(self._value(key, list, f"blocks that begin with [[{key}]]"), start=1):
            if not isinstance(block, dict):
                raise self.fault(key, "no table", f"write blocks that begin with [[{key}]]")
            inner = Table(block, self.file, f"{key}[{number}]", self.rights_given)
            built.append(build(inner))
            inner.refuse_other_keys()
        return tuple(built)

    def refuse_other_keys(self) -> None:
        """Raise about the first key that nothing has read: it is misspelt, or in the wrong place."""
        for key in self.data:
            if key not in self.read:
                raise self.fault(key, "unknown key", _use_one_of(key, self.read))

    def _right(self, key: str, slug: str) -> Right:
        given = {right.value: right for right in self.rights_given}
        if slug not in given:
            raise self.fault(key, f"unknown right {slug!r}", _use_one_of(slug, given))
        return given[slug]

    def _value(self, key: str, kind: type[V], wanted: str) -> V:
        self.read.add(key)
        if key not in self.data:
            raise self.fault(key, "missing", f"write {wanted}")
        value = self.data[key]
        if not isinstance(value, kind):
            raise self.fault(key, f"{value!r} is of the wrong kind", f"write {wanted}")
        return value


def _use_one_of(word: str, allowed: Iterable[str]) -> str:
    words = sorted(allowed)
    close = difflib.get_close_matches(word, words, n=1)
    return f"did you mean {close[0]!r}?" if close else f"use one of {', '.join(words)}"
