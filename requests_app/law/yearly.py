"""What is counted of a year's requests: how each ended, and the days to the substantive answer (11 CCR 7102)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate

from requests_app.law.values import Exemption
from requests_app.law.words import Ground, Level


class Ended(StrEnum):
    """What became of one request, in the words in which figures of a year are published."""

    IN_WHOLE = "complied_in_whole"
    IN_PART = "complied_in_part"
    NOT_VERIFIABLE = "denied_not_verifiable"
    NOT_BY_A_CONSUMER = "denied_not_by_a_consumer"
    EXEMPT = "denied_exempt"
    OTHER_GROUND = "denied_other_ground"
    WITHDRAWN = "withdrawn"
    SENT_ON = "sent_on"  # to a customer of ours, for whom alone we hold the data
    DUPLICATE = "duplicate"  # goes on as an older request, and is counted there
    OPEN = "open"


DENIED = (Ended.NOT_VERIFIABLE, Ended.NOT_BY_A_CONSUMER, Ended.EXEMPT, Ended.OTHER_GROUND)
# What got a substantive answer: notices of receipt and of an extension are none.
ANSWERED = frozenset({Ended.IN_WHOLE, Ended.IN_PART, *DENIED})


def denied_on(ground: Exemption | None) -> Ended:
    """Among which denials a ground is counted; one that no pack knows any more is another ground.

    Exempt is what the law takes out of its reach: grounds against data, whatever part of it they take. That data is
    accurate is no exemption, and neither are fraud, excess, a missing permission, or that somebody was answered often
    enough.
    """
    if ground is None:
        return Ended.OTHER_GROUND
    if ground.ground is Ground.NOT_VERIFIED:
        return Ended.NOT_VERIFIABLE
    if ground.not_a_consumer:
        return Ended.NOT_BY_A_CONSUMER
    exempt = ground.level is Level.DATA and ground.ground is not Ground.ACCURATE
    return Ended.EXEMPT if exempt else Ended.OTHER_GROUND


class Days:
    """Numbers of days, counted by number: what they take in memory grows with the longest, not with how many."""

    def __init__(self, days: Iterable[int] = ()) -> None:
        self._times = Counter(days)

    def add(self, days: int) -> None:
        """One more."""
        self._times[days] += 1

    def __add__(self, other: Days) -> Days:
        both = Days()
        both._times = self._times + other._times
        return both

    def __len__(self) -> int:
        return self._times.total()

    @property
    def mean(self) -> float | None:
        """The days on average; None of none."""
        return sum(days * times for days, times in self._times.items()) / len(self) if self else None

    @property
    def median(self) -> float | None:
        """The days in the middle: of an even number, half-way between the two; None of none."""
        if not self:
            return None
        low, high = self._at((len(self) - 1) // 2), self._at(len(self) // 2)
        return low if low == high else (low + high) / 2

    def _at(self, place: int) -> int:
        """The number at this place of all in order, the first being 0."""
        in_order = sorted(self._times)
        ends = list(accumulate(self._times[days] for days in in_order))
        return in_order[bisect_right(ends, place)]


@dataclass
class Figures:
    """How the requests for one right, under one law, ended, and the days to the substantive answer."""

    ended: Counter[Ended] = field(default_factory=Counter)
    days: Days = field(default_factory=Days)

    def __add__(self, other: Figures) -> Figures:
        return Figures(self.ended + other.ended, self.days + other.days)

    @property
    def received(self) -> int:
        """Every request but duplicates: each of those goes on as the older one, and what was asked counts once."""
        return self.ended.total() - self.ended[Ended.DUPLICATE]

    @property
    def denied(self) -> int:
        """On whatever ground."""
        return sum(self.ended[ended] for ended in DENIED)

    def of(self, ended: Ended) -> int:
        """How many ended so."""
        return self.ended[ended]
