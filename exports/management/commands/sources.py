"""``manage.py sources``: draft a data map from a database, propose and dump maps, and check that sources fit them.

A proposal names who makes it, and is accepted in the admin, where a sign-in proves who does that.
"""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from exports import source_changes
from exports.models import DataSource
from exports.models.source import NotConfigured
from exports.source_changes import MapRefused, Proposal
from exports.sources import own_record
from exports.sources.connector import survey
from exports.sources.datamap import SLUG, taken_from_others
from exports.sources.draft import draft
from exports.sources.errors import SourceError
from requests_app.models import User
from requests_app.roles import Actor
from requests_app.services.two_people import RuleRefused

LARGE = 10_000
MOST_SAMPLED = 1_000
HOST = "where its URL leads, such as db:5432/shop, if the variable is not set here"
READ = {"metavar": "VARIABLE", "help": "environment variable with the reading URL"}


class Command(BaseCommand):
    """Draft a data map, propose one as a source, show it, or try whether every source is as its map says."""

    help = "Draft, propose, dump and check the data maps of sources."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, with files and the names of variables."""
        what = parser.add_subparsers(dest="what", required=True)
        drafted = what.add_parser("draft", help="propose a data map from the schema of a database, on standard output")
        drafted.add_argument("name", help="of the new source: small letters, digits, underscores")
        drafted.add_argument("--read", required=True, **READ)
        drafted.add_argument("--schema", action="append", default=[], help="only this one; can be given several times")
        drafted.add_argument("--sample", type=int, default=0, metavar="N", help="look at N rows of each table as well")
        load = what.add_parser("load", help="propose a data map: for a new source, or in place of the one in use")
        load.add_argument("file", type=Path)
        load.add_argument(
            "--read", default="", metavar="VARIABLE", help="the one with the reading URL; none where a person looks"
        )
        load.add_argument("--write", default="", metavar="VARIABLE", help="the one with the writing URL, if any")
        load.add_argument("--read-host", default="", metavar="HOST", help=HOST)
        load.add_argument("--write-host", default="", metavar="HOST", help=HOST)
        load.add_argument("--position", type=_place, default=0, help="sources are walked in this order, from 0 to 9998")
        own = what.add_parser("own", help="propose this system's own record as a source: earlier requests of a person")
        for proposing in (load, own):
            who = proposing.add_mutually_exclusive_group(required=True)
            who.add_argument("--by", metavar="USERNAME", help="who of the staff proposes it; somebody else accepts it")
            who.add_argument(
                "--at-installation", action="store_true", help="put it in force at once; only before the first request"
            )
        what.add_parser("dump", help="print the map of a source as it was accepted").add_argument("name")
        check = what.add_parser("check", help="whether each source answers, has changed, or is slow to look into")
        check.add_argument(
            "--large", type=int, default=LARGE, metavar="ROWS", help="look-ups without an index count from here on"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        """Do it; CommandError says what is wrong, where, and what to do."""
        acts = {"draft": self._draft, "load": self._load, "own": self._own, "dump": self._dump, "check": self._check}
        acts[options["what"]](options)

    def _draft(self, options: dict[str, Any]) -> None:
        name, url = options["name"], os.environ.get(options["read"], "")
        if not SLUG.fullmatch(name):
            raise CommandError(f"{name!r}: a source's name has 1 to 50 small letters, digits or underscores.")
        if not url:
            raise CommandError(f"Set the environment variable {options['read']}.")
        if not 0 <= options["sample"] <= MOST_SAMPLED:
            raise CommandError(f"--sample is a number from 0 to {MOST_SAMPLED}.")
        try:
            found = survey(
                name,
                read_url=url,
                schemas=options["schema"],
                sample_rows=options["sample"],
                timeout=settings.SOURCE_TIMEOUT,
            )
        except SourceError as error:
            raise CommandError(f"{error}.") from None
        self.stdout.write(draft(name, found), ending="")

    def _load(self, options: dict[str, Any]) -> None:
        try:
            text = options["file"].read_text(encoding="utf-8")
        except OSError as error:
            raise CommandError(f"{options['file']} can't be read: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise CommandError(f"{options['file']} is no text in UTF-8; save it as such.") from None
        proposal = Proposal(
            text,
            options["read"],
            options["write"],
            options["position"],
            read_host=options["read_host"],
            write_host=options["write_host"],
        )
        try:
            self._take_in(proposal, options)
        except MapRefused as refused:
            raise CommandError(f"{options['file']}: {refused}") from None

    def _own(self, options: dict[str, Any]) -> None:
        self._take_in(source_changes.own_record_proposal(), options)

    def _take_in(self, proposal: Proposal, options: dict[str, Any]) -> None:
        """Propose it in somebody's name, or put it in force while the system is being installed. Raises MapRefused."""
        try:
            if options["at_installation"]:
                source = source_changes.install(proposal, at=timezone.now())
                self.stdout.write(f"{source.slug}: in force, map {source.map_version.digest[:12]}.")
                return
            change = source_changes.propose(proposal, by=_member(options["by"]), at=timezone.now())
        except MapRefused:
            raise
        except RuleRefused as refused:
            raise CommandError(str(refused)) from None
        where = settings.BASE_URL + reverse("admin:exports_datasource_changes")
        self.stdout.write(f"{change.source_slug}: proposed. Somebody else of the staff accepts it at {where}")

    def _dump(self, options: dict[str, Any]) -> None:
        source = DataSource.objects.filter(slug=options["name"]).select_related("map_version").first()
        if source is None:
            known = ", ".join(DataSource.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no source {options['name']!r}; there is {known}.")
        text = source.map_version.text
        self.stdout.write(text, ending="" if text.endswith("\n") else "\n")

    def _check(self, options: dict[str, Any]) -> None:
        if options["large"] < 1:
            raise CommandError("--large is a number greater than 0.")
        if not any(source.is_own_record for source in DataSource.objects.in_walking_order()):
            self.stderr.write("This system is no source yet: without `sources own` answers lack earlier requests.")
        faulty = 0
        for source in DataSource.objects.in_walking_order():
            found = list(self._findings(source, options["large"]))
            faulty += bool(found)
            fine = "its owner is asked; there is nothing to try." if source.is_manual else "answers as its map says."
            for sentence in found or [fine]:
                self.stdout.write(f"{source.slug}: {sentence}")
        if faulty:
            raise CommandError(f"{faulty} of the sources are not as they should be.")

    def _findings(self, source: DataSource, large: int) -> Iterator[str]:
        """What is wrong with a source; first what has changed, which may explain why it does not answer."""
        try:
            yield from taken_from_others(source.map_version.as_map())
            if source.has_schema:
                yield from self._changes(source)
                yield from source.undecided() or ()
            with source.open(source.map_version.as_map()) as connector:
                connector.check()
                yield from connector.stays_half_done()
                if unsure := "; ".join(connector.not_promised()):
                    self.stdout.write(f"{source.slug}: a kind of database that is not tried; not promised is {unsure}.")
            if source.is_own_record and (lacks := own_record.not_in(source.map_version.as_map())):
                yield f"its map lacks {', '.join(lacks)}, and so do answers. Propose it again with `sources own`."
            if source.has_schema:
                yield from source.slow_lookups(large=large)
        except (SourceError, NotConfigured) as error:
            yield str(error).removeprefix(f"{source.slug}: ")

    def _changes(self, source: DataSource) -> list[str]:
        """What has changed since the map was accepted; where nothing was noted then, it is noted now."""
        changes = source.drift()
        if changes is None:
            source.note_schema(at=timezone.now())
            self.stdout.write(f"{source.slug}: its schema is noted now; what changes from here on will be told.")
        return changes or []


def _place(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:9]) >= own_record.LAST:
        raise ArgumentTypeError(f"a place in the walk is a whole number from 0 to {own_record.LAST - 1}")
    return int(text)


def _member(username: str) -> Actor:
    """The member of the staff who proposes; whether the role lets them, the service says."""
    user = User.objects.filter(username=username, is_active=True, is_staff=True).first()
    if user is None:
        raise CommandError(f"There is nobody {username!r} among the staff: give the name with which somebody signs in.")
    return user.as_actor()
