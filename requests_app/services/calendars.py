"""Calendars of an organisation: which one a law counts with, how one is made, and which of them end too soon.

The law layer is handed a calendar and knows nothing of rows. A case keeps the version that it was counted with.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from requests_app.law import calendars, packs
from requests_app.law.lawpack import LawPack
from requests_app.models import CalendarChoice, CalendarVersion, FilledFrom, HouseCalendar, Organisation
from requests_app.move import InputRefused
from requests_app.roles import Actor
from requests_app.services.calendar_days import Content
from requests_app.services.filling import USUAL, Filling
from requests_app.services.staffing import note_setting

PLACE = "place"  # a pack's word for the calendar of the place where the controller must act
UK_GDPR, ENGLAND = "uk_gdpr", "GB-ENG"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
TITLE_MOST = 100
# How long before its end a calendar asks to be filled: extended periods reach so far ahead.
SOON = timedelta(days=183)


@dataclass(frozen=True)
class Attention:
    """Something about calendars that a person has to see to; ``calendar`` is the one to be filled, if there is one."""

    sentence: str
    calendar: HouseCalendar | None = None


def counted_with(organisation: Organisation, laws: Iterable[LawPack]) -> dict[str, CalendarVersion]:
    """The version with which each of these laws is counted now, by law.

    The chosen calendar; else that of the place, where the pack says so and it is there; else weekdays only, which is
    the strictest reading. In a transaction no accepted change can come between this and the duties that are written.
    """
    _hold(organisation)
    wanted = {pack.slug: pack for pack in laws}
    chosen = _chosen(organisation, wanted)
    of_places = _of_places(organisation, [pack for slug, pack in wanted.items() if slug not in chosen])
    plain = None if len(chosen) + len(of_places) == len(wanted) else keep(calendars.WEEKDAYS_ONLY)
    found = {slug: chosen.get(slug) or of_places.get(slug) or plain for slug in wanted}
    return {slug: version for slug, version in found.items() if version is not None}


def place_of(law: str, organisation: Organisation) -> str:
    """The place whose holidays count under a law of places: for the UK's a place of the UK, England by default."""
    if law == UK_GDPR:
        return organisation.place if organisation.place.startswith("GB") else ENGLAND
    return organisation.place


def keep(calendar: calendars.Calendar) -> CalendarVersion:
    """The row of this content, which never changes; made if it is new."""
    version, _created = CalendarVersion.objects.get_or_create(
        name=calendar.name,
        version=calendar.version,
        defaults={
            "weekend": sorted(calendar.weekend),
            "holidays": {day.isoformat(): why for day, why in calendar.holidays.items()},
        },
    )
    return version


def make(organisation: Organisation, filling: Filling, *, by: Actor, at: datetime) -> HouseCalendar:
    """A new calendar, with which nothing counts until it is chosen. Raises InputRefused."""
    _check_names(organisation, filling)
    plain = filling.filled_from is FilledFrom.WEEKDAYS_ONLY
    content = Content(filling.weekend, filling.holidays)
    with transaction.atomic():
        version = keep(calendars.WEEKDAYS_ONLY if plain else content.as_calendar(filling.name))
        calendar = HouseCalendar.objects.create(
            organisation=organisation,
            name=filling.name,
            title=filling.title.strip(),
            filled_from=filling.filled_from,
            current=version,
        )
        note_setting("calendar", by=by, at=at, calendar=calendar.name, version=version.version, made=True)
    return calendar


def laws_by_calendar(organisation: Organisation) -> dict[str, list[str]]:
    """The laws that count with each calendar now, by its name: chosen for them, that of their place, or no other."""
    found: dict[str, list[str]] = {}
    for law, calendar in _calendars_of_laws(organisation).items():
        if calendar is not None:
            found.setdefault(calendar.name, []).append(law)
    return found


def laws_counted_with(calendar: HouseCalendar) -> list[str]:
    """The laws that count with this calendar now."""
    return laws_by_calendar(calendar.organisation).get(calendar.name, [])


