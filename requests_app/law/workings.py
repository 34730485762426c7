"""Why a date is what it is: as data that is kept with the duty, and as a sentence for staff, person and report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NotRequired, Self, TypedDict

from requests_app.law.calendars import WEEKEND
from requests_app.law.clocks import RECEIPT, Pause
from requests_app.law.wording import spell_citation, spell_date, spell_list, spell_period
from requests_app.law.words import ClockStart, PauseGround, Text, Unit

STARTED_BY = {
    ClockStart.IDENTITY_SHOWN: Text("when identity was shown", "cuando se demostró la identidad"),
    ClockStart.FEE_PAID: Text("when the fee was paid", "cuando se pagó la tarifa"),
}
WAITED_FOR = {
    PauseGround.IDENTITY: Text("waiting for proof of identity", "a la espera de la prueba de identidad"),
    PauseGround.CLARIFICATION: Text("waiting for a clarification", "a la espera de una aclaración"),
}


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
    runs_from: NotRequired[str]
    started_by: NotRequired[str]
    pauses: NotRequired[list[list[str]]]
    moved: NotRequired[list[list[str]]]


@dataclass(frozen=True, slots=True)
class Working:
    """How a date was counted: received on ``start``, from ``runs_from``, which is day 0, ``days`` units on.

    ``rule`` is the name of the pack's figure, ``citation`` where that figure is written. ``skipped`` holds the days
    that did not count, with the reason, ``moved`` those on which the period could not end. ``extended_on`` is the day
    on which an extension was announced. ``started_by`` is ``receipt``, or what the period had to wait for.
    """

    start: date
    rule: str
    citation: str
    days: int
    unit: Unit
    skipped: tuple[tuple[date, str], ...]
    result: date
    extended_on: date | None = None
    runs_from: date | None = None  # None: from receipt
    started_by: str = RECEIPT
    pauses: tuple[Pause, ...] = ()
    moved: tuple[tuple[date, str], ...] = ()

    def sentence(self, language: str = "en") -> str:
        """The working in words, in English or Spanish."""
        start, result = spell_date(self.start, language), spell_date(self.result, language)
        period = spell_period(self.days, self.unit, language)
        skips, citation = self._not_counted(language), spell_citation(self.citation, language)
        if self.extended_on is None:
            count = f"{period} ({citation}){skips}"
        else:
            announced = spell_date(self.extended_on, language)
            count = Text(
                f"extended on {announced} to {period} in all ({citation}){skips}",
                f"prorrogada el {announced} hasta {period} en total ({citation}){skips}",
            ).in_language(language)
        begun, moved = self._begun(language), self._moved(language)
        return Text(
            f"Received on {start}{begun}; {count}; due on {result}{moved}.",
            f"Recibida el {start}{begun}; {count}; vence el {result}{moved}.",
        ).in_language(language)

    def as_data(self) -> WorkingData:
        """The working as JSON: dates as 2026-01-01."""
        return WorkingData(
            start=self.start.isoformat(),
            rule=self.rule,
            citation=self.citation,
            days=self.days,
            unit=self.unit,
            skipped=_as_data(self.skipped),
            result=self.result.isoformat(),
            extended_on=self.extended_on.isoformat() if self.extended_on else None,
            runs_from=(self.runs_from or self.start).isoformat(),
            started_by=self.started_by,
            pauses=[[item.ground, item.asked_on.isoformat(), item.received_on.isoformat()] for item in self.pauses],
            moved=_as_data(self.moved),
        )

    @classmethod
    def from_data(cls, data: WorkingData) -> Self:
        """The working that ``as_data`` made; what older ones don't say was not so."""
        extended_on = data["extended_on"]
        return cls(
            start=date.fromisoformat(data["start"]),
            rule=data["rule"],
            citation=data["citation"],
            days=data["days"],
            unit=Unit(data["unit"]),
            skipped=_from_data(data["skipped"]),
            result=date.fromisoformat(data["result"]),
            extended_on=date.fromisoformat(extended_on) if extended_on else None,
            runs_from=date.fromisoformat(data.get("runs_from", data["start"])),
            started_by=data.get("started_by", RECEIPT),
            pauses=tuple(
                Pause(PauseGround(ground), date.fromisoformat(asked), date.fromisoformat(received))
                for ground, asked, received in data.get("pauses", [])
            ),
            moved=_from_data(data.get("moved", [])),
        )

    def _begun(self, language: str) -> str:
        """From when the period runs, where that is not receipt."""
        if self.started_by == RECEIPT or self.runs_from is None:
            return ""
        day, why = spell_date(self.runs_from, language), STARTED_BY[ClockStart(self.started_by)].in_language(language)
        return Text(f"; the period began on {day}, {why}", f"; el plazo empezó el {day}, {why}").in_language(language)

    def _moved(self, language: str) -> str:
        """On which days the period could not end."""
        if not self.moved:
            return ""
        days = spell_list(self._named(self.moved, language), language)
        return Text(f", since it can't end on {days}", f", pues no puede terminar {days}").in_language(language)

    def _not_counted(self, language: str) -> str:
        """The days of a business-day period that did not count, and the pauses."""
        days = Text(", not counting ", ", sin contar ").in_language(language)
        skipped = self._named(self.skipped, language)
        said = days + spell_list(skipped, language) if skipped else ""
        for pause in self.pauses:
            asked, received = spell_date(pause.asked_on, language), spell_date(pause.received_on, language)
            why = WAITED_FOR[pause.ground].in_language(language)
            said += days + Text(
                f"the {pause.days} days from {asked} to {received}, {why}",
                f"los {pause.days} días del {asked} al {received}, {why}",
            ).in_language(language)
        return said

    @staticmethod
    def _named(skipped: tuple[tuple[date, str], ...], language: str) -> list[str]:
        weekend_days = sum(why == WEEKEND for _day, why in skipped)
        named = []
        if weekend_days:
            days = Text(
                "1 weekend day" if weekend_days == 1 else f"{weekend_days} weekend days",
                "1 día de fin de semana" if weekend_days == 1 else f"{weekend_days} días de fin de semana",
            )
            named.append(days.in_language(language))
        for day, why in skipped:
            if why != WEEKEND:
                spelt = spell_date(day, language)
                named.append(Text(f"{spelt} ({why})", f"el {spelt} ({why})").in_language(language))
        return named


def _as_data(skipped: tuple[tuple[date, str], ...]) -> list[list[str]]:
    return [[day.isoformat(), why] for day, why in skipped]


def _from_data(skipped: list[list[str]]) -> tuple[tuple[date, str], ...]:
    return tuple((date.fromisoformat(day), why) for day, why in skipped)
