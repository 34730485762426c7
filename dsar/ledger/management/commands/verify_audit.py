"""``manage.py verify_audit``: do the chains and the checkpoints hold?"""

from __future__ import annotations

from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from dsar.ledger.canonical import moment
from dsar.ledger.verification import Verification, verify


class Command(BaseCommand):
    help = "Verify the audit's chains and checkpoints. Names the first broken link, and ends with 1, if one is broken."
    # The tables it reads are its business, not the settings of the site.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", help="verify this chain only")

    def handle(self, *, chain: str | None, **_options: object) -> None:
        found = verify(chain)
        self.stdout.write(f"Read {found.events} events in {found.chains} chains, {found.checkpoints} checkpoints.")
        self.stdout.write(_anchor(found))
        if found.first_break:
            link = found.first_break
            raise CommandError(f"Broken: chain {link.chain}, number {link.sequence}: {link.reason}.")
        if chain is not None and not found.events:
            raise CommandError(f"There is no chain {chain}.")
        self.stdout.write("Every link holds.")


def _anchor(found: Verification) -> str:
    if not settings.SIGNING_KEY:
        return "Not anchored: no signing key."
    if found.anchored_until is None:
        return "Not anchored: no checkpoint that our key has signed."
    return f"Anchored until {moment(found.anchored_until)}."
