"""Finds in free text what the law forbids to disclose (11 CCR 7024(d)), for a person to look at. Pure.

It errs on the side of finding: what it finds is shown to an analyst who says whether it is such a number, and what it
does not find nobody is shown. Time grows with the length of the text alone: every pattern is bounded, and nothing is
looked for further than some dozen characters from where it was suspected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from exports.bundle.detector.named import HINTS, named
from exports.bundle.detector.numbered import IBAN_BEGINS, MANY_DIGITS, numbered
from exports.bundle.detector.passage import Passage, Why
from exports.bundle.detector.plain import folded, plain

__all__ = ["SHORTEST", "Passage", "Why", "any_may_hold", "is_moment", "passages"]

SHORTEST = 8  # characters; nothing shorter says what it is and holds it, such as "PIN 4711"

SURENESS = {why: place for place, why in enumerate(Why)}
APART = "\nx\n"  # stands in no number and in no word of those that are looked for
MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


def any_may_hold(texts: Iterable[str]) -> bool:
    """Whether one of these may hold a passage: told in one walk over all, for of most columns of a table none does."""
    read = folded(APART.join(texts))
    return bool(MANY_DIGITS.search(read) or HINTS.search(read) or IBAN_BEGINS.search(read))


def is_moment(text: str) -> bool:
    """Whether it is a day or a moment as records hold them, and nothing else: none of those holds a passage."""
    return MOMENT.fullmatch(text) is not None


def passages(text: str) -> list[Passage]:
    """The passages of a text that look like something never disclosed, in their order; none overlaps another.

    Where two do, the surer one stays: a check digit before a form, a form before the words around it.
    """
    if len(text) < SHORTEST:
        return []
    read = plain(text)
    found = (*numbered(read.text), *named(read.text))
    if not found:  # nearly always
        return []
    return [Passage(*read.place(item.start, item.end), item.kind, item.why) for item in _without_overlaps(found)]


def _without_overlaps(found: Iterable[Passage]) -> list[Passage]:
    kept: list[Passage] = []
    for item in sorted(found, key=lambda each: (each.start, -each.end)):
        if kept and item.start < kept[-1].end:
            kept[-1] = _joined(kept[-1], item)
        else:
            kept.append(item)
    return kept


def _joined(one: Passage, other: Passage) -> Passage:
    """One passage of two that overlap: as long as both, and of the kind of the surer one."""
    sure = min(one, other, key=lambda each: SURENESS[each.why])
    return Passage(min(one.start, other.start), max(one.end, other.end), sure.kind, sure.why)
