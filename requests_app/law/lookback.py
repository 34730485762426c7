"""How far back an answer reaches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from requests_app.law.calendars import months_before
from requests_app.law.lawpack import LawPack
from requests_app.law.wording import spell_date
from requests_app.law.words import LawError, Right


@dataclass(frozen=True, slots=True)
class LookBack:
    """The days from which data is owed, both included; ``from_on`` None: everything that is held.

    ``unless`` is the code of the only ground on which what is older than the usual period may be left out.
    """

    from_on: date | None
    to_on: date
    unless: str | None
    citation: str


def look_back(
    pack: LawPack,
    right: Right,
    *,
    received_on: date,
    everything: bool = False,
    from_on: date | None = None,
    to_on: date | None = None,
) -> LookBack:
    """What a request reaches back to: the law's usual period, everything it lets be asked for, or the range asked.

    A range is cut where the law's reach ends; one without a first day begins there. Raises RightNotGiven, and LawError
    where the law owes none of the days asked for.
    """
    given = pack.given(right, received_on)
    last = min(to_on or received_on, received_on)
    rule = pack.look_back_rule(right, received_on)
    if rule is None:
        start = None if everything else from_on
        found = LookBack(start, last, None, given.citation)
        return _not_empty(found, pack, None, received_on)
    usual = months_before(received_on, rule.months)
    earliest = min(usual, rule.everything_since or usual)
    wanted = from_on or (earliest if to_on else usual)
    start = earliest if everything else max(wanted, earliest)
    found = LookBack(start, last, rule.beyond_unless if start < usual else None, rule.citation)
    return _not_empty(found, pack, earliest, received_on)


def _not_empty(found: LookBack, pack: LawPack, earliest: date | None, received_on: date) -> LookBack:
    """The same, if it holds a day; raises LawError with the days from which one can be asked for."""
    if found.from_on is None or found.from_on <= found.to_on:
        return found
    start = f"from {spell_date(earliest, 'en')} " if earliest else ""
    raise LawError(
        f"None of these days is owed: {pack.short_title} reaches {start}to {spell_date(received_on, 'en')}, so ask for"
        " days within that.",
        found.citation,
    )
