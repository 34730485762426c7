"""`manage.py vault …`: the master key and the key store."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count

from dsar.vault import ciphers, keys
from dsar.vault.errors import VaultError
from dsar.vault.models import DestroyedKey, WrappedKey


class Command(BaseCommand):
    help = "Make and rotate the master key, and look after the key store."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        newmaster = acts.add_parser("newmaster", help="print a new master key")
        change = newmaster.add_mutually_exclusive_group()
        change.add_argument("--rotate", action="store_true", help="the present key set with a new primary key added")
        change.add_argument("--drop-older", action="store_true", help="the present key set without its older keys")
        acts.add_parser("newsecret", help="print a new DSAR_SECRET_KEY")
        acts.add_parser("rewrap", help="wrap all keys with the master key's primary")
        acts.add_parser("status", help="count the keys, and those that the master key does not open")
        reapply = acts.add_parser("reapply", help="after a restore: destroy again what had been destroyed")
        reapply.add_argument("--list", dest="listing", type=Path, help="another copy of destroyed-keys.txt")
        acts.add_parser("relist", help="write a lost destroyed-keys.txt anew from what the key store knows")

    def handle(self, *_args: str, act: str, **options: Any) -> None:
        try:
            getattr(self, act)(**options)
        except VaultError as error:
            raise CommandError(str(error)) from None

    def newmaster(self, *, rotate: bool, drop_older: bool, **_options: object) -> None:
        """Text only on standard output, so that it can be piped to where secrets are kept."""
        if rotate:
            text = ciphers.with_new_primary(settings.MASTER_KEY)
            self.stderr.write("Put it in place for every process, restart them, then run `vault rewrap`.")
        elif drop_older:
            text = ciphers.without_older_keys(settings.MASTER_KEY)
            self.stderr.write("Put it in place after `vault rewrap`; keep the present text as long as older backups.")
        else:
            text = ciphers.new_master_text()
        self.stdout.write(text)

    def newsecret(self, **_options: object) -> None:
        self.stdout.write(secrets.token_urlsafe(48))

    def rewrap(self, **_options: object) -> None:
        self.stdout.write(f"{keys.rewrap()} keys are wrapped with the master key's primary.")

    def status(self, **_options: object) -> None:
        counts = WrappedKey.objects.values_list("purpose").annotate(Count("pk")).order_by("purpose")
        for purpose, count in counts:
            self.stdout.write(f"{count:8} {purpose}")
        self.stdout.write(f"{DestroyedKey.objects.count():8} destroyed")
        self.stdout.write(f"{keys.count_unopenable():8} that the master key does not open")

    def reapply(self, *, listing: Path | None, **_options: object) -> None:
        if listing and not listing.exists():
            raise CommandError(f"{listing}: no such file.")
        self.stdout.write(f"{keys.apply_destroyed(listing)} destroyed keys had come back and were destroyed again.")
        if listing:
            keys.complete_list()

    def relist(self, **_options: object) -> None:
        self.stdout.write(f"{keys.complete_list()} destroyed keys were added to the list.")
