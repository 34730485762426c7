"""The values of a pack in words, for who reads the law and not the file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import fields
from datetime import date
from enum import Enum
from functools import singledispatch

from requests_app.law.values import Dated, DegreeRule, Figure
from requests_app.law.wording import spell_date, spell_list, spell_period
from requests_app.law.words import Right, Text

DATING = frozenset({"since", "until", "citation", "checked", "sureness"})
OF_A_FIGURE = frozenset({"name", "value", "unit"})
RIGHTS, ALL_RIGHTS = "rights", "all rights"


def spell_out(value: Dated, all_rights: Collection[Right]) -> list[str]:
    """What a value says, as lines, its rights last; ``all_rights`` are those of its pack."""
    lines = [spell_period(value.value, value.unit, "en")] if isinstance(value, Figure) else []
    if isinstance(value, DegreeRule) and value.degree is None:
        lines.append("degree: as the sensitivity of the data asks")
    for name, item in sorted(_parts(value), key=lambda part: part[0] == RIGHTS):
        words = ALL_RIGHTS if name == RIGHTS and item == frozenset(all_rights) else _in_words(item)
        lines.append(": ".join(filter(None, (name.replace("_", " "), words))))
    return lines


def spell_dating(value: Dated) -> str:
    """From when to when it holds, where it is written, how sure that is, and when it was last read."""
    until = f" until {spell_date(value.until, 'en')}" if value.until else ""
    return (
        f"since {spell_date(value.since, 'en')}{until}; {value.citation};"
        f" {value.sureness.replace('_', ' ')}, read on {spell_date(value.checked, 'en')}"
    )


def _parts(value: Dated) -> Iterator[tuple[str, object]]:
    """The keys of a value that say something, without its dates and where it is written; no yes or no that is no."""
    for field in fields(value):
        item = getattr(value, field.name)
        if field.name in DATING or (isinstance(value, Figure) and field.name in OF_A_FIGURE):
            continue
        if item is not None and item is not False and item != ():
            yield field.name, item


@singledispatch
def _in_words(item: object) -> str:
    return str(item)


@_in_words.register
def _flag(_item: bool) -> str:  # noqa: FBT001
    return ""  # a yes, which the name alone says


@_in_words.register
def _rights(item: frozenset) -> str:  # type: ignore[type-arg]
    return spell_list([right.label for right in Right if right in item], "en")


@_in_words.register
def _several(item: tuple) -> str:  # type: ignore[type-arg]
    return spell_list([_in_words(one) for one in item], "en")


@_in_words.register
def _day(item: date) -> str:
    return spell_date(item, "en")


@_in_words.register
def _text(item: Text) -> str:
    return f"“{item.en}”"


@_in_words.register
def _right(item: Right) -> str:
    return item.label


@_in_words.register
def _word(item: Enum) -> str:
    return (item.value if isinstance(item.value, str) else item.name.lower()).replace("_", " ")
