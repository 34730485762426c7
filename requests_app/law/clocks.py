"""When a period begins, which of its days don't count, and when it ends: by each law on its own, never one clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from requests_app.law.calendars import Calendar, Counted, add_business_days, months_after, next_working_day
from requests_app.law.happened import Happened
from requests_app.law.lawpack import LawPack
from requests_app.law.values import Figure
from requests_app.law.words import PauseEffect, PauseGround, Right, Unit

RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class Pause:
    """The days from asking to receiving, both included, that don't count."""

    ground: PauseGround
    asked_on: date
    received_on: date

    @property
    def days(self) -> int:
        """How many days that are."""
        return (self.received_on - self.asked_on).days + 1


@dataclass(frozen=True, slots=True)
class Clock:
    """From which day a period is counted and why, and the pauses that its law knows."""

    start: date
    started_by: str = RECEIPT
    pauses: tuple[Pause, ...] = ()
    defensible: tuple[Pause, ...] = ()

    def end(self, figure: Figure, calendar: Calendar) -> Counted:
        """The last day of the period."""
        return count_period(self.start, figure, calendar, not_counted=_days(self.pauses))

    def defensible_end(self, figure: Figure, calendar: Calendar) -> date | None:
        """The later day that could be defended where the law leaves a pause open; None without such a pause."""
        if not self.defensible:
            return None
        return count_period(self.start, figure, calendar, not_counted=_days((*self.pauses, *self.defensible))).result


def clock(pack: LawPack, right: Right, received_on: date, happened: Happened) -> Clock:
    """The clock of the answer to a right (UK GDPR Art. 12A: the latest of receipt, identity and fee)."""
    if not happened.came_in:
        return Clock(received_on)
    start, started_by = received_on, RECEIPT
    rule = pack.clock_start(right, received_on)
    for event in rule.on if rule else ():
        came = happened.came(event)
        if came and came > start:
            start, started_by = came, event.value
    pauses: dict[PauseEffect, list[Pause]] = {effect: [] for effect in PauseEffect}
    for ground in PauseGround:
        pause = pack.pause(right, ground, received_on)
        if pause:
            pauses[pause.effect] += [Pause(ground, *waited) for waited in happened.waited(ground)]
    return Clock(start, started_by, tuple(pauses[PauseEffect.BINDING]), tuple(pauses[PauseEffect.DEFENSIBLE]))


def count_period(start: date, figure: Figure, calendar: Calendar, *, not_counted: int = 0) -> Counted:
    """The last day of a period that begins after ``start``; ``not_counted`` days of a pause push it out."""
    skipped: tuple[tuple[date, str], ...] = ()
    if figure.unit is Unit.BUSINESS_DAYS:
        end, skipped, _moved = add_business_days(start, figure.value, calendar)
    elif figure.unit is Unit.CALENDAR_DAYS:
        end = start + timedelta(days=figure.value)
    else:
        end = months_after(start, figure.value)
    if not_counted:
        end += timedelta(days=not_counted)
    if not figure.moves_to_working_day:
        return Counted(end, skipped)
    moved = next_working_day(end, calendar)
    return Counted(moved.result, skipped, moved.skipped)


def _days(pauses: tuple[Pause, ...]) -> int:
    """The days that don't count: one that lies in two pauses is left out once."""
    days, after = 0, date.min
    for pause in sorted(pauses, key=lambda pause: pause.asked_on):
        first = max(pause.asked_on, after)
        if pause.received_on >= first:
            days += (pause.received_on - first).days + 1
            after = pause.received_on + timedelta(days=1)
    return days
