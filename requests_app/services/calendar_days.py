"""What a calendar says, and how the team writes it down: one day a line."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from requests_app.law import calendars
from requests_app.law.packs import ISO_DATE
from requests_app.models import CalendarVersion
from requests_app.move import InputRefused

YEARS = range(2018, 2061)
NAME_MOST = 100
FAULTS_SHOWN = 5


@dataclass(frozen=True)
class Content:
    """What a calendar says: its weekend, and its holidays by date."""

    weekend: frozenset[int]
    holidays: Mapping[date, str]

    @classmethod
    def of(cls, version: CalendarVersion) -> Content:
        """What a version says."""
        kept = version.as_calendar()
        return cls(kept.weekend, kept.holidays)

    def as_calendar(self, name: str) -> calendars.Calendar:
        """The calendar that the law layer counts with; its version is made of what it says."""
        data = [sorted(self.weekend), sorted(self._by_text().items())]
        digest = hashlib.sha256(json.dumps(data, ensure_ascii=False).encode()).hexdigest()
        return calendars.Calendar(name, digest[:16], self.weekend, self.holidays)

    def _by_text(self) -> dict[str, str]:
        return {day.isoformat(): why for day, why in self.holidays.items()}

    def as_text(self) -> str:
        """The days as the team writes them: one a line."""
        return "".join(f"{day} {why}\n" for day, why in sorted(self._by_text().items()))

    def faults(self) -> dict[str, str]:
        """What is wrong with it, by input."""
        errors = {}
        if not self.weekend < frozenset(range(7)):
            errors["weekend"] = _("Choose weekdays, and not all seven: on some day of the week there has to be work.")
        if strange := [day.year for day in self.holidays if day.year not in YEARS]:
            errors["days"] = _year_fault(strange[0])
        return errors


def read_days(text: str) -> dict[date, str]:
    """The days of a calendar as the team writes them: one a line, the date, then its name. Raises InputRefused."""
    days: dict[date, str] = {}
    faults = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            day, name = _read_day(line, days)
        except ValueError as error:
            faults.append(_("Line %(number)s: %(fault)s") % {"number": number, "fault": error})
        else:
            days[day] = name
    if faults:
        raise InputRefused({"days": " ".join(faults[:FAULTS_SHOWN])})
    return days


def _year_fault(year: int) -> str:
    values = {"year": year, "first": YEARS[0], "last": YEARS[-1]}
    return _("the year %(year)s is out of range: from %(first)s to %(last)s.") % values


def _read_day(line: str, before: Collection[date]) -> tuple[date, str]:
    """The date and the name on a line; raises ValueError with what is wrong."""
    written, _space, name = line.strip().partition(" ")
    try:
        day = date.fromisoformat(written if ISO_DATE.fullmatch(written) else "")
    except ValueError:
        sentence = _("“%(written)s” is no date: write it like 2026-11-26, then the name.")
        raise ValueError(sentence % {"written": written[:20]}) from None
    if day in before:
        raise ValueError(_("%(day)s is there twice.") % {"day": day})
    if day.year not in YEARS:
        raise ValueError(_year_fault(day.year))
    if not name.strip():
        raise ValueError(_("%(day)s has no name: write it behind the date.") % {"day": day})
    if len(name.strip()) > NAME_MOST:
        raise ValueError(_("the name is too long: at most %(most)s letters.") % {"most": NAME_MOST})
    return day, name.strip()
