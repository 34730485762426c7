"""``manage.py deletions``: after a backup of a source was restored, delete there again what had been deleted."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.timezone import localtime

from exports.fulfil import replaying
from exports.models import DataSource
from exports.models.source import NotConfigured
from exports.sources.connector import Action
from exports.sources.errors import NoWriteAccessError, OnlyByHandError, SourceError

DONE = {Action.DELETE: "deleted", Action.DEIDENTIFY: "de-identified"}


class Command(BaseCommand):
    """Replay old deletions in a source."""

    help = "Do old deletions again in a source whose backup was restored."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which source, and whether to change anything."""
        what = parser.add_subparsers(dest="what", required=True)
        replay = what.add_parser("replay", help="delete and de-identify again what came back; can be repeated")
        replay.add_argument("source")
        replay.add_argument("--dry-run", action="store_true", help="change nothing, and tell what would be done")
        replay.add_argument(
            "--keys",
            action="store_true",
            help="print the keys of rows to look at by hand; they may be personal",
        )

    def handle(self, *_args: object, **options: Any) -> None:
        """Do it; CommandError says what could not be done, and what to do."""
        source = DataSource.objects.filter(slug=options["source"]).select_related("map_version").first()
        if source is None:
            known = ", ".join(DataSource.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no source {options['source']!r}; there is {known}.")
        self._tell_the_list(source)
        unlisted = self._tell_what_is_on_no_list(source)
        dry_run = options["dry_run"] or not source.write_url
        try:
            replayed = replaying.replay(source, dry_run=dry_run, at=timezone.now())
        except OnlyByHandError as error:
            raise CommandError(f"{error}. Have the deletions above done again there by whoever restored it.") from None
        except (SourceError, NotConfigured) as error:
            raise CommandError(f"{error}. What was done stays done; run it again.") from None
        self._tell(source, replayed, dry_run=dry_run, keys=options["keys"])
        if not options["dry_run"] and not source.write_url and replayed.again:
            raise CommandError(str(NoWriteAccessError(f"{source.slug}: it can only be read; have that done by hand.")))
        if unlisted or not replayed.is_all_done:
            raise CommandError("Not all could be done; see above.")

    def _tell_the_list(self, source: DataSource) -> None:
        listed = replaying.on_the_list(source)
        if not listed:
            self.stdout.write(f"{source.slug}: nothing was ever deleted here.")
        for (name, action), rows in sorted(listed.items()):
            self.stdout.write(f"{source.slug}: {name}: {rows} {DONE[action]}, as the list says.")

    def _tell_what_is_on_no_list(self, source: DataSource) -> bool:
        """By reference: what somebody deleted by hand at the end of its time, and only a person can delete again."""
        unlisted = replaying.on_no_list(source)
        for kept in unlisted:
            day = localtime(kept.settled_at).date() if kept.settled_at else ""
            self.stdout.write(
                f"{source.slug}: {kept.collection}: {kept.rows} kept for request {kept.act.case.submission.reference},"
                f" and noted as gone on {day}: on no list. If the backup is older, have them deleted again by hand, as"
                " the proof on the case says."
            )
        return bool(unlisted)

    def _tell(self, source: DataSource, replayed: replaying.Replayed, *, dry_run: bool, keys: bool) -> None:
        would = "would be " if dry_run else ""
        self.stdout.write(f"{source.slug}: {replayed.deletions} deletions {would}done again.")
        for (name, action), rows in sorted(replayed.again.items()):
            self.stdout.write(f"{source.slug}: {name}: {rows} {would}{DONE[action]} again.")
        for name, found in sorted(replayed.by_hand.items()):
            self.stdout.write(
                f"{source.slug}: {name}: {len(found)} to look at by hand: the key is on the list, and the row is not"
                " reached by what the person was found by, came later or may have, or was de-identified by another map"
                " than is in use. It may be somebody else's by now."
            )
            for key in found if keys else ():
                self.stdout.write(f"  {json.dumps(key)}")
        for name, rows in sorted(replayed.not_comparable.items()):
            self.stdout.write(
                f"{source.slug}: {name}: {rows} on the list can't be looked for: the map in use has no collection with"
                " the same table and key. Look there whether they came back, and have them deleted by hand."
            )
        if replayed.held:
            self.stdout.write(
                f"{source.slug}: {replayed.held} deletions {would}not done again: a hold keeps the data. Replay again"
                " once it is over."
            )
        if replayed.may_be_held:
            self.stdout.write(
                f"{source.slug}: {replayed.may_be_held} deletions {would}not done again: a hold may keep the data. They"
                " are from before the list knew more of a person than the source does, and a hold names somebody by"
                " something else. Replay again once it is over."
            )
        for sentence in replayed.refused:
            self.stdout.write(f"{sentence}. This deletion was not done again.")
