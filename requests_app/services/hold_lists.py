"""Holds from a file: CSV, all lines or none, each faulty line with its number and its cure; twice is once."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from requests_app import holding
from requests_app.holding import SECRET, TOLD
from requests_app.models import Hold, HoldKind, Organisation
from requests_app.plain_text import is_usable
from requests_app.roles import Actor
from requests_app.services import holds
from requests_app.services.history import local_day
from requests_app.services.holds import Asked, HoldRefused
from requests_app.services.two_people import RuleRefused

COLUMNS = ("kind", "matter", "source", "identifier_kind", "identifier", "begins", "ends", "told")
MOST_BYTES = 1_000_000
MOST_LINES = 5_000
MOST_FAULTS = 50


@dataclass(frozen=True)
class Fault:
    """A line that can't be placed, and what to do; without a column's value, which may name somebody."""

    line: int
    sentence: str


class ListRefused(RuleRefused):
    """A file of which nothing was placed, with what is wrong in which line."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__(_("Nothing was placed: the file has lines that can't be used."))


@dataclass(frozen=True)
class Imported:
    """What came of a file: holds placed; lines known already, and lines of holds that were released since."""

    placed: int
    known: int
    released: tuple[int, ...]  # numbers of lines: these stay released


def import_csv(organisation: Organisation, content: bytes, *, by: Actor, at: datetime) -> Imported:
    """Place the holds of a file that are not on the list yet. Raises ListRefused, HoldRefused; then none is placed."""
    holds.check_works(by)
    lines, faults = _read(content)
    names_anybody = any(asked.person for _number, asked in lines)
    with holds.new_key(at) if names_anybody else nullcontext() as key, transaction.atomic():
        holding.lock(organisation)
        placed, known, released = 0, 0, []
        for number, asked in lines:
            try:
                same = _same(organisation, asked)
                if same is None:
                    holds.write(organisation, holds.timed(asked, on=local_day(at)), key=key, by=by, at=at)
                    placed += 1
                elif same.released_at is not None:
                    released.append(number)
                else:
                    known += 1
            except HoldRefused as refused:
                faults.append(Fault(number, str(refused)))
        if faults:
            raise ListRefused(*sorted(faults, key=lambda fault: fault.line))
    return Imported(placed, known, tuple(released))


def _read(content: bytes) -> tuple[list[tuple[int, Asked]], list[Fault]]:
    """The lines that can be read, with their numbers, and what is wrong with the others."""
    read, faults = [], []
    for number, row in _rows(content):
        try:
            read.append((number, holds.formed(_asked(row))))
        except HoldRefused as refused:
            faults.append(Fault(number, str(refused)))
    if not read and not faults:
        raise ListRefused(Fault(1, _("The file has no line below its head.")))
    return read, faults


def _rows(content: bytes) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The lines below the head by column; ListRefused if this is no such file."""
    if len(content) > MOST_BYTES:
        raise ListRefused(Fault(1, _("The file has more than %(most)s bytes: split it.") % {"most": MOST_BYTES}))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ListRefused(Fault(1, _("The file is not UTF-8: save it as CSV in UTF-8."))) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = [name.strip().lower() for name in next(reader, [])]
        if sorted(head) != sorted(COLUMNS):
            columns = ", ".join(COLUMNS)
            raise ListRefused(Fault(1, _("The first line names the columns: %(columns)s.") % {"columns": columns}))
        for count, row in enumerate(reader):
            if count >= MOST_LINES:
                raise ListRefused(
                    Fault(reader.line_num, _("More than %(most)s lines: split the file.") % {"most": MOST_LINES})
                )
            if any(cell.strip() for cell in row):
                yield reader.line_num, _by_column(head, row, reader.line_num)
    except csv.Error:
        cure = _("The line is no CSV: put a cell with a comma or a quotation mark in quotation marks.")
        raise ListRefused(Fault(reader.line_num, cure)) from None


def _by_column(head: list[str], row: list[str], number: int) -> Mapping[str, str]:
    if len(row) != len(head):
        told = _("The line has %(cells)s cells and not %(columns)s: separate them by commas, empty ones too.")
        raise ListRefused(Fault(number, told % {"cells": len(row), "columns": len(head)}))
    return {name: cell.strip() for name, cell in zip(head, row, strict=True)}


def _asked(row: Mapping[str, str]) -> Asked:
    """A line as a hold; HoldRefused names the column."""
    if not all(map(is_usable, row.values())):
        raise HoldRefused("", _("The line has characters that can't be used: type it again."))
    if bool(row["identifier"]) != bool(row["identifier_kind"]):
        raise HoldRefused(
            "identifier", _("Fill in “identifier_kind” and “identifier” both, or neither for everybody in a source.")
        )
    if row["told"] not in (TOLD, SECRET):
        words = _(" or ").join((TOLD, SECRET))
        raise HoldRefused(
            "told",
            _("The column “told” says whether the person may be told of the hold: %(words)s.") % {"words": words},
        )
    return Asked(
        kind=row["kind"],
        matter=row["matter"],
        person=frozenset({(row["identifier_kind"], row["identifier"])}) if row["identifier"] else holding.NOBODY,
        source=row["source"],
        begins=_day(row, "begins") or _no_beginning(),
        ends=_day(row, "ends"),
        is_secret=row["told"] == SECRET,
    )


def _day(row: Mapping[str, str], column: str) -> date | None:
    try:
        return date.fromisoformat(row[column]) if row[column] else None
    except ValueError:
        raise HoldRefused(column, _("Write “%(column)s” as a day such as 2026-11-23.") % {"column": column}) from None


def _no_beginning() -> date:
    raise HoldRefused("begins", _("Write the first day of the hold in “begins”, such as 2026-11-23."))


def _same(organisation: Organisation, asked: Asked) -> Hold | None:
    """The hold that this line has placed before, whatever became of it; HoldRefused if its last day is another one."""
    assert asked.begins is not None  # noqa: S101 - a line without is refused
    same = Hold.objects.filter(
        organisation=organisation,
        kind=asked.kind,
        matter=asked.matter,
        source=asked.source,
        begins=asked.begins,
    )
    found = _naming(same, asked).order_by(F("released_at").asc(nulls_first=True)).first()
    if found is None or asked.ends in _last_days(found):
        return found
    raise HoldRefused(
        "ends", _("This hold is on the list with another last day. Renew or release it there, and take the line out.")
    )


def _naming(same: QuerySet[Hold], asked: Asked) -> QuerySet[Hold]:
    if not asked.person:
        return same.filter(identifiers__isnull=True)
    return same.filter(identifiers__digest__in=holding.digests_of(asked.person)).distinct()


def _last_days(hold: Hold) -> set[date | None]:
    """The last days that it has, or had before a renewal; of a law-enforcement hold a file need not say any."""
    had = {renewal.ended for renewal in hold.renewals.all()}
    unsaid: set[date | None] = {None} if hold.kind == HoldKind.LAW_ENFORCEMENT else set()
    return {hold.ends, *had} | unsaid
