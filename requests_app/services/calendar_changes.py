"""Changes of calendars: proposed by one member of the team with a reason, accepted by another, who sees what moves.

Accepted, a change counts the unmet duties of open cases anew, from their pinned packs; one that is met or whose case
is closed never moves. Each date that moved leaves an event in its case. Locks are taken as everywhere: cases by id,
then the calendars, for which every request that is just being received makes it wait, then the heads of the chains.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from dsar.ledger.models import Event
from requests_app import waiting
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law import duties as law_duties
from requests_app.law import packs
from requests_app.law.calendars import Calendar
from requests_app.law.happened import NOTHING_YET, Happened
from requests_app.models import (
    CalendarChange,
    CalendarChoice,
    Case,
    ChangeState,
    Duty,
    FilledFrom,
    HouseCalendar,
    PackVersion,
)
from requests_app.models.calendar import REASON_MOST
from requests_app.models.case import CaseQuerySet
from requests_app.models.duty import DutyQuerySet
from requests_app.move import InputRefused
from requests_app.roles import SYSTEM, Actor, Role
from requests_app.services import calendars, duties, filling
from requests_app.services.calendar_days import Content
from requests_app.services.history import locked_all, record
from requests_app.services.staffing import note_setting
from requests_app.states import State

WORK_ON_CALENDARS = frozenset({Role.ANALYST, Role.APPROVER})
BATCH = 200


@dataclass(frozen=True)
class Counted:
    """A duty with the dates that it had, and as it is counted anew."""

    duty: Duty
    was_due_on: date
    was_target_on: date | None
    anew: law_duties.Duty

    @property
    def moves(self) -> bool:
        """Whether one of its dates becomes another one."""
        return (self.was_due_on, self.was_target_on) != (self.anew.due_on, self.anew.target_on)


# ---- proposing


def days_change(calendar: HouseCalendar, content: Content, *, reason: str, by: Actor, at: datetime) -> CalendarChange:
    """Other days for a calendar, not yet proposed. Raises MoveShut or InputRefused."""
    _check_may_work(by)
    if calendar.is_fixed:
        raise MoveShut(
            _("This calendar is what its name says, weekdays only. Make another one, and choose it for the law.")
        )
    return _days_change(calendar, content, reason=reason, by=by, at=at)


def _days_change(calendar: HouseCalendar, content: Content, *, reason: str, by: Actor, at: datetime) -> CalendarChange:
    errors = _faults(content, reason)
    if not errors and content == Content.of(calendar.current):
        errors["days"] = _("This is what the calendar says already: nothing would change.")
    if errors:
        raise InputRefused(errors)
    change = CalendarChange(
        calendar=calendar,
        seen=calendar.current,
        weekend=sorted(content.weekend),
        holidays={day.isoformat(): why for day, why in sorted(content.holidays.items())},
        reason=reason.strip(),
        proposed_by=by.slug,
        proposed_at=at,
    )
    _check_is_new(change, "days")
    return change


def law_change(calendar: HouseCalendar, law: str, *, reason: str, by: Actor, at: datetime) -> CalendarChange:
    """This calendar for a law, not yet proposed. Raises MoveShut or InputRefused."""
    _check_may_work(by)
    errors = _faults_of(reason)
    if law not in packs.all_packs():
        errors["law"] = _("Choose one of the laws.")
    elif CalendarChoice.objects.filter(calendar=calendar, law=law).exists():
        errors["law"] = _("This law counts with this calendar already.")
    if errors:
        raise InputRefused(errors)
    change = CalendarChange(
        calendar=calendar, seen=calendar.current, law=law, reason=reason.strip(), proposed_by=by.slug, proposed_at=at
    )
    _check_is_new(change, "law")
    return change


def propose(change: CalendarChange, *, by: Actor) -> CalendarChange:
    """Keep a change for a second person to decide on; nothing counts otherwise by it yet."""
    with transaction.atomic():
        change.save(force_insert=True)
        _note(change, by=by, at=change.proposed_at)
    return change


def propose_filling(calendar: HouseCalendar, years: Collection[int], *, at: datetime) -> CalendarChange:
    """More years for a calendar, proposed by whoever fills calendars on the command line. Raises as ``filled`` does."""
    reason = _("Filled on the command line: %(years)s.") % {"years": ", ".join(map(str, years))}
    return propose(_days_change(calendar, filled(calendar, years), reason=reason, by=SYSTEM, at=at), by=SYSTEM)


def filled(calendar: HouseCalendar, years: Collection[int]) -> Content:
    """What a calendar would say with the days of more years; what the team has written stays. Raises CannotFill."""
    present = Content.of(calendar.current)
    if calendar.filled_from == FilledFrom.HAND:
        raise filling.CannotFill(_("This calendar was made by hand: write its days."))
    days = filling.fill(calendar.name, years).holidays
    return Content(present.weekend, dict(sorted({**days, **present.holidays}.items())))


# ---- looking at it, and deciding


def counted_anew(change: CalendarChange) -> list[Counted]:
    """Every unmet duty of an open case that the change concerns, as it is and as it would be; by case."""
    concerned = list(_concerned(change).select_related("case__submission").order_by("case_id", "law", "kind"))
    found = _with_packs(concerned, _calendar_after(change))
    # An extension that was taken in time is not undone by another calendar: such a duty stays as it is.
    return [each for each in found if (each.anew.working.extended_on is None) == (each.duty.extended_on is None)]


def accept(change_id: int, *, by: Actor, at: datetime) -> CalendarChange:
    """Let a change hold from now on, and count anew what it concerns. Raises MoveShut, and then nothing is changed."""
    with transaction.atomic():
        change = _locked(change_id)
        check_accept(change, by)
        cases = _lock(change)
        _check_not_stale(change)
        counted = [each for each in counted_anew(change) if each.duty.case_id in cases]
        _let_hold(change)
        _keep_counted(change, counted)
        moved = [each for each in counted if each.moves]
        for each in moved:
            _tell(cases[each.duty.case_id], change, each, by=by, at=at)
        _settle(change, ChangeState.ACCEPTED, by=by, at=at, moved=len(moved))
    return change


def refuse(change_id: int, *, reason: str, by: Actor, at: datetime) -> CalendarChange:
    """Turn a change down, with a reason; the row stays. Raises MoveShut or InputRefused."""
    with transaction.atomic():
        change = _locked(change_id)
        check_second_person(change, by)
        if errors := _faults_of(reason):
            raise InputRefused(errors)
        change.settled_reason = reason.strip()
        _settle(change, ChangeState.REFUSED, by=by, at=at)
    return change


def withdraw(change_id: int, *, by: Actor, at: datetime) -> CalendarChange:
    """Take back what one has proposed; the row stays. Raises MoveShut."""
    with transaction.atomic():
        change = _locked(change_id)
        check_withdraw(change, by)
        _settle(change, ChangeState.WITHDRAWN, by=by, at=at)
    return change


# ---- why not


def check_accept(change: CalendarChange, by: Actor) -> None:
    """A second person accepts, and only what was proposed on the calendar as it is."""
    check_second_person(change, by)
    _check_not_stale(change)


def check_second_person(change: CalendarChange, by: Actor) -> None:
    """An approver decides, and never on what he has proposed."""
    _check_waits(change)
    if Role.APPROVER not in by.roles:
        raise MoveShut(_("An approver decides on this: ask one."))
    if by.slug == change.proposed_by:
        raise MoveShut(_("Four eyes: you proposed this change yourself. Another approver has to decide on it."))


def check_withdraw(change: CalendarChange, by: Actor) -> None:
    """Only who proposed a change takes it back."""
    _check_waits(change)
    if by.slug != change.proposed_by:
        raise MoveShut(_("Only who proposed this change can withdraw it; an approver can refuse it."))


def _check_waits(change: CalendarChange) -> None:
    if not change.waits:
        raise MoveShut(_("This change is settled already: it was %(state)s.") % {"state": change.get_state_display()})


def _check_not_stale(change: CalendarChange) -> None:
    if change.calendar.current_id != change.seen_id:
        raise MoveShut(
            _(
                "The calendar has changed since this was proposed: it can't be accepted any more. Propose what is to"
                " hold now."
            )
        )


def _check_may_work(by: Actor) -> None:
    if not by.roles & WORK_ON_CALENDARS:
        raise MoveShut(_("Analysts and approvers propose changes of calendars."))


def _check_is_new(change: CalendarChange, field: str) -> None:
    """The same is proposed once, as long as nobody has decided on it."""
    for proposed in change.calendar.changes.filter(state=ChangeState.PROPOSED, law=change.law, seen=change.seen):
        if (proposed.weekend, proposed.holidays) == (change.weekend, change.holidays):
            raise InputRefused({field: _("This is proposed already, and waits for an approver.")})


def _faults(content: Content, reason: str) -> dict[str, str]:
    return _faults_of(reason) | content.faults()


def _faults_of(reason: str) -> dict[str, str]:
    if not reason.strip():
        return {"reason": _("Write why: whoever decides on it, and the auditor, read it.")}
    if len(reason) > REASON_MOST:
        return {"reason": _("At most %(most)s letters.") % {"most": REASON_MOST}}
    return {}


# ---- counting


def _calendar_after(change: CalendarChange) -> Calendar:
    """The calendar that the change would let its duties be counted with."""
    if change.law:
        return change.calendar.current.as_calendar()
    days = {date.fromisoformat(day): why for day, why in change.holidays.items()}
    return Content(frozenset(change.weekend), days).as_calendar(change.calendar.name)


def _concerned(change: CalendarChange) -> DutyQuerySet:
    """A law's duties, if it gets this calendar; those that were counted with this calendar, if its days change."""
    open_cases = Case.objects.open().filter(submission__organisation=change.calendar.organisation_id)
    owed = Duty.objects.unmet().filter(case__in=open_cases)
    if change.law:
        return owed.filter(law=change.law).exclude(calendar_version=change.calendar.current_id)
    return owed.filter(calendar_version__name=change.calendar.name)


