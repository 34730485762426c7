"""``manage.py restored``: after a backup of a source was restored, set there again what holds of people."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.timezone import localtime

from dsar.jobs.running import PermanentFailure
from exports.fulfil import flags_in_force, restored, restricting
from exports.models import DataSource
from exports.sources.connector import Action
from exports.sources.errors import OnlyByHandError, SourceError

GONE = "a request whose record is gone"
TELLS = "the page of the request tells what to do"


class Command(BaseCommand):
    """Flags, restrictions and corrections after a restore."""

    help = "Set flags and restrictions again in a source whose backup was restored, and tell which corrections it lost."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which source, and of which day its backup is."""
        parser.add_argument("source")
        parser.add_argument(
            "--backup-of",
            required=True,
            type=date.fromisoformat,
            metavar="DAY",
            help="the day of the backup: 2026-05-31",
        )
        parser.add_argument("--dry-run", action="store_true", help="change nothing, and tell what would be done")

    def handle(self, *_args: object, **options: Any) -> None:
        """One after the other; what fails in one keeps none of the others. CommandError says that something is left."""
        source = DataSource.objects.filter(slug=options["source"]).select_related("map_version").first()
        if source is None:
            known = ", ".join(DataSource.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no source {options['source']!r}; there is {known}.")
        since, dry_run, at = _begin_of(options["backup_of"]), options["dry_run"], timezone.now()
        if dry_run:
            self._tell_deletions(source, since)
        left = [
            self._flags(source, since, dry_run=dry_run, at=at),
            self._restrictions(source, since, dry_run=dry_run, at=at),
            self._corrections(source, since, dry_run=dry_run, at=at),
        ]
        if any(left):
            raise CommandError("Not all could be done; see above. It can be run again.")

    def _tell_deletions(self, source: DataSource, since: datetime) -> None:
        for reference, act in restored.deletions_since(source, since):
            done = [
                f"{name} {entry['rows']}"
                for name, entry in sorted(act.proof.items())
                if entry["rows"] and entry["action"] != Action.KEEP
            ]
            if done:
                day = localtime(act.done_at).date()
                self.stdout.write(
                    f"{source.slug}: {reference}: deleted on {day}: {', '.join(done)}; to be done again by `deletions"
                    " replay`."
                )

    def _flags(self, source: DataSource, since: datetime, *, dry_run: bool, at: datetime) -> bool:
        """Whether something is left."""
        for right, number in sorted(flags_in_force.in_force(source).items()):
            self.stdout.write(f"{source.slug}: {right}: {number} identifiers are on the list.")
        if dry_run:
            if source.is_manual:
                self.stdout.write(f"{source.slug}: only its owner sets flags there; the command would change none.")
            for one in flags_in_force.by_request(source, since):
                what = "would be set" if one.is_set else "would be taken off, for an opt-in has ended it since"
                self.stdout.write(
                    f"{source.slug}: {one.reference or GONE}: {one.right}: flags by {', '.join(one.kinds)} {what}."
                )
            return False
        try:
            done = flags_in_force.set_all(source, since=since, at=at)
        except (SourceError, PermanentFailure) as error:
            self.stdout.write(f"{error or type(error).__name__}. Flags are not all set.")
            return True
        for name, rows in sorted(done.rows.items()):
            self.stdout.write(f"{source.slug}: {name}: {rows} rows flagged.")
        for name in sorted(done.unreached):
            self.stdout.write(f"{source.slug}: {name}: nothing leads to it; its flags are left as they are.")
        if done.refused:
            self.stdout.write(f"{source.slug}: the source refuses the flags of {done.refused} identifiers.")
        if done.incomplete:
            self.stdout.write(f"{done.incomplete or type(done.incomplete).__name__}. Flags may be missing.")
        return bool(done.refused or done.incomplete)

    def _restrictions(self, source: DataSource, since: datetime, *, dry_run: bool, at: datetime) -> bool:
        if dry_run:
            for reference, is_set in restricting.by_request(source, since):
                what = "set" if is_set else "lifted"
                self.stdout.write(f"{source.slug}: {reference}: its restriction would be {what}.")
            return False
        told = restricting.tell_restored(source, since=since, at=at)
        if told:
            self.stdout.write(f"{source.slug}: the workers set or lift {told} restrictions again.")
        return False

    def _corrections(self, source: DataSource, since: datetime, *, dry_run: bool, at: datetime) -> bool:
        try:
            undone = restored.corrections_undone(source, dry_run=dry_run, at=at)
        except (OnlyByHandError, PermanentFailure, SourceError) as error:
            self.stdout.write(f"{error}. Whether corrections were lost is not known.")
            for wrong in restored.corrections_since(source, since):
                place = f"{source.slug}: {wrong.collection}.{wrong.field}"
                self.stdout.write(f"{place}: corrected since for {wrong.reference}: look there.")
            return True
        alarm = "an alarm would be raised on the page of the request" if dry_run else TELLS
        for wrong, rows in undone.items():
            self.stdout.write(
                f"{source.slug}: {wrong.collection}.{wrong.field}: the wrong value of {wrong.reference} stands again in"
                f" {rows} rows; {alarm}."
            )
        return bool(undone)


def _begin_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
