"""Why a date is what it is: as data that is kept with the duty, and as a sentence for staff, person and report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self, TypedDict

from requests_app.law.calendars import WEEKEND
from requests_app.law.wording import spell_date, spell_list, spell_period
from requests_app.law.words import Text, Unit


class WorkingData(TypedDict):
    """A working as JSON."""

    start: str
    rule: str
    citation: str
    days: int
    unit: str
    skipped: list[list[str]]
    result: str
    extended_on: str | None


@dataclass(frozen=True, slots=True)
class Working:
    """How a date was counted: from ``start``, which is day 0, ``days`` units on, to ``result``.

    ``rule`` is the name of the pack's figure, ``citation`` where that figure is written. ``skipped`` holds the days
    that did not count, with the reason. ``extended_on`` is the day on which an extension was announced.
    """

    start: date
    rule: str
    citation: str
    days: int
    unit: Unit
    skipped: tuple[tuple[date, str], ...]
    result: date
    extended_on: date | None = None

    def sentence(self, language: str = "en") -> str:
        """The working in words, in English or Spanish."""
        start, result = spell_date(self.start, language), spell_date(self.result, language)
        period = spell_period(self.days, self.unit, language)
        skips = self._skips(language)
        if self.extended_on is None:
            count = f"{period} ({self.citation}){skips}"
        else:
            announced = spell_date(self.extended_on, language)
            count = Text(
                f"extended on {announced} to {period} in all ({self.citation}){skips}",
                f"prorrogada el {announced} hasta {period} en total ({self.citation}){skips}",
            ).in_language(language)
        return Text(
            f"Received on {start}; {count}; due on {result}.",
            f"Recibida el {start}; {count}; vence el {result}.",
        ).in_language(language)

    def as_data(self) -> WorkingData:
        """The working as JSON: dates as 2026-01-01."""
        return WorkingData(
            start=self.start.isoformat(),
            rule=self.rule,
            citation=self.citation,
            days=self.days,
            unit=self.unit,
            skipped=[[day.isoformat(), why] for day, why in self.skipped],
            result=self.result.isoformat(),
            extended_on=self.extended_on.isoformat() if self.extended_on else None,
        )

    @classmethod
    def from_data(cls, data: WorkingData) -> Self:
        """The working that ``as_data`` made."""
        extended_on = data["extended_on"]
        return cls(
            start=date.fromisoformat(data["start"]),
            rule=data["rule"],
            citation=data["citation"],
            days=data["days"],
            unit=Unit(data["unit"]),
            skipped=tuple((date.fromisoformat(day), why) for day, why in data["skipped"]),
            result=date.fromisoformat(data["result"]),
            extended_on=date.fromisoformat(extended_on) if extended_on else None,
        )

    def _skips(self, language: str) -> str:
        weekend_days = sum(why == WEEKEND for _day, why in self.skipped)
        named = []
        if weekend_days:
            days = Text(
                "1 weekend day" if weekend_days == 1 else f"{weekend_days} weekend days",
                "1 día de fin de semana" if weekend_days == 1 else f"{weekend_days} días de fin de semana",
            )
            named.append(days.in_language(language))
        for day, why in self.skipped:
            if why != WEEKEND:
                spelt = spell_date(day, language)
                named.append(Text(f"{spelt} ({why})", f"el {spelt} ({why})").in_language(language))
        if not named:
            return ""
        return Text(", not counting ", ", sin contar ").in_language(language) + spell_list(named, language)