def _with_packs(concerned: Collection[Duty], calendar: Calendar) -> Iterator[Counted]:
    pinned = PackVersion.objects.in_bulk({duty.pack_version_id for duty in concerned})
    laws: Mapping[int, packs.LawPack] = {pk: version.as_pack() for pk, version in pinned.items()}
    waits = _waits({duty.case.chain for duty in concerned if waiting.waits_matter(laws[duty.pack_version_id])})
    for duty in concerned:
        known = waits.get(duty.case.chain, NOTHING_YET)
        anew = duties.computed(duty.case, duty, laws[duty.pack_version_id], calendar, waits=known)
        yield Counted(duty, duty.due_on, duty.target_on, anew)


def _waits(named: Collection[str]) -> dict[str, Happened]:
    """The questions to the persons of many cases, and the answers, by the cases' chains."""
    found: dict[str, Happened] = {}
    chains = sorted(named)
    for first in range(0, len(chains), BATCH):
        some = chains[first : first + BATCH]
        events = Event.objects.filter(chain__in=some, kind__in=waiting.QUESTIONS).order_by("chain", "sequence")
        found |= {chain: waiting.waits_in(of_chain) for chain, of_chain in groupby(events, lambda event: event.chain)}
    return found


def _locked(change_id: int) -> CalendarChange:
    locking = CalendarChange.objects.select_for_update(of=("self",)).select_related("calendar__current")
    return locking.get(pk=change_id)


