"""``manage.py sources load FILE --read VARIABLE [--write VARIABLE]`` and ``manage.py sources check``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from exports.models import DataSource
from exports.models.source import NotConfigured
from exports.sources.connector import SourceError
from exports.sources.datamap import DataMapError


class Command(BaseCommand):
    """Take a data map in as a source, or try whether every source answers as its map says."""

    help = "Load a data map as a source, or check that every source answers."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and for load the file and the names of the variables."""
        what = parser.add_subparsers(dest="what", required=True)
        load = what.add_parser("load", help="take a data map in; a source of that name gets the new map")
        load.add_argument("file", type=Path)
        load.add_argument("--read", required=True, metavar="VARIABLE", help="environment variable with the reading URL")
        load.add_argument("--write", default="", metavar="VARIABLE", help="the one with the writing URL, if any")
        load.add_argument("--position", type=int, default=0, help="sources are walked in this order")
        what.add_parser("check", help="open every source and read nothing but counts")

    def handle(self, *_args: object, **options: Any) -> None:
        """Do it; CommandError says what is wrong, where, and what to do."""
        if options["what"] == "load":
            self._load(options)
        else:
            self._check()

    def _load(self, options: dict[str, Any]) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8")
            source = DataSource.set_up(
                text,
                read_url_variable=options["read"],
                write_url_variable=options["write"],
                position=options["position"],
                at=timezone.now(),
            )
        except OSError as error:
            raise CommandError(f"{options['file']} can't be read: {error.strerror}.") from None
        except DataMapError as error:
            raise CommandError(f"{options['file']}: {error}") from None
        self.stdout.write(f"{source.slug}: accepted, map {source.map_version.digest[:12]}.")

    def _check(self) -> None:
        faults = 0
        for source in DataSource.objects.in_walking_order():
            data_map = source.map_version.as_map()
            nobody = {kind: ["nobody"] for kind in data_map.kinds_asked}
            try:
                with source.open(data_map) as connector:
                    for collection in data_map.collections:
                        connector.presence(collection.name, nobody)
            except (SourceError, NotConfigured) as error:
                faults += 1
                self.stdout.write(f"{source.slug}: {error}")
            else:
                self.stdout.write(f"{source.slug}: answers as its map says.")
        if faults:
            raise CommandError(f"{faults} of the sources did not answer as they should.")