def attention(organisation: Organisation, on: date) -> list[Attention]:
    """Calendars in use that end soon, and places without a calendar: what is counted there goes by weekends alone."""
    used = _calendars_of_laws(organisation)
    soon = (on + SOON).year
    found = []
    for calendar in sorted({calendar for calendar in used.values() if calendar}, key=lambda each: each.title):
        if calendar.ends_in is not None and calendar.ends_in < soon:
            ends = _(
                "The calendar “%(title)s” ends in %(year)s: fill it. Later days are counted as if no holiday came."
            )
            found.append(Attention(ends % {"title": calendar.title, "year": calendar.ends_in}, calendar))
    return [*found, *(Attention(_no_place(law, organisation)) for law, calendar in used.items() if calendar is None)]


def _no_place(law: str, organisation: Organisation) -> str:
    title = packs.law_pack(law).short_title
    place = place_of(law, organisation)
    if not place:
        sentence = _(
            "%(law)s counts with the holidays of the place where you must act: an administrator has to enter it in the"
            " organisation. Until then weekends alone are counted."
        )
        return sentence % {"law": title}
    sentence = _(
        "%(law)s counts with the holidays of %(place)s, and there is no such calendar yet: make it. Until then weekends"
        " alone are counted."
    )
    return sentence % {"law": title, "place": place}


def _calendars_of_laws(organisation: Organisation) -> dict[str, HouseCalendar | None]:
    """The calendar of every law that has one now; None for a law of places whose calendar is not there."""
    choices = CalendarChoice.objects.filter(organisation=organisation).select_related("calendar__current")
    chosen = {choice.law: choice.calendar for choice in choices}
    by_name = {each.name: each for each in organisation.calendars.select_related("current", "organisation")}
    found: dict[str, HouseCalendar | None] = {}
    for slug, pack in packs.all_packs().items():
        if slug in chosen:
            found[slug] = by_name[chosen[slug].name]
        elif pack.calendar == PLACE:
            found[slug] = by_name.get(place_of(slug, organisation))
        elif calendars.WEEKDAYS_ONLY.name in by_name:
            found[slug] = by_name[calendars.WEEKDAYS_ONLY.name]
    return found


def _chosen(organisation: Organisation, laws: Collection[str]) -> dict[str, CalendarVersion]:
    rows = CalendarChoice.objects.filter(organisation=organisation, law__in=laws).select_related("calendar__current")
    return {row.law: row.calendar.current for row in rows}


def _of_places(organisation: Organisation, laws: Iterable[LawPack]) -> dict[str, CalendarVersion]:
    places = {pack.slug: place_of(pack.slug, organisation) for pack in laws if pack.calendar == PLACE}
    if not places:
        return {}
    rows = organisation.calendars.filter(name__in=set(places.values())).select_related("current")
    versions = {row.name: row.current for row in rows}
    return {slug: versions[place] for slug, place in places.items() if place in versions}


def _hold(organisation: Organisation) -> None:
    """Wait for a change that is being accepted, and make the next one wait for the duties that are written now.

    Shared: requests don't wait for each other here. SQLite lets one transaction write at a time anyway.
    """
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        table = connection.ops.quote_name(HouseCalendar._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {table} WHERE organisation_id = %s ORDER BY id FOR SHARE", [organisation.pk])  # noqa: S608


def _check_names(organisation: Organisation, filling: Filling) -> None:
    name, title = filling.name, filling.title.strip()
    errors = {}
    if not NAME.fullmatch(name):
        errors["name"] = _("A short name of letters, digits, - and _, 40 at most, e.g. head_office.")
    elif filling.filled_from is FilledFrom.HAND and name in USUAL:
        errors["name"] = _("This name stands for a calendar that is filled by its law: choose another one.")
    elif organisation.calendars.filter(name=name).exists():
        errors["name"] = _("There is a calendar of this name already.")
    if not title:
        errors["title"] = _("Write what the staff call it.")
    elif len(title) > TITLE_MOST:
        errors["title"] = _("At most %(most)s letters.") % {"most": TITLE_MOST}
    if errors:
        raise InputRefused(errors)
