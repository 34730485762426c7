"""What one look into a source leaves with us: parts, counts, what leads on; nothing once nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.db.models import F

from dsar.jobs.running import Run
from exports.models import UNFINISHED, PageTaken, Part, RunState, SourceRun
from exports.sources.connector import Page
from exports.sources.datamap import Collection
from exports.sources.giving import GivenIdentifier, identifiers_given
from requests_app.models import Case
from requests_app.services import people
from requests_app.states import State

LONGEST_HELD_BACK = 1.0  # seconds for which a page that was read waits to be written down


class NoLongerWanted(Exception):
    """The case was withdrawn, or the source waived or to be searched anew, while a worker looked into it."""


def identifiers_for(source_run: SourceRun) -> Mapping[str, list[str]]:
    """What leads into one source: what the person proved, and what the sources walked before it gave in its round.

    Nothing that it gave itself, or a later one: it was not searched by that, nor did anybody decide about what that
    leads to there.
    """
    before = SourceRun.objects.filter(case=source_run.case_id, round=source_run.round, position__lt=source_run.position)
    return people.identifiers_of(
        source_run.case, in_round=source_run.round, given_by=before.order_by().values("source__slug")
    )


def update(source_run: SourceRun, **values: object) -> None:
    """Write to the run as long as somebody waits for it; NoLongerWanted undoes what the transaction wrote so far.

    It is locked before it is judged: an UPDATE that waited for a waiver would judge by what it saw before.
    """
    gathering = SourceRun.objects.filter(case__state=State.GATHERING, case__gathering_round=F("round"))
    wanted = gathering.filter(pk=source_run.pk, state__in=UNFINISHED).select_for_update(of=("self",), no_key=True)
    if not list(wanted.values_list("pk", flat=True)):
        raise NoLongerWanted
    SourceRun.objects.filter(pk=source_run.pk).update(**values)


def check_still_approved(source_run: SourceRun) -> None:
    """Raise NoLongerWanted if the source was waived since a deletion began: it is locked, and then judged."""
    found = SourceRun.objects.filter(pk=source_run.pk).select_for_update(of=("self",), no_key=True)
    if RunState.WAIVED in found.values_list("state", flat=True):
        raise NoLongerWanted


@dataclass(frozen=True, repr=False)
class Sealed:
    """A page in its file: its row to be, rows with something in them by column, identifiers that it gives.

    Of a service also how far it was walked, and the rows of the page that are kept on a ground that is over.
    """

    part: Part
    held: Mapping[str, int]
    given: list[GivenIdentifier]
    taken: Sequence[PageTaken] = ()
    past_keeping: int = 0


class Kept:
    """What one look has sealed and not written down: small collections share a transaction, for each waits for a disk.

    A worker that dies has read a second, or the records of a part, for nothing. It leaves files without a row.
    """

    def __init__(self, run: Run, source_run: SourceRun) -> None:
        self.run, self.source_run = run, source_run
        self._sealed: list[Sealed] = []
        self._taken: list[PageTaken] = []
        self._since = 0.0

    def add(self, sealed: Sealed) -> None:
        """Take one more; a full part, and what a slow source gives, is written down at once."""
        self._begin_to_wait()
        self._sealed.append(sealed)
        self.note(sealed.taken)
        if self._is_due():
            self.write_down()

    def note(self, taken: Sequence[PageTaken]) -> None:
        """Take how far a service was walked, to be written down behind the pages that came before."""
        if taken:
            self._begin_to_wait()
            self._taken += taken

    def write_down(self) -> None:
        """The rows of the parts, the counts of the run, and what leads on, in one transaction.

        Tried once: what fails here is read anew by the next attempt, which counts from what was committed.
        """
        waiting, self._sealed = self._sealed, []
        taken, self._taken = self._taken, []
        if not waiting and not taken:
            return
        for sealed in waiting:
            add_up(self.source_run, sealed.part.collection, sealed.part.records, sealed.held)
            add_past_keeping(self.source_run, sealed.part.collection, sealed.past_keeping)
        with keeping(self.run, taken):
            Part.objects.bulk_create(sealed.part for sealed in waiting)
            note_held(self.source_run)
            carry_on(self.source_run.case, chain(*(sealed.given for sealed in waiting)), at=self.run.at)

    def _begin_to_wait(self) -> None:
        if not self._sealed and not self._taken:
            self._since = time.monotonic()

    def _is_due(self) -> bool:
        records = sum(waiting.part.records for waiting in self._sealed)
        return records >= Part.MOST_RECORDS or time.monotonic() - self._since > LONGEST_HELD_BACK


def given(source_run: SourceRun, collection: Collection, page: Page) -> Iterator[GivenIdentifier]:
    return identifiers_given(source_run.map_version.as_map(), collection, page)


def note_held(source_run: SourceRun) -> None:
    """Rows, and rows with something in each column: what categories and never-disclose notes rest on."""
    update(
        source_run,
        held=source_run.held,
        counts=source_run.counts,
        records=source_run.records,
        past_keeping=source_run.past_keeping,
    )


@contextmanager
def keeping(run: Run, taken: Sequence[PageTaken]) -> Iterator[None]:
    """A transaction that writes down how far a service was walked, with what was found on the way.

    An attempt that came further than those before, and broke off or was killed, is none of those after which the job is
    given up.
    """
    with run.transaction(gets_further=any(page.is_further for page in taken)):
        yield
        if taken:
            PageTaken.objects.bulk_create(taken)


def add_up(source_run: SourceRun, collection: str, rows: int, held: Mapping[str, int]) -> None:
    columns = source_run.held.setdefault(collection, {})
    for column, count in held.items():
        columns[column] = columns.get(column, 0) + count
    source_run.counts[collection] = source_run.counts.get(collection, 0) + rows
    source_run.records += rows


def add_past_keeping(source_run: SourceRun, collection: str, rows: int) -> None:
    if rows:
        source_run.past_keeping[collection] = source_run.past_keeping.get(collection, 0) + rows


def carry_on(case: Case, identifiers: Iterable[GivenIdentifier], *, at: datetime) -> None:
    """Keep identifiers that rows give, with where they come from, for the sources walked later."""
    for given in identifiers:
        people.derive_identifier(case, given.kind, given.value, f"{given.source}.{given.collection}", at=at)
