"""``manage.py disclosure policy [--on 2026-11-23] [--language en|es] [--format text|json|html]``."""

from __future__ import annotations

from datetime import date

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from exports.bundle.published import NoPolicy, Policy, policy_on
from requests_app.services.history import local_day

FORMATS = {"text": Policy.as_text, "json": Policy.as_json, "html": Policy.as_html}
LANGUAGES = ("en", "es")


class Command(BaseCommand):
    """Tells; changes nothing."""

    help = "Print what the privacy policy has to say about personal information, from the data maps."

    def add_arguments(self, parser: CommandParser) -> None:
        """For what, of which day, in which language and form."""
        what = parser.add_subparsers(dest="what", required=True)
        policy = what.add_parser(
            "policy", help="for everybody, by the maps in use; what is still to be decided goes to standard error"
        )
        policy.add_argument("--on", default="", metavar="DATE", help="such as 2026-11-23; today, if nothing is said")
        policy.add_argument("--language", default="en", choices=LANGUAGES)
        policy.add_argument("--format", default="text", choices=list(FORMATS))

    def handle(self, *, on: str, language: str, **options: str) -> None:
        """Print; CommandError says what is wrong and what to do."""
        try:
            day = date.fromisoformat(on) if on else local_day(timezone.now())
            found = policy_on(day, language)
        except NoPolicy as refused:
            raise CommandError(str(refused)) from None
        except ValueError:
            raise CommandError(f"--on {on}: write a day such as 2026-11-23.") from None
        self.stdout.write(FORMATS[options["format"]](found), ending="")
        for sentence in found.to_decide:
            self.stderr.write(f"To decide: {sentence}")
