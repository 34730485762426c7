"""A pack as a page of text for a person, and the proof that all packs can be read."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from requests_app.law.describing import spell_dating, spell_out
from requests_app.law.lawpack import LawPack
from requests_app.law.values import Dated
from requests_app.law.wording import spell_date
from requests_app.law.words import LawError, Sureness

WIDTH = 100
INDENT = "  "


def show(pack: LawPack, on: date) -> str:
    """What the law says on a day, each value with its dates, its citation and how sure it is; then what begins later.

    Raises LawError before the law's first day.
    """
    if on < pack.since:
        first, day = spell_date(pack.since, "en"), spell_date(on, "en")
        raise LawError(f"{pack.title} applies since {first}, not on {day}: write that day.", pack.citation)
    return "\n".join([*_head(pack, on), *_in_force(pack, on), *_later(pack, on)]) + "\n"


def proof(packs: Mapping[str, LawPack]) -> str:
    """That all packs can be used: one line a law, with its values counted by how sure they are."""
    columns = ["law", "values", *(item.value.replace("_", " ") for item in Sureness), "since"]
    rows = [[slug, *_counts(pack), pack.since.isoformat()] for slug, pack in packs.items()]
    numbers = [[int(cell) for cell in row[1:-1]] for row in rows]
    total = ["all", *(str(sum(column)) for column in zip(*numbers, strict=True)), ""]
    return "".join(f"{line}\n" for line in [*_table([columns, *rows, total]), f"{len(packs)} packs can be used."])


def wrapped(text: str, indent: str) -> list[str]:
    """A text in lines that fit, all but the first indented further."""
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    )


def heading(section: str) -> str:
    """The name of a section, as a heading."""
    return section.replace("_", " ").upper()


def _head(pack: LawPack, on: date) -> Iterator[str]:
    yield f"{pack.title} ({pack.slug})"
    residences = "everybody" if "*" in pack.applies else ", ".join(sorted(pack.applies))
    yield from wrapped(f"{pack.jurisdiction}; applies to {residences}; since {spell_date(pack.since, 'en')}", "")
    calendar = "calendar of the place where the house must act" if pack.calendar == "place" else "weekdays only"
    sure = pack.sureness.replace("_", " ")
    yield from wrapped(f"{pack.citation}; {sure}, read on {spell_date(pack.checked, 'en')}; {calendar}", "")
    yield ""
    yield f"As of {spell_date(on, 'en')}:"


def _in_force(pack: LawPack, on: date) -> Iterator[str]:
    for section, values in pack.sections.items():
        holding = [value for value in values if value.holds(on)]
        if holding:
            yield ""
            yield heading(section)
            yield from _spelt(holding, pack)


def _later(pack: LawPack, on: date) -> Iterator[str]:
    """What does not hold yet."""
    later = [(section, value) for section, values in pack.sections.items() for value in values if value.since > on]
    if not later:
        return
    yield ""
    yield "BEGINS LATER"
    for section, value in sorted(later, key=lambda item: item[1].since):
        yield from wrapped(f"{section.replace('_', ' ')}: {'; '.join(spell_out(value, pack.all_rights))}", INDENT)
        yield from wrapped(spell_dating(value), INDENT * 3)


def _spelt(values: Iterable[Dated], pack: LawPack) -> Iterator[str]:
    for value in values:
        first, *others = spell_out(value, pack.all_rights)
        yield from wrapped(first, INDENT)
        for line in others:
            yield from wrapped(line, INDENT * 2)
        yield from wrapped(spell_dating(value), INDENT * 3)


def _counts(pack: LawPack) -> list[str]:
    """How many values, and how many of each sureness."""
    sureness = Counter(value.sureness for _place, value in pack.values())
    return [str(sureness.total()), *(str(sureness[item]) for item in Sureness)]


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        yield INDENT.join(cells).rstrip()
