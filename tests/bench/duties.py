"""Computing all duties of a case, on one core; and the same number of dates added up with nothing around them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle, islice

from requests_app.law import packs
from requests_app.law.calendars import WEEKDAYS_ONLY
from requests_app.law.duties import duties
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Right

FIRST_DAY = date(2026, 1, 1)
DAYS = 365
HEADINGS = ("cases", "duties", "s", "cases/s", "1,000,000 in s", "bare s", "ratio")
PERIOD = timedelta(days=45)


@dataclass(frozen=True)
class Measured:
    """Seconds of processor time, so that other processes don't count."""

    cases: int
    duties: int
    seconds: float
    bare: float

    def row(self) -> tuple[str, ...]:
        """The figures as the table shows them."""
        return (
            f"{self.cases:,}",
            f"{self.duties:,}",
            f"{self.seconds:.2f}",
            f"{self.cases / self.seconds:,.0f}",
            f"{self.seconds / self.cases * 1_000_000:.1f}",
            f"{self.bare:.2f}",
            f"{self.seconds / self.bare:.0f}",
        )


def measure(number: int) -> Measured:
    """So many cases, of every right under every law in turn, received on every day of a year; no sentence is made."""
    cases = list(islice(cycle(_every_case()), number))
    house, found = packs.house(), 0
    began = time.process_time()
    for pack, right, day in cases:
        found += len(duties(pack, right, received_on=day, calendar=WEEKDAYS_ONLY, house=house))
    seconds = time.process_time() - began
    return Measured(number, found, seconds, bare([day for _pack, _right, day in cases], found))


def bare(days: list[date], number: int) -> float:
    """The least that dates ask for: as many additions of a period as there are duties."""
    starts = islice(cycle(days), number)
    began = time.process_time()
    for day in starts:
        day + PERIOD
    return time.process_time() - began


def _every_case() -> Iterator[tuple[LawPack, Right, date]]:
    for place in range(DAYS):
        day = FIRST_DAY + timedelta(days=place)
        for pack in packs.all_packs().values():
            yield from ((pack, right, day) for right in Right if pack.gives(right, day))
