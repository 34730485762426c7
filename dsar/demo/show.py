"""The demo's steps inside Django: set up, play, tell what happened."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models exist only after setup
from django.utils import timezone  # noqa: E402

from dsar.demo import company, migrating, people, stories  # noqa: E402
from requests_app.law.words import Right  # noqa: E402

# Customers with a telephone, a date of birth and an account of their own; the first has rows in every table.
CAST = {
    "access": people.Chosen.EVERYWHERE,
    "correction": "LO-100102",
    "deletion": "LO-100103",
    "portability": "LO-100104",
    "opt-out": "LO-100105",
}
CORRECTED = {"correct_field": "shop.customers.phone", "correct_value": "+1 530 555 0123"}
DATABASES = ("dsar.sqlite3", "keys.sqlite3")  # as the environment names them
LEFT_OPEN = ("LO-100122", "LO-100123", "LO-100124", "LO-100125", "LO-100126")


def make_databases(folder: Path) -> None:
    """The main database and the key store, in the demo's folder."""
    migrating.make_databases([folder / name for name in DATABASES], migrate, kept=folder.parent / "migrated")


def migrate() -> None:
    """Make all tables of the main database and of the key store."""
    call_command("migrate", verbosity=0)
    call_command("migrate", "vault", database="keys", verbosity=0)  # nothing else lives there


def set_up(folder: Path, base_url: str, say: Callable[[str], None]) -> stories.Stage:
    """The example company: its organisation, its calendars, its staff, its sources."""
    company.set_up_organisation()
    company.set_up_calendars()
    staff = company.set_up_staff()
    company.set_up_sources(timezone.now())
    return stories.Stage(base_url, folder / "mails", folder, staff, say)


def play(stage: stories.Stage) -> None:
    """A case of each of the five kinds."""
    cast = people.make_people()
    stories.play(
        stories.know(stage, cast[CAST["access"]], Right.KNOW_SPECIFIC, look_back="everything"),
        stories.correct(stage, cast[CAST["correction"]], CORRECTED),
        stories.know(stage, cast[CAST["portability"]], Right.PORTABILITY),
        stories.opt_out(stage, cast[CAST["opt-out"]]),
        stories.delete(stage, cast[CAST["deletion"]]),
    )
    stage.played.sort(key=lambda played: played.case.submission.received_at)
    stories.play(stories.fetch_reports(stage))
    stage.say("A report of each case.")


def leave_open(stage: stories.Stage) -> None:
    """A few more requests, left for whoever looks at the desk."""
    cast = people.make_people()
    stories.play(stories.leave_open(stage, [cast[account_no] for account_no in LEFT_OPEN]))
    stage.say(f"{len(LEFT_OPEN)} more requests are left open at the desk.")


def print_table(stage: stories.Stage, started: float) -> None:
    """What happened, where to look, and who may sign in."""
    rows = [("Right", "Reference", "Outcome", "Left in var/demo/")]
    rows += [
        (
            played.case.right_asked.label,
            played.case.submission.reference,
            str(played.case.get_outcome_display()),
            ", ".join(path.name for path in played.left),
        )
        for played in stage.played
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    print("\n" + "\n".join(lines))
    print(_guide(stage, started))


def _guide(stage: stories.Stage, started: float) -> str:
    apt, packages = (int(os.environ.get(f"DSAR_RUN_{name}_SECONDS") or 0) for name in ("APT", "PACKAGES"))
    rest = time.time() - started - apt - packages
    return f"""
  File a request      {stage.base_url}/
  The desk            {stage.base_url}/admin/
  Sign-ins            {", ".join(company.STAFF)}; the password of all is {company.PASSWORD}
  Mails               var/demo/mails/

  apt: {apt} s, packages: {packages} s, everything else: {rest:.0f} s
"""
