"""Whether a correction may be denied since the very same inaccuracy was denied lately (11 CCR 7023(g)).

It is a permission for who looked at the matter once, and ends with the months that the law gives. Our reading, where
the text is silent: the same inaccuracy is the same field with the same claimed value; only a denial on the merits
counts, so that a denial as repeated lengthens nothing; and the months run back from the day of receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from requests_app.law.calendars import months_after, months_before
from requests_app.law.lawpack import LawPack, NoSuchFigure
from requests_app.law.values import Figure
from requests_app.law.words import Ground, Right


@dataclass(frozen=True, slots=True, repr=False)
class Claim:
    """What is said to be wrong: a field, and the value that is claimed to be right."""

    field: str  # empty: told in words alone
    value: str

    def is_same_as(self, other: Claim) -> bool:
        """Whether both allege the same; letter case and spacing make no other claim.

        What is told in words alone is never the same: a value says nothing of what it is a value of.
        """
        return bool(self.field) and self.field == other.field and _compared(self.value) == _compared(other.value)


@dataclass(frozen=True, slots=True, repr=False)
class Denied:
    """A claim that was denied on a day, on a ground, in the case ``key``."""

    key: str
    claim: Claim
    on: date
    ground: Ground | None


@dataclass(frozen=True, slots=True, repr=False)
class Repeat:
    """A claim that was denied before: ``until`` is the last day of receipt on which it may be denied as repeated."""

    denied: Denied
    until: date
    figure: Figure


def repeats(
    packs: Sequence[LawPack], claims: Sequence[Claim], received_on: date, earlier: Iterable[Denied]
) -> tuple[Repeat, ...]:
    """The latest denial behind each claim of a request; empty if one of them is new, or no law knows such a ground."""
    figure = _figure(packs, received_on)
    if figure is None:
        return ()
    counting = [one for one in earlier if one.ground is Ground.ACCURATE and is_recent(one.on, received_on, figure)]
    found = []
    for claim in claims:
        same = [one for one in counting if one.claim.is_same_as(claim)]
        if not same:
            return ()
        latest = max(same, key=lambda one: one.on)
        found.append(Repeat(latest, last_day(latest.on, figure), figure))
    return tuple(found)


def is_recent(denied_on: date, received_on: date, figure: Figure) -> bool:
    """Whether a request received on a day came within so many months after the denial."""
    return months_before(received_on, figure.value) < denied_on <= received_on


def last_day(denied_on: date, figure: Figure) -> date:
    """The last day of receipt that is within the months of a denial."""
    day = months_after(denied_on, figure.value)
    while not is_recent(denied_on, day, figure):
        day -= timedelta(days=1)
    return day


def _figure(packs: Sequence[LawPack], received_on: date) -> Figure | None:
    for pack in packs:
        try:
            return pack.figure("correction_repeat_months", received_on, Right.CORRECT)
        except NoSuchFigure:
            continue
    return None


def _compared(value: str) -> str:
    return " ".join(value.casefold().split())
