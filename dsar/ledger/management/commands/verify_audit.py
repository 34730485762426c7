"""``manage.py verify_audit``: do the chains and the checkpoints hold?"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from dsar.ledger import copies
from dsar.ledger.canonical import moment
from dsar.ledger.models import Event
from dsar.ledger.signing import known_keys, signer
from dsar.ledger.verification import Break, Fall, Verification, verify


class Command(BaseCommand):
    help = "Verify the audit's chains and checkpoints. Names the first broken link, and ends with 1, if one is broken."
    # The tables it reads are its business, not the settings of the site.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", help="verify this chain only")
        parser.add_argument("--against", type=Path, help="compare the checkpoints with this copy, kept elsewhere")
        parser.add_argument("--public-key", action="store_true", help="only print the signing key's public half")

    def handle(self, *, chain: str | None, against: Path | None, public_key: bool, **_options: object) -> None:
        if public_key:
            self.stdout.write(_public_key())
            return
        if Event._meta.db_table not in connection.introspection.table_names():
            raise CommandError("This database holds no histories: is it the right one (DATABASE_URL), and migrated?")
        found = verify(chain)
        self.stdout.write(f"Read {found.events} events in {found.chains} chains, {found.checkpoints} checkpoints.")
        self.stdout.write(_anchor(found))
        for fall in found.fallen:
            self.stdout.write(_told(fall))
        if against:
            self._compare(against)
        _stop_at(found.first_break)
        if chain is not None and not found.events:
            raise CommandError(f"There is no chain {chain}.")
        self.stdout.write("Every link holds.")

    def _compare(self, copy: Path) -> None:
        if not copy.is_file():
            raise CommandError(f"{copy}: no such file.")
        compared = copies.compare(copy)
        until = f", until {moment(compared.last_at)}" if compared.last_at else ""
        self.stdout.write(f"Compared with {copy}: {compared.checkpoints} checkpoints are the same{until}.")
        _stop_at(compared.first_break)
        if not compared.checkpoints:
            raise CommandError(f"{copy} holds no checkpoint: nothing was compared.")


def _stop_at(link: Break | None) -> None:
    if link:
        raise CommandError(f"Broken: chain {link.chain}, number {link.sequence}: {link.reason}.")


def _anchor(found: Verification) -> str:
    if found.anchored_until:
        return f"Anchored until {moment(found.anchored_until)}."
    if not settings.SIGNING_KEY and not known_keys():
        return (
            "Nothing is anchored: there is no signing key. Whoever owns the tables could have written all of this "
            "anew, and nobody would see it. Set DSAR_SIGNING_KEY."
        )
    return "Nothing is anchored: no checkpoint that holds was signed by our key."


def _told(fall: Fall) -> str:
    when = f"at checkpoint {fall.checkpoint}" if fall.checkpoint else "since the last checkpoint"
    return f"The count {fall.name} fell from {fall.before} to {fall.after} {when}: rows are gone."


def _public_key() -> str:
    key = signer()
    if key is None:
        raise CommandError("There is no signing key: set DSAR_SIGNING_KEY.")
    return key.text
