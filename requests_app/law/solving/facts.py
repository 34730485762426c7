"""Reads the facts of a situation: each of its kind, and a fault that names the fact and the cure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from requests_app.law.calendars import SATURDAY, SUNDAY, WEEKDAYS_ONLY, Calendar
from requests_app.law.wording import spell_date
from requests_app.law.words import LawError

V = TypeVar("V")
WEEKDAYS = {name: number for number, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))}
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
YEARS = range(1900, 2200)
LARGEST = 10**10  # more than there are people
HOLIDAYS = ("weekday_holidays_in_window", "holidays_at_period_end")
HOLIDAY = "holiday"


class FactError(LawError):
    """A fact that is missing or wrong: which one, and what to write."""


class Facts:
    """The facts of one situation. What is absent, or null, is unknown: neither yes nor no."""

    def __init__(self, data: object, place: str = "") -> None:
        self.place = place
        if not isinstance(data, Mapping):
            raise FactError(f"{place or 'facts'} is no object: write facts by name, in braces.")
        self._data: Mapping[str, object] = data

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def has(self, *keys: str) -> bool:
        """Whether all of these facts are known."""
        return all(self._data.get(key) is not None for key in keys)

    def is_word(self, key: str) -> bool:
        """Whether a fact that may be of several kinds is a word."""
        return isinstance(self._data.get(key), str)

    def named(self, key: str) -> str:
        """The name of a fact, with that of the fact in which it stands."""
        return f"{self.place}.{key}" if self.place else key

    def fault(self, key: str, problem: str, cure: str) -> FactError:
        """The error to raise about a fact."""
        return FactError(f"{self.named(key)} {problem}: {cure}{'' if cure.endswith('?') else '.'}")

    def day(self, key: str, what: str = "the day") -> date:
        """A date that must be known."""
        return self._known(key, self.day_or_none(key), f"write {what}, such as 2026-11-23")

    def day_or_none(self, key: str) -> date | None:
        """A date, if it is known."""
        return self._read(key, lambda value: self._day(key, value))

    def days(self, key: str) -> list[date]:
        """A list of dates; empty if it is not known."""
        return [self._day(key, value) for value in self._list(key)]

    def day_after(self, key: str, earlier: str) -> date | None:
        """A date that can't lie before another fact, if both are known."""
        day, before = self.day_or_none(key), self.day_or_none(earlier)
        if day and before and day < before:
            raise self.fault(
                key, f"is {spell_date(day, 'en')}, before {self.named(earlier)}", "write the days in their order"
            )
        return day

    def moment(self, key: str) -> datetime | None:
        """A moment with its time zone, if it is known."""
        return self._read(key, lambda value: self._moment(key, value))

    def zone(self, key: str) -> ZoneInfo:
        """A time zone, which must be known."""
        name = self._known(key, self.word(key), "write the zone of the business, such as America/Los_Angeles")
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):  # no such zone; no name of one; a folder of zones
            raise self.fault(key, f"{name!r} is no time zone", "write one such as America/Los_Angeles") from None

    def flag(self, key: str) -> bool | None:
        """A yes or no, if it is known."""
        return self._read(key, lambda value: self._of_kind(key, value, bool, "true or false"))

    def number(self, key: str) -> int | None:
        """A whole number, zero or more, if it is known."""
        return self._read(key, lambda value: self._number(key, value))

    def numbers(self, key: str) -> list[int]:
        """A list of whole numbers; empty if it is not known."""
        return [self._number(key, value) for value in self._list(key)]

    def word(self, key: str, allowed: Collection[str] = ()) -> str | None:
        """A word, if it is known; one of those allowed, where only these have a meaning."""
        word = self._read(key, lambda value: self._of_kind(key, value, str, "a word in quotes"))
        if word is not None and allowed and word not in allowed:
            raise self.fault(key, f"{word!r} has no meaning here", use_one_of(word, allowed))
        return word

    def words(self, key: str) -> list[str] | None:
        """A list of words, if it is known."""
        if not self.has(key):
            return None
        return [self._of_kind(key, value, str, "words in quotes") for value in self._list(key)]

    def table(self, key: str) -> Facts | None:
        """Facts within this one, if they are known."""
        return self._read(key, lambda value: Facts(value, self.named(key)))

    def inner(self, key: str) -> Facts:
        """Facts within this one, which must be there; each is named by its own name alone."""
        if not self.has(key):
            raise self.fault(key, "are missing", "write them by name, in braces; {} if there are none")
        return Facts(self._data[key])

    def tables(self, key: str) -> list[Facts]:
        """A list of facts; empty if it is not known."""
        return [Facts(value, f"{self.named(key)}[{number}]") for number, value in enumerate(self._list(key), start=1)]

    def within(self, key: str) -> list[Facts]:
        """The facts that stand within this one, be it one object or a list of them; none in a word."""
        value = self._data.get(key)
        if isinstance(value, list):
            return self.tables(key)
        return [] if value is None or isinstance(value, str) else [Facts(value, self.named(key))]

    def calendar(self) -> Calendar:
        """The calendar that is told; weekends alone where none is."""
        told = self.table("calendar")
        if told is None:
            return WEEKDAYS_ONLY
        weekend = told.words("weekend")
        holidays = {day: HOLIDAY for key in HOLIDAYS for day in told.days(key)}
        numbers = {SATURDAY, SUNDAY} if weekend is None else {told._weekday(name) for name in weekend}
        try:
            return Calendar(told.word("name") or "as told", "told", weekend=frozenset(numbers), holidays=holidays)
        except ValueError as error:
            raise FactError(f"{told.place}.{error}.") from None

    def _weekday(self, name: str) -> int:
        if name not in WEEKDAYS:
            raise self.fault("weekend", f"{name!r} is no day", use_one_of(name, WEEKDAYS))
        return WEEKDAYS[name]

    def _read(self, key: str, read: Callable[[object], V]) -> V | None:
        value = self._data.get(key)
        return None if value is None else read(value)

    def _known(self, key: str, value: V | None, cure: str) -> V:
        if value is None:
            raise self.fault(key, "is missing", cure)
        return value

    def _list(self, key: str) -> Sequence[object]:
        value = self._data.get(key)
        return [] if value is None else self._of_kind(key, value, list, "a list, in brackets")

    def _of_kind(self, key: str, value: object, kind: type[V], wanted: str) -> V:
        if not isinstance(value, kind):
            raise self.fault(key, f"{value!r} is of the wrong kind", f"write {wanted}")
        return value

    def _day(self, key: str, value: object) -> date:
        text = self._of_kind(key, value, str, "a date such as 2026-11-23, in quotes")
        try:
            day = date.fromisoformat(text) if ISO_DATE.fullmatch(text) else date.min
        except ValueError:
            day = date.min
        if day.year not in YEARS:
            raise self.fault(key, f"{text!r} is no date from 1900 to 2199", "write one such as 2026-11-23")
        return day

    def _moment(self, key: str, value: object) -> datetime:
        text = self._of_kind(key, value, str, "a moment such as 2026-11-23T07:30:00Z, in quotes")
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = datetime.min  # noqa: DTZ901 - refused below, like all that have no zone
        if moment.tzinfo is None or moment.year not in YEARS:
            raise self.fault(key, f"{text!r} is no moment with a time zone", "write one such as 2026-11-23T07:30:00Z")
        return moment

    def _number(self, key: str, value: object) -> int:
        number = self._of_kind(key, value, int, "a whole number")
        if isinstance(number, bool) or not 0 <= number <= LARGEST:
            raise self.fault(key, f"{number!r} is no such number", f"write a whole number from 0 to {LARGEST}")
        return number


def use_one_of(word: str, allowed: Iterable[str]) -> str:
    """The cure for an unknown word: the one that was meant, or all that there are."""
    close = close_to(word, allowed)
    return f"did you mean {close!r}?" if close else f"use one of {', '.join(sorted(allowed))}"


def close_to(word: str, allowed: Iterable[str]) -> str | None:
    """The word that may have been meant."""
    return next(iter(difflib.get_close_matches(word, sorted(allowed), n=1)), None)
