"""``manage.py calendars fill [NAME …] [--years 2026-2029]`` and ``manage.py calendars list``."""

from __future__ import annotations

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from requests_app.management.one_organisation import one_organisation
from requests_app.models import HouseCalendar, Organisation
from requests_app.move import InputRefused
from requests_app.roles import SYSTEM
from requests_app.services import calendar_changes, calendars, filling
from requests_app.services.calendar_days import YEARS
from requests_app.services.history import local_day

BEFORE, AHEAD = 1, 3  # years around the present one


class Command(BaseCommand):
    """Fill calendars when a house is set up; more years of one that is there become a proposed change."""

    help = "Fill an organisation's calendars with holidays, or list them."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, whose calendars, and for fill which and for which years."""
        what = parser.add_subparsers(dest="what", required=True)
        fill = what.add_parser("fill", help="make the calendars that are missing; propose more years for the others")
        fill.add_argument(
            "names",
            nargs="*",
            metavar="NAME",
            help=f"{', '.join(filling.USUAL)}, or a place such as IE, DE-BE, GB-ENG; without any: those four, England,"
            " and the organisation's place",
        )
        fill.add_argument(
            "--years", metavar="2026-2029", help="the years to fill; without: the last one to three ahead"
        )
        for parser_of in (fill, what.add_parser("list", help="name every calendar, its last year, and its laws")):
            parser_of.add_argument("--organisation", metavar="SLUG", help="whose; needed if there are several")

    def handle(self, *_args: object, **options: Any) -> None:
        """Do it; CommandError says what is wrong and what to do."""
        organisation = one_organisation(options["organisation"])
        if options["what"] == "list":
            self._list(organisation)
        else:
            self._fill(organisation, options["names"], _years(options["years"]))

    def _fill(self, organisation: Organisation, names: list[str], years: range) -> None:
        wanted = names or [*filling.USUAL, calendars.ENGLAND, *filter(None, [organisation.place])]
        try:
            fillings = [filling.fill(name, years) for name in dict.fromkeys(wanted)]
        except filling.CannotFill as error:
            raise CommandError(str(error)) from None
        there = {calendar.name: calendar for calendar in organisation.calendars.select_related("current")}
        for each in fillings:
            if each.name in there:
                self._propose(there[each.name], years)
            else:
                calendars.make(organisation, each, by=SYSTEM, at=timezone.now())
                days = f"{len(each.holidays)} days from {years[0]} to {years[-1]}" if each.holidays else "no holidays"
                self.stdout.write(f"{each.name}: made, {days}.")

    def _propose(self, calendar: HouseCalendar, years: range) -> None:
        """What is there may be counted with already: more days are for two people of the team to decide on."""
        if calendar.is_fixed:
            self.stdout.write(f"{calendar.name}: is there, and has no holidays.")
            return
        try:
            change = calendar_changes.propose_filling(calendar, years, at=timezone.now())
        except (InputRefused, filling.CannotFill) as refused:
            self.stdout.write(f"{calendar.name}: is there and stays as it is. {refused}")
        else:
            self.stdout.write(f"{calendar.name}: is there; change {change.pk} waits for an approver in the admin.")

    def _list(self, organisation: Organisation) -> None:
        for calendar in organisation.calendars.select_related("current", "organisation"):
            ends = f"until {calendar.ends_in}" if calendar.ends_in else "no holidays"
            laws = ", ".join(calendars.laws_counted_with(calendar)) or "no law"
            self.stdout.write(f"{calendar.name}: {calendar.title}; {ends}; {laws}.")
        for warning in calendars.attention(organisation, local_day(timezone.now())):
            self.stdout.write(f"! {warning.sentence}")


def _years(text: str | None) -> range:
    if text is None:
        now = local_day(timezone.now()).year
        return range(now - BEFORE, now + AHEAD + 1)
    found = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text)
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not (first in YEARS and last in YEARS and first <= last):
        raise CommandError(f"--years: write 2027 or 2026-2029, between {YEARS[0]} and {YEARS[-1]}.")
    return range(first, last + 1)
