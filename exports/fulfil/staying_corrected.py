"""What was corrected stays so: a later gathering that finds the wrong value in its place again raises an alarm.

Called by the act that corrects and by gathering. Owns the digests of what was wrong; has no value in the clear, changes
no source, and decides nothing: a person finds out what wrote the value there, and has it corrected again
(11 CCR 7023(c): information stays corrected).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from dsar.jobs.running import Run
from dsar.vault import digests
from exports.models import CameBack, Corrected, DataSource
from exports.sources.comparing import exact_form
from exports.sources.connector import Held, Page
from exports.sources.datamap import Collection
from exports.sources.values import Json, Key
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.roles import SYSTEM
from requests_app.services.history import locked, record

AT_ONCE = 500  # digests in one statement


def remember(
    case: Case, source: DataSource, place: tuple[str, str], rows: Sequence[Held], *, right: str | None, at: datetime
) -> None:
    """Keep what was wrong in the rows of a collection and field; in the caller's transaction. Twice is once.

    What a later request corrects back to was right after all, and is watched for no longer. Where a value was deleted
    in place of a correction, nothing is right, and is what is not watched for.
    """
    digester = digests.Digester(_kind(source))
    for first in range(0, len(rows), AT_ONCE):
        some = rows[first : first + AT_ONCE]
        was_right = [digest for key, _old in some for digest in digester.candidates(_value(*place, key, right))]
        Corrected.objects.filter(source=source, wrong__in=was_right).delete()
        _watch(case, source, place, [(key, old) for key, old in some if _typed(old) != _typed(right)], digester, at=at)


def _watch(
    case: Case,
    source: DataSource,
    place: tuple[str, str],
    rows: Sequence[Held],
    digester: digests.Digester,
    *,
    at: datetime,
) -> None:
    """Keep what is not kept yet under whatever key; an alarm about it is settled."""
    wrong = {key: digester.candidates(_value(*place, key, old)) for key, old in rows}
    known = Corrected.objects.filter(source=source, wrong__in=[one for found in wrong.values() for one in found])
    CameBack.objects.filter(corrected__in=known, settled_at=None).update(settled_at=at)
    kept = set(known.values_list("wrong", flat=True))
    collection, field = place
    Corrected.objects.bulk_create(
        Corrected(
            case=case,
            source=source,
            collection=collection,
            field=field,
            row=digester.digest(_row(collection, field, key)),
            wrong=found[0],
            corrected_at=at,
        )
        for key, found in wrong.items()
        if not kept.intersection(found)
    )


class Watch:
    """Looks for wrong values in what is read of a source; one in which nothing was corrected costs one query.

    An alarm is raised in the case for which it is read, or if it is read for none in the one that had it corrected.
    """

    def __init__(self, source: DataSource, found_in: UUID | None = None) -> None:
        self._source = source
        self._found_in = found_in
        self.fields: Mapping[str, list[str]] = defaultdict(list)
        watched = Corrected.objects.filter(source=source).order_by("collection", "field")
        for collection, field in watched.values_list("collection", "field").distinct():
            self.fields[collection].append(field)

    def look(self, run: Run, collection: Collection, page: Page) -> None:
        """Raise an alarm for each wrong value that stands in a page again, and settle those that are gone."""
        for corrected, is_back in self.known_in(collection.name, page):
            with run.transaction():
                self.note(corrected, is_back=is_back, at=run.at)

    def known_in(self, collection: str, page: Page) -> Iterator[tuple[Corrected, bool]]:
        """What was corrected in the rows of a page once, and whether the wrong value stands there again."""
        for field in self.fields.get(collection, ()):
            for corrected, value, key in self._met(collection, field, page):
                wrong = digests.candidates(_kind(self._source), _value(collection, field, key, value))
                yield corrected, corrected.wrong in wrong

    def note(self, corrected: Corrected, *, is_back: bool, at: datetime) -> None:
        """Raise or settle the alarm. In the caller's transaction."""
        (self._raise if is_back else _settle)(corrected, at=at)

    def _met(self, collection: str, field: str, page: Page) -> Iterator[tuple[Corrected, Json, Key]]:
        """The rows of a page in which this field was corrected once, with what stands in it now."""
        read = zip(page.keys, page.records, strict=True)
        held = [(key, row[field]) for key, row in read if field in row]  # a plan may leave the field out
        digester = digests.Digester(_kind(self._source))
        for first in range(0, len(held), AT_ONCE):
            some = held[first : first + AT_ONCE]
            found = dict[str, tuple[Key, Json]]()
            for row in some:
                found |= dict.fromkeys(digester.candidates(_row(collection, field, row[0])), row)
            for corrected in Corrected.objects.filter(row__in=found).select_related("case__submission"):
                key, value = found[corrected.row]
                yield corrected, value, key

    def _raise(self, corrected: Corrected, *, at: datetime) -> None:
        case = locked(self._found_in or corrected.case_id)
        _alarm, is_new = CameBack.objects.get_or_create(
            corrected=corrected, settled_at=None, defaults={"case": case, "found_at": at}
        )
        if is_new:
            record(
                case,
                EventKind.CAME_BACK,
                by=SYSTEM,
                at=at,
                source=self._source.slug,
                collection=corrected.collection,
                field=corrected.field,
                about=corrected.case.submission.reference,
            )


def alarms(case: Case) -> QuerySet[CameBack]:
    """The open ones that concern a case: found in it, or about what it had corrected."""
    concerns = Q(case=case) | Q(corrected__case=case)
    rows = CameBack.objects.filter(concerns, settled_at=None)
    return rows.select_related("corrected__source__map_version", "corrected__case__submission").order_by("pk")


def _settle(corrected: Corrected, *, at: datetime) -> None:
    corrected.came_back.filter(settled_at=None).update(settled_at=at)


def _kind(source: DataSource) -> str:
    return f"corrected:{source.slug}"


def _row(collection: str, field: str, key: Key) -> str:
    return json.dumps([collection, field, *key])


def _value(collection: str, field: str, key: Key, value: Json) -> str:
    """Compared as text, as claimed values are; nothing as the text that Python has for it."""
    return json.dumps([collection, field, *key, {"wrong": _typed(value)}])


def _typed(value: Json) -> str:
    """As somebody types it who claims it: a truth value is true or false."""
    return str(exact_form(value)) if isinstance(value, bool) else str(value)
