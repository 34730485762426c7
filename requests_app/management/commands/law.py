"""``manage.py law``: show a law, prove that all can be read, compare two days, answer situations. Needs no database."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from requests_app.law import comparing, packs, presenting
from requests_app.law.reading import LawPackError
from requests_app.law.solving import solve_all
from requests_app.law.words import LawError

STANDARD_INPUT = "-"
BYTE_ORDER_MARK = "\ufeff"  # that some editors write before the text


class Command(BaseCommand):
    """Reads the law; changes nothing."""

    help = "Shows a law as text, proves all packs, tells what changes between two days, or answers situations."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One act, and what it needs."""
        acts = parser.add_subparsers(dest="act", required=True, metavar="show|check|diff|solve")
        show = acts.add_parser("show", help="print a law as it is on a day: today, or its first, if none is named")
        show.add_argument("slug", help="the law, such as ccpa")
        show.add_argument("--on", help="the date of receipt, such as 2027-01-01")
        acts.add_parser("check", help="read every pack, count its values by how sure they are; exit 1 with the fault")
        diff = acts.add_parser("diff", help="print what begins, ends and changes between two days")
        diff.add_argument("first", help="the earlier day, such as 2026-01-01")
        diff.add_argument("second", help="the later day")
        diff.add_argument("--law", required=True, help="the law, such as ccpa")
        solve = acts.add_parser("solve", help="answer situations, as a JSON list")
        solve.add_argument("file", help="a JSON file with a list of situations, or one; - for standard input")

    def handle(self, *, act: str, **options: str) -> None:
        """Print, or raise CommandError with the cure."""
        acts: dict[str, Callable[..., str]] = {"show": _show, "check": _check, "diff": _diff, "solve": _solve}
        known = {name: options[name] for name in ("slug", "on", "first", "second", "law", "file") if name in options}
        try:
            self.stdout.write(acts[act](**known), ending="")
        except (LawError, LawPackError) as error:
            raise CommandError(str(error)) from None


def _show(slug: str, on: str | None) -> str:
    pack = packs.law_pack(slug)
    return presenting.show(pack, _day(on) if on else max(timezone.localdate(), pack.since))


def _check() -> str:
    return presenting.proof(packs.read_folder(packs.FOLDER))


def _diff(first: str, second: str, law: str) -> str:
    return comparing.difference(packs.law_pack(law), _day(first), _day(second))


def _solve(file: str) -> str:
    solved = solve_all(_situations(file), today=timezone.localdate())
    return json.dumps(solved, indent=2) + "\n"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no date: write one such as 2027-01-01.") from None


def _situations(file: str) -> object:
    """What the file holds; raises CommandError."""
    cure = "write a list of situations, or one, as JSON in UTF-8"
    name = "Standard input" if file == STANDARD_INPUT else file
    try:
        text = sys.stdin.read() if file == STANDARD_INPUT else Path(file).read_text(encoding="utf-8")
        return json.loads(text.removeprefix(BYTE_ORDER_MARK), parse_constant=_refuse)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise CommandError(f"{name} can't be read ({why}): name a JSON file, or - for standard input.") from None
    except ValueError as error:  # no text, or no JSON
        raise CommandError(f"{name} is no JSON ({error}): {cure}.") from None
    except RecursionError:
        raise CommandError(f"{name} is nested too deeply: {cure}.") from None


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no value of JSON")
