"""``manage.py house``: do the main database and the key store belong together, and which keys does nobody use?"""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dsar.ledger import house as main_house
from dsar.vault import house as key_house
from dsar.vault.errors import VaultError
from requests_app.services import upkeep


class Command(BaseCommand):
    """Tells, and with an option does what the clock does not do unasked."""

    help = "Say whether the two databases belong together, and how many keys are used by no row."

    def add_arguments(self, parser: CommandParser) -> None:
        """At most one act."""
        act = parser.add_mutually_exclusive_group()
        act.add_argument("--join", action="store_true", help="give the house id of one database to the one without")
        act.add_argument("--sweep", action="store_true", help="destroy the keys that no row uses, however many")

    def handle(self, *, join: bool, sweep: bool, **_options: object) -> None:
        """Act, then tell; CommandError says what is wrong."""
        try:
            if join:
                self.stdout.write(f"Both databases have the house id {upkeep.complete_house()}.")
            if sweep:
                destroyed = upkeep.destroy_orphaned_keys(at=timezone.now(), any_number=True)
                self.stdout.write(f"{destroyed} keys that no row used were destroyed.")
            for purpose, number in upkeep.orphaned_keys(at=timezone.now()).items():
                self.stdout.write(f"{number:8} keys of the purpose {purpose} that no row uses")
            key_house.check_same_house(main_house.house_id())
        except VaultError as error:
            raise CommandError(str(error)) from None
        self.stdout.write("The main database and the key store belong together.")
