"""Duties: computed from the pinned packs on receipt, met by what happens."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date, datetime

from requests_app import waiting
from requests_app.events import EventKind
from requests_app.law import duties as law_duties
from requests_app.law import packs
from requests_app.law.calendars import Calendar
from requests_app.law.happened import NOTHING_YET, Happened
from requests_app.law.words import DutyKind
from requests_app.models import CalendarVersion, Case, CaseLaw, Duty, PackVersion
from requests_app.roles import SYSTEM
from requests_app.services import calendars
from requests_app.services.history import record


def pin_laws(case: Case, laws: tuple[packs.LawPack, ...], *, at: datetime) -> None:
    """Fix the set of laws of a case, each with its pack as it stands now; the first one leads."""
    for place, pack in enumerate(laws):
        CaseLaw.objects.create(case=case, law=pack.slug, pack_version=_pack_version(pack, at), leads=place == 0)


def owe(case: Case, laws: tuple[packs.LawPack, ...], *, at: datetime) -> None:
    """Write the duties of a newly received case, each counted with the calendar of its law as it is now."""
    counted_with = calendars.counted_with(case.submission.organisation, laws)
    for pack in laws:
        version = counted_with[pack.slug]
        for owed in _owed(case, pack, version.as_calendar(), NOTHING_YET):
            _write(case, owed, _pack_version(pack, at), version)


def owe_after_refusal(case: Case) -> None:
    """Write the duties that a refusal brings, under the laws as they were pinned, with their calendars as of now."""
    laws = list(case.laws.select_related("pack_version"))
    counted_with = calendars.counted_with(case.submission.organisation, [law.pack_version.as_pack() for law in laws])
    for law in laws:
        version = counted_with[law.law]
        for owed in _owed(case, law.pack_version.as_pack(), version.as_calendar(), Happened(refused=True)):
            if not case.duties.filter(law=owed.law, kind=owed.kind).exists():
                _write(case, owed, law.pack_version, version)


def computed(
    case: Case, duty: Duty, pack: packs.LawPack, calendar: Calendar, *, waits: Happened | None = None
) -> law_duties.Duty:
    """What a law, counted with a calendar, makes of a duty after all that has happened to its case.

    With the pack and the calendar that are pinned to the duty it gives the date that the duty has. ``waits`` is given
    by who has looked up the questions to the persons of many cases at once.
    """
    happened = (
        replace(waits, extended_on=duty.extended_on, refused=True) if waits is not None else _happened_to(case, duty)
    )
    return _of_kind(_owed(case, pack, calendar, happened), duty)


def recount(case: Case, *, at: datetime) -> None:
    """Move the open dates whose law does not count the days of waiting for the person; each move has its event."""
    if waiting.happened(case) == NOTHING_YET:
        return
    for duty in case.duties.unmet().select_related("pack_version", "calendar_version"):
        pack, calendar = duty.pack_version.as_pack(), duty.calendar_version.as_calendar()
        anew = computed(case, duty, pack, calendar)
        was_due_on = duty.due_on
        if duty.extended_on is not None:
            duty.first_due_on = _as_extended(case, duty, None).due_on
        duty.due_on, duty.target_on, duty.working = anew.due_on, anew.target_on, anew.working.as_data()
        duty.defensible_due_on = anew.defensible_due_on
        duty.save(update_fields=["due_on", "target_on", "working", "first_due_on", "defensible_due_on"])
        if duty.due_on != was_due_on:
            record(
                case,
                EventKind.DATE_MOVED,
                by=SYSTEM,
                at=at,
                duty=duty.kind,
                law=duty.law,
                was_due_on=was_due_on.isoformat(),
                due_on=duty.due_on.isoformat(),
            )


def _happened_to(case: Case, duty: Duty) -> Happened:
    """What has happened that the date of a duty depends on; what a refusal brings is there only after one."""
    return replace(waiting.happened(case), extended_on=duty.extended_on, refused=True)


def _owed(case: Case, pack: packs.LawPack, calendar: Calendar, happened: Happened) -> tuple[law_duties.Duty, ...]:
    return law_duties.duties(
        pack,
        case.right_asked,
        received_on=case.received_on(),
        calendar=calendar,
        house=packs.house(),
        happened=happened,
    )


def _of_kind(owed: Iterable[law_duties.Duty], duty: Duty) -> law_duties.Duty:
    return next(each for each in owed if each.kind == duty.kind)


def _write(case: Case, owed: law_duties.Duty, pack_version: PackVersion, calendar_version: CalendarVersion) -> None:
    Duty.objects.create(
        case=case,
        law=owed.law,
        kind=owed.kind,
        due_on=owed.due_on,
        target_on=owed.target_on,
        working=owed.working.as_data(),
        citation=owed.citation,
        sureness=owed.sureness,
        pack_version=pack_version,
        calendar_version=calendar_version,
    )


def extend(case: Case, *, on: date) -> list[Duty]:
    """Move every date that an extension announced on this day moves, law by law; returns the duties moved."""
    moved = []
    for duty in case.duties.unmet().select_related("pack_version", "calendar_version"):
        extended = _as_extended(case, duty, on)
        if extended.working.extended_on is None:
            continue
        duty.first_due_on = duty.due_on
        duty.due_on, duty.target_on = extended.due_on, extended.target_on
        duty.working, duty.extended_on = extended.working.as_data(), on
        duty.save(update_fields=["due_on", "target_on", "working", "extended_on", "first_due_on"])
        moved.append(duty)
    return moved


def take_back_extension(case: Case, *, told_on: date | None, on: date) -> list[Duty]:
    """Go back to the first date where it has passed by ``on`` and nobody was told of the extension by then (G7).

    ``told_on`` is the day from which its notice counts. Returns the duties that went back; both dates stay on them.
    """
    gone_back = []
    extended = case.duties.unmet().filter(extended_on__isnull=False)
    for duty in extended.select_related("pack_version", "calendar_version"):
        first = _as_extended(case, duty, None)
        if on <= first.due_on or (told_on is not None and told_on <= first.due_on):
            continue
        duty.void_extension_on, duty.void_due_on = duty.extended_on, duty.due_on
        duty.due_on, duty.target_on = first.due_on, first.target_on
        duty.working, duty.extended_on = first.working.as_data(), None
        duty.save()
        gone_back.append(duty)
    return gone_back


def _as_extended(case: Case, duty: Duty, on: date | None) -> law_duties.Duty:
    """What the law, as it was pinned, makes of this duty if the extension is announced on this day, or never."""
    pack, calendar = duty.pack_version.as_pack(), duty.calendar_version.as_calendar()
    return _of_kind(_owed(case, pack, calendar, replace(_happened_to(case, duty), extended_on=on)), duty)


def meet(case: Case, kind: DutyKind, *, at: datetime, met_at: datetime | None = None) -> None:
    """Note that the duties of this kind are met, under every law that owes them; a second time changes nothing.

    ``met_at`` is given where what meets them does not count from the moment at which it is noted.
    """
    if case.duties.unmet().of_kind(kind).update(met_at=met_at or at):
        record(case, EventKind.DUTY_MET, by=SYSTEM, at=at, duty=kind)


def owe_again(case: Case) -> None:
    """The closing was a mistake: everything but the receipt's confirmation is owed again, by the same dates."""
    done = (DutyKind.ACKNOWLEDGE, DutyKind.RESTRICTED)
    case.duties.filter(kind=DutyKind.OPT_OUT_OFFERED, met_at=None).delete()  # a refusal had brought it
    case.duties.exclude(kind__in=(*done, DutyKind.OPT_OUT_OFFERED)).update(met_at=None, void=False)
    case.duties.filter(kind__in=done).update(void=False)


def drop_unmet(case: Case, *, but: Collection[DutyKind] = ()) -> None:
    """The case closed another way: what was still owed is owed no longer, but for these kinds."""
    case.duties.unmet().exclude(kind__in=but).update(void=True)


def _pack_version(pack: packs.LawPack, at: datetime) -> PackVersion:
    version, _created = PackVersion.objects.get_or_create(
        law=pack.slug,
        digest=pack.digest,
        defaults={"canonical_text": pack.canonical_text, "first_seen_at": at},
    )
    return version
