"""``manage.py metrics --year 2026 [--law ccpa] [--format text|json|csv]``."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from requests_app.management.one_organisation import one_organisation
from requests_app.services import metrics, metrics_tables

FORMATS = {"text": metrics_tables.as_text, "json": metrics_tables.as_json, "csv": metrics_tables.as_csv}


class Command(BaseCommand):
    """Counts; changes nothing."""

    help = "Print the figures of a year: how many requests came under each law, how they ended, and how soon."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which year, and of which law; how to print it."""
        parser.add_argument(
            "--year", required=True, help="the calendar year in which the requests arrived, such as 2026"
        )
        parser.add_argument("--law", default="", help="one law, such as ccpa; without: every law of that year's cases")
        parser.add_argument("--format", default="text", choices=list(FORMATS), help="text, if nothing is said")
        parser.add_argument("--organisation", metavar="SLUG", help="whose; needed if there are several")

    def handle(self, *, year: str, law: str, organisation: str | None, **options: str) -> None:
        """Print; CommandError says what is wrong and what to do."""
        now = timezone.now()
        asked = one_organisation(organisation)
        try:
            report = metrics.of_year(asked, metrics.year_in(year, at=now), at=now, law=law)
        except metrics.FiguresRefused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(FORMATS[options["format"]](report), ending="")
