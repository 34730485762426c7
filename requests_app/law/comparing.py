"""What changes in a law between two dates: values that begin, that end, and that give way to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from requests_app.law.describing import spell_dating, spell_out
from requests_app.law.lawpack import LawPack
from requests_app.law.presenting import INDENT, heading, wrapped
from requests_app.law.values import Dated
from requests_app.law.wording import spell_date
from requests_app.law.words import LawError


@dataclass(frozen=True)
class Change:
    """Values of one section that hold on the first day only, and those of the same things on the second only."""

    section: str
    before: tuple[Dated, ...]
    after: tuple[Dated, ...]


def compare(pack: LawPack, first: date, second: date) -> list[Change]:
    """What is otherwise on the second day than on the first, in the order of the pack; raises LawError."""
    if second < first:
        raise LawError(
            f"{spell_date(second, 'en')} lies before {spell_date(first, 'en')}: write the earlier day first."
        )
    return [change for section, values in pack.sections.items() for change in _changes(section, values, first, second)]


def difference(pack: LawPack, first: date, second: date) -> str:
    """The comparison as a page of text."""
    changes = compare(pack, first, second)
    days = f"from {spell_date(first, 'en')} to {spell_date(second, 'en')}"
    if not changes:
        return f"{pack.title} ({pack.slug}): nothing changes {days}.\n"
    lines = [f"{pack.title} ({pack.slug}): what changes {days}"]
    section = ""
    for change in changes:
        if change.section != section:
            section = change.section
            lines += ["", heading(section)]
        lines += _spelt(change, pack)
    return "\n".join(lines) + "\n"


def _changes(section: str, values: Sequence[Dated], first: date, second: date) -> Iterator[Change]:
    """The values that don't hold on both days; those of the same things belong together."""
    before = [value for value in values if value.holds(first) and not value.holds(second)]
    after = [value for value in values if value.holds(second) and not value.holds(first)]
    left = [*before, *after]
    while left:
        together = _belonging(left)
        left = [value for value in left if value not in together]
        yield Change(
            section,
            tuple(value for value in before if value in together),
            tuple(value for value in after if value in together),
        )


def _belonging(values: Sequence[Dated]) -> list[Dated]:
    """The first value, and all that speak of the same things, or of the same as one of those."""
    together, things = [values[0]], set(values[0].series)
    for value in [*values[1:], *values[1:]]:
        if value not in together and things & set(value.series):
            together.append(value)
            things |= set(value.series)
    return together


def _spelt(change: Change, pack: LawPack) -> Iterator[str]:
    """A change in lines: what ends, what begins, or what was so and is now otherwise."""
    before = [line for value in change.before for line in spell_out(value, pack.all_rights)]
    after = [line for value in change.after for line in spell_out(value, pack.all_rights)]
    verb = "changes" if before and after else "ends" if before else "begins"
    yield f"{INDENT}{verb}"
    yield from _lines("  ", [line for line in after if line in before] if before and after else before or after)
    if before and after:
        yield from _lines("- ", [line for line in before if line not in after])
        yield from _lines("+ ", [line for line in after if line not in before])
    for value in change.before:
        yield from wrapped(f"was: {spell_dating(value)}", INDENT * 4)
    for value in change.after:
        yield from wrapped(f"now: {spell_dating(value)}", INDENT * 4)


def _lines(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in dict.fromkeys(lines):
        yield from wrapped(f"{mark}{line}" if mark.strip() else line, INDENT * 2 if mark.strip() else INDENT * 3)
