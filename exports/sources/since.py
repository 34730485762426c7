"""From which day on rows count in a look-back: a day at the organisation's place, and where it begins elsewhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from typing import NamedTuple

from exports.sources.values import Json


class Bounds(NamedTuple):
    """What a row must reach: with a day, with a moment that says its zone, with one that does not."""

    day: date
    instant: datetime
    naive: datetime

    def reached_by(self, value: Json) -> bool:
        """Whether a day or a moment, as text, is not before them; ValueError if it is neither."""
        text = str(value)
        if ":" not in text[10:]:
            return date.fromisoformat(text[:10]) >= self.day
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return date.fromisoformat(text[:10]) >= self.naive.date()
        return moment >= (self.instant if moment.tzinfo else self.naive)


class Since(NamedTuple):
    """The first day that counts, and the zone in which it is counted."""

    day: date
    zone: tzinfo

    def bounds(self, zone: tzinfo | None) -> Bounds:
        """What rows of a source must reach whose clocks go by `zone`.

        Where nobody says so they may be the organisation's own, or those of UTC: the earlier start of the day counts,
        for an answer may rather hold some hours too much than too little.
        """
        return _bounds(self, zone)


@lru_cache(maxsize=100)
def _bounds(since: Since, zone: tzinfo | None) -> Bounds:
    instant = datetime.combine(since.day, time.min, since.zone).astimezone(UTC)
    starts = [instant.astimezone(one).replace(tzinfo=None) for one in ([zone] if zone else [since.zone, UTC])]
    return Bounds(since.day, instant, min(starts))