def _lock(change: CalendarChange) -> dict[UUID, Case]:
    """Lock what the change may touch: open cases, calendars, and the cases that came in between the two."""
    cases = {case.pk: case for case in locked_all(_cases(change))}
    calendar = change.calendar
    rows = HouseCalendar.objects.select_for_update(of=("self",)).filter(organisation=calendar.organisation_id)
    now = {row.pk: row for row in rows.order_by("pk")}
    change.calendar = now[calendar.pk]
    came = set(_cases(change).values_list("pk", flat=True)) - cases.keys()
    return cases | {case.pk: case for case in locked_all(Case.objects.filter(pk__in=came))}


def _cases(change: CalendarChange) -> CaseQuerySet:
    return Case.objects.exclude(state=State.CLOSED).filter(pk__in=_concerned(change).order_by().values("case"))


def _let_hold(change: CalendarChange) -> None:
    """From now on what is received counts with it."""
    calendar = change.calendar
    if change.law:
        CalendarChoice.objects.update_or_create(
            organisation=calendar.organisation, law=change.law, defaults={"calendar": calendar}
        )
        return
    calendar.current = calendars.keep(_calendar_after(change))
    calendar.save(update_fields=["current"])


def _keep_counted(change: CalendarChange, counted: Collection[Counted]) -> None:
    """Write the dates as they were counted anew, each with its working and the version that it was counted with."""
    for each in counted:
        duty, anew = each.duty, each.anew
        duty.due_on, duty.target_on, duty.working = anew.due_on, anew.target_on, anew.working.as_data()
        duty.defensible_due_on, duty.calendar_version = anew.defensible_due_on, change.calendar.current
    fields = ["due_on", "target_on", "defensible_due_on", "working", "calendar_version"]
    Duty.objects.bulk_update([each.duty for each in counted], fields, batch_size=BATCH)


def _tell(case: Case, change: CalendarChange, moved: Counted, *, by: Actor, at: datetime) -> None:
    version = change.calendar.current
    record(
        case,
        EventKind.COUNTED_ANEW,
        by=by,
        at=at,
        duty=moved.duty.kind,
        law=moved.duty.law,
        was_due_on=moved.was_due_on.isoformat(),
        due_on=moved.anew.due_on.isoformat(),
        calendar=version.name,
        version=version.version,
        change=change.pk,
    )


def _settle(change: CalendarChange, state: ChangeState, *, by: Actor, at: datetime, moved: int | None = None) -> None:
    change.state, change.settled_by, change.settled_at, change.moved = state, by.slug, at, moved
    change.save(update_fields=["state", "settled_by", "settled_at", "settled_reason", "moved"])
    _note(change, by=by, at=at)


def _note(change: CalendarChange, *, by: Actor, at: datetime) -> None:
    """In the access chain of the day, as every setting: by codes alone; the reason stays with the row."""
    facts: dict[str, str | int] = {"change": change.pk, "calendar": change.calendar.name, "state": change.state}
    if change.law:
        facts["law"] = change.law
    if change.moved is not None:
        facts |= {"moved": change.moved, "version": change.calendar.current.version}
    note_setting("calendar_change", by=by, at=at, **facts)
