"""How far back an answer reaches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from requests_app.law.calendars import months_before
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Right


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

    A range is cut where the law's reach ends. Raises RightNotGiven.
    """
    given = pack.given(right, received_on)
    to_on = min(to_on or received_on, received_on)
    rule = pack.look_back_rule(right, received_on)
    if rule is None:
        return LookBack(None if everything else from_on, to_on, None, given.citation)
    usual = months_before(received_on, rule.months)
    earliest = min(usual, rule.everything_since or usual)
    start = earliest if everything else max(from_on or usual, earliest)
    return LookBack(start, to_on, rule.beyond_unless if start < usual else None, rule.citation)
