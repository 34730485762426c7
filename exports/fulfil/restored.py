"""What holds of people and is set in a source is set anew where a backup was restored, and what came back is told.

Deletions have a replay of their own (`replaying`). What was corrected is not written again, for nothing is kept of the
right value but in its request: the wrong one is known by its digest, and raises the alarm that a gathering would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from exports.fulfil.staying_corrected import Watch
from exports.models import Act, ActKind, Corrected, DataSource

AT_ONCE = 500  # rows that are compared in one step


@dataclass(frozen=True)
class Wrong:
    """A field that holds what was corrected once, or that may."""

    reference: str
    collection: str
    field: str


def corrections_undone(source: DataSource, *, dry_run: bool, at: datetime) -> Counter[Wrong]:
    """The corrections whose wrong values stand there again, each with an alarm unless it is a dry run.

    Raises SourceError; OnlyByHandError where rows can't be walked.
    """
    watch, found = Watch(source), Counter[Wrong]()
    if not watch.fields:
        return found
    data_map = source.map_version.as_map()
    with source.open(data_map) as connector:
        for collection in data_map.collections:
            held = {field.column for field in collection.fields}
            fields = tuple(name for name in watch.fields.get(collection.name, ()) if name in held)
            pages = connector.every_row(collection.name, fields=fields, size=AT_ONCE) if fields else ()
            for page in pages:
                for corrected, is_back in watch.known_in(collection.name, page):
                    if not dry_run:
                        with transaction.atomic():
                            watch.note(corrected, is_back=is_back, at=at)
                    found[_wrong(corrected)] += is_back
    return +found


def corrections_since(source: DataSource, since: datetime) -> Iterator[Wrong]:
    """What was corrected there after a moment, each once: of a source whose rows nobody here can walk."""
    rows = Corrected.objects.filter(source=source, corrected_at__gte=since).select_related("case__submission")
    yield from dict.fromkeys(map(_wrong, rows.order_by("corrected_at", "pk")))


def deletions_since(source: DataSource, since: datetime) -> Iterator[tuple[str, Act]]:
    """What was deleted there after a moment, with the reference of its request: a restored backup has it again."""
    acts = Act.objects.filter(source=source, kind=ActKind.DELETE, done_at__gte=since)
    for act in acts.select_related("case__submission").order_by("done_at", "pk"):
        yield act.case.submission.reference, act


def _wrong(corrected: Corrected) -> Wrong:
    return Wrong(corrected.case.submission.reference, corrected.collection, corrected.field)
