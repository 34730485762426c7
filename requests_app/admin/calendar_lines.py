"""Changes of calendars as lines: what one moves, which days it adds and takes away, who made it and who decided."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from requests_app import facts
from requests_app.admin.calendar_forms import WEEKDAYS, titles_of_laws
from requests_app.admin.queue import badge
from requests_app.admin.timeline import names_of
from requests_app.law.words import DutyKind
from requests_app.models import CalendarChange, ChangeState
from requests_app.services import calendar_changes
from requests_app.services.calendar_changes import Counted
from requests_app.services.calendar_days import Content

MOST_SHOWN = 200
STATE_TONES = {
    ChangeState.PROPOSED: "wait",
    ChangeState.ACCEPTED: "sure",
    ChangeState.REFUSED: "late",
    ChangeState.WITHDRAWN: "quiet",
}


@dataclass(frozen=True)
class ChangeLine:
    """A change in words."""

    url: str
    what: str
    reason: str
    standing: SafeString
    proposed_by: str
    proposed_at: datetime
    settled_by: str
    settled_at: datetime | None
    settled_reason: str
    moved: int | None


@dataclass(frozen=True)
class Difference:
    """What a change of days takes away, adds and renames."""

    added: tuple[tuple[date, str], ...]
    removed: tuple[tuple[date, str], ...]
    renamed: tuple[tuple[date, str], ...]
    weekend: str


@dataclass(frozen=True)
class MovedLine:
    """One date that moves, as a line."""

    url: str
    reference: str
    right: str
    owed: str
    law: str
    was: date
    becomes: date
    working: str


@dataclass(frozen=True)
class Preview:
    """What a change moves: the first lines, and how many there are."""

    lines: tuple[MovedLine, ...]
    number: int
    cases: int

    @property
    def hidden(self) -> int:
        """How many more there are than are shown."""
        return self.number - len(self.lines)


def preview_of(change: CalendarChange) -> Preview:
    """Each open case's duty that would move, the nearest new date first."""
    moved = [each for each in calendar_changes.counted_anew(change) if each.moves]
    moved.sort(key=lambda each: each.anew.due_on)
    laws = titles_of_laws()
    lines = tuple(_moved_line(each, laws) for each in moved[:MOST_SHOWN])
    return Preview(lines, len(moved), len({each.duty.case_id for each in moved}))


def _moved_line(moved: Counted, laws: Mapping[str, str]) -> MovedLine:
    duty = moved.duty
    return MovedLine(
        url=reverse("admin:requests_app_case_change", args=[duty.case_id]),
        reference=duty.case.submission.reference,
        right=duty.case.right_asked.label,
        owed=str(facts.DUTY_LABELS.get(DutyKind(duty.kind), duty.kind)),
        law=laws.get(duty.law, duty.law),
        was=moved.was_due_on,
        becomes=moved.anew.due_on,
        working=moved.anew.working.sentence(get_language() or "en"),
    )


def lines_of(changes: Iterable[CalendarChange]) -> list[ChangeLine]:
    """Changes as lines, with the names of the staff."""
    found = list(changes)
    names = names_of(slug for change in found for slug in (change.proposed_by, change.settled_by) if slug)
    laws = titles_of_laws()
    return [_line(change, names, laws) for change in found]


def difference(change: CalendarChange) -> Difference | None:
    """What other days are on the calendar than its proposer saw; None for a change that is about a law."""
    if change.law:
        return None
    before = Content.of(change.seen)
    after = {date.fromisoformat(day): why for day, why in change.holidays.items()}
    both = after.keys() & before.holidays.keys()
    return Difference(
        added=tuple(sorted((day, after[day]) for day in after.keys() - both)),
        removed=tuple(sorted((day, before.holidays[day]) for day in before.holidays.keys() - both)),
        renamed=tuple(sorted((day, after[day]) for day in both if after[day] != before.holidays[day])),
        weekend=weekend_in_words(change.weekend) if frozenset(change.weekend) != before.weekend else "",
    )


def weekend_in_words(weekend: Collection[int]) -> str:
    """The weekdays on which there is no work."""
    return ", ".join(str(name) for number, name in WEEKDAYS if number in weekend) or _("none")


def _line(change: CalendarChange, names: Mapping[str, str], laws: Mapping[str, str]) -> ChangeLine:
    law, calendar = laws.get(change.law, change.law), change.calendar.title
    counts = _("%(law)s counts with “%(calendar)s”") % {"law": law, "calendar": calendar}
    return ChangeLine(
        url=reverse("admin:requests_app_housecalendar_decide", args=[change.pk]),
        what=counts if change.law else _("Other days for “%(calendar)s”") % {"calendar": calendar},
        reason=change.reason,
        standing=badge(change.get_state_display(), STATE_TONES[ChangeState(change.state)]),
        proposed_by=names.get(change.proposed_by, change.proposed_by),
        proposed_at=change.proposed_at,
        settled_by=names.get(change.settled_by, change.settled_by),
        settled_at=change.settled_at,
        settled_reason=change.settled_reason,
        moved=change.moved,
    )
