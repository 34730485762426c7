"""Going on where an earlier attempt stopped, in sources that keep places: no answer of a service is asked for twice."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from functools import cached_property

from dsar.vault import digests
from exports.fulfil import source_runs
from exports.models import PageTaken, Part, SourceRun, WalkFor
from exports.sources.bookmark import Bookmark
from exports.sources.connector import Connector, Identifiers, Mode, Page
from exports.sources.datamap import Collection, Keep
from exports.sources.errors import BrokenDataError, MapDoesNotFitError, SourceUnavailableError
from exports.sources.rows import day_in
from exports.sources.since import Since
from exports.sources.values import Key
from requests_app.law.words import Right


class CollectionWalk:
    """The walk through one collection, over all attempts; elsewhere than in services nothing is kept of it."""

    def __init__(
        self,
        kept: source_runs.Kept,
        connector: Connector,
        collection: Collection,
        identifiers: Identifiers,
        of: WalkFor = WalkFor.ROWS,
    ) -> None:
        self._kept = kept
        self._connector = connector
        self._collection = collection.name
        self._identifiers = identifiers
        self._of = of
        self._number = 0
        self._bookmark = self._restored() if connector.keeps_places else None
        self._noted = self._bookmark.place if self._bookmark else ""
        self._steps = self._bookmark.steps if self._bookmark else 0

    @property
    def after(self) -> Key | None:
        """The row behind which it goes on, as far as it was kept."""
        return self._bookmark.after if self._bookmark else None

    @property
    def has_begun(self) -> bool:
        """Whether an earlier attempt kept something of it."""
        return self._number > 0

    def pages(
        self, *, mode: Mode, size: int, after: Key | None, since: Since | None = None, fields: tuple[str, ...] = ()
    ) -> Iterator[tuple[Page, list[PageTaken]]]:
        """What is left, each page with what is to be written down together with it.

        Where the source takes long, what was kept is written down meanwhile; behind a page it may be WorkPaused.
        Where the source goes down, the place behind the last of them is kept; where it does not fit, none is.
        """
        found = self._connector.pages(
            self._collection,
            self._identifiers,
            mode=mode,
            after=after,
            size=size,
            since=since,
            fields=fields,
            bookmark=self._bookmark,
        )
        try:
            for page in found:
                if page.keys:
                    yield page, self._taken(page)
                else:
                    self._kept.note(self._reached())
                    self._kept.write_down()
                self._kept.run.stop_if_paused()
        except SourceUnavailableError:
            self._kept.note(self._reached())
            raise
        except MapDoesNotFitError:
            self._kept.note(self._nowhere())
            raise
        self._kept.note(self._reached())

    def count(self, *, since: Since | None) -> None:
        """Count what is left, page by page."""
        run, source_run = self._kept.run, self._kept.source_run
        for page, taken in self.pages(mode=Mode.CONTENT, size=Part.MOST_RECORDS, after=self.after, since=since):
            source_runs.add_up(source_run, self._collection, len(page.keys), page.held())
            with source_runs.keeping(run, taken):
                source_runs.note_held(source_run)

    def _restored(self) -> Bookmark:
        run, bookmark = self._kept.source_run, Bookmark(secret=self._secret)
        taken = list(run.pages_taken.filter(collection=self._collection, walk=self._of).order_by("number"))
        if taken:
            last, self._number = taken[-1], taken[-1].number
            last.run = run  # whose case is read already
            after, bookmark.place, bookmark.steps = json.loads(last.place)
            bookmark.after = None if after is None else tuple(after)
            bookmark.given = b"".join(bytes(page.key_digests) for page in taken)
        return bookmark

    @cached_property
    def _secret(self) -> bytes:
        run = self._kept.source_run
        return digests.secret_under(run.case.content_key, f"pages:{run.pk}")

    def _taken(self, page: Page) -> list[PageTaken]:
        if self._bookmark is None:
            return []
        self._bookmark.after = page.last_key
        return [self._note(self._bookmark, self._bookmark.digests(page.keys))]

    def _reached(self) -> list[PageTaken]:
        """What is to be kept of the way behind the last page: answers in which nothing was, or the end."""
        if self._bookmark is None or self._bookmark.place == self._noted:
            return []
        return [self._note(self._bookmark, b"")]

    def _nowhere(self) -> list[PageTaken]:
        """Of a place whose answer can't be used nothing is kept: the next attempt walks anew."""
        if self._bookmark is None:
            return []
        self._bookmark.place = ""
        return self._reached()

    def _note(self, bookmark: Bookmark, key_digests: bytes) -> PageTaken:
        self._number += 1
        self._noted = bookmark.place
        taken = PageTaken(
            id=uuid.uuid4(),
            run=self._kept.source_run,
            collection=self._collection,
            walk=self._of,
            number=self._number,
            key_digests=key_digests,
        )
        taken.place = json.dumps([bookmark.after, bookmark.place, bookmark.steps])
        taken.is_further = bookmark.steps > self._steps
        return taken


def forget(source_run: SourceRun) -> None:
    """Nothing of this run is to be gone on with: it is done, waived or begun anew."""
    source_run.pages_taken.all().delete()


def forget_places(source_run: SourceRun) -> None:
    """Walk anew from the beginning, and know how far the service was heard: to come so far again is no progress.

    Else a service that loses each place would be asked for good.
    """
    last = {(page.collection, page.walk): page for page in source_run.pages_taken.order_by("number")}
    forget(source_run)
    for page in last.values():
        page.run, page.number, page.key_digests = source_run, 1, b""
        _after, _place, steps = json.loads(page.place)
        page.place = json.dumps([None, "", steps])
    PageTaken.objects.bulk_create(last.values())


def counted_from(source_run: SourceRun, collection: Collection) -> tuple[str, ...]:
    """The column by which a deletion tells what is kept on a ground that is over; none where nobody asks that."""
    keep = collection.on_delete
    if source_run.case.right_answered != Right.DELETE or not isinstance(keep, Keep) or not keep.counted_from:
        return ()
    return (keep.counted_from,)


def past_keeping(source_run: SourceRun, collection: Collection, page: Page) -> int:
    """How many rows of a page are kept on a ground that is over; what has no date is not counted."""
    columns, keep = counted_from(source_run, collection), collection.on_delete
    if not columns or not isinstance(keep, Keep):
        return 0
    before = keep.over_before(source_run.case.received_on())
    try:
        days = [day_in(record[columns[0]]) for record in page.records]
    except ValueError:
        place = f"{source_run.source.slug}: {collection.name}"
        raise BrokenDataError(f"{place} has something in {columns[0]!r} that is no date such as 2026-01-31") from None
    return sum(day is not None and day < before for day in days)
