"""What is taken of one open source: its collections one after the other, page by page into sealed part files.

Called by ``gather``, whose job it is; a killed one goes on here where it was. Changes no source.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.conf import settings

from dsar.jobs.running import Run
from exports.bundle.answer import looked_back_to
from exports.fulfil import going_on, part_files, source_runs
from exports.fulfil.as_planned import ContentDigests
from exports.fulfil.corrections.places import columns_to_look_at
from exports.fulfil.staying_corrected import Watch
from exports.models import PageTaken, Part, RunState, SourceRun, WalkFor
from exports.sources.connector import Connector, Identifiers, Mode, Page, columns_read
from exports.sources.contents import NAME
from exports.sources.datamap import Collection, DataMap, Keep
from exports.sources.errors import ChangeRefusedError
from exports.sources.since import Since
from requests_app.law.words import Right


def look_into_each(
    run: Run, source_run: SourceRun, connector: Connector, collections: list[Collection], identifiers: Identifiers
) -> None:
    """Collect or count one after the other; what came is written down also where the source goes down half-way."""
    kept, watch = source_runs.Kept(run, source_run), Watch(source_run.source, source_run.case_id)
    contents = ContentDigests(source_run, connector)
    last = {part.collection: part for part in source_run.parts.order_by("number")}  # which a job that died has left
    try:
        for collection in collections:
            if _is_kept(source_run, collection):
                _note_never_empty(run, source_run, connector, collection)
                _collect(kept, connector, collection, identifiers, watch, contents, last.get(collection.name))
            else:
                _count(kept, connector, collection, identifiers)
            if is_led_to(source_run.data_map(), collection, identifiers):
                source_run.counts.setdefault(collection.name, 0)  # nothing found is a result; written with the end
    finally:
        kept.write_down()
    _note_deletion_order(run, source_run, connector)


def is_led_to(data_map: DataMap, collection: Collection, identifiers: Identifiers) -> bool:
    """Whether what is known of the person leads there; this system itself knows them by their requests."""
    kinds = {kind for kind, values in identifiers.items() if values}
    return not data_map.has_address or not kinds.isdisjoint(data_map.kinds_leading_to(collection))


def _is_kept(source_run: SourceRun, collection: Collection) -> bool:
    """Whether what is found goes into part files: not where it is counted, or only leads to a field to correct."""
    if source_run.case.right_asked == Right.CORRECT:
        return bool(fields_to_plan(source_run, collection))
    return source_run.mode != Mode.PRESENCE


def fields_to_plan(source_run: SourceRun, collection: Collection) -> tuple[str, ...]:
    """The fields whose values a plan holds beside the keys: for a correction those that it may change."""
    wanted = columns_to_look_at(source_run.case)
    columns = wanted.get((source_run.source.slug, collection.name), ())
    return tuple(column for column in columns if column in collection.columns)


def _count(kept: source_runs.Kept, connector: Connector, collection: Collection, identifiers: Identifiers) -> None:
    """Count one collection, once, whoever died after it; nothing is read of it but what it gives to later sources."""
    run, source_run = kept.run, kept.source_run
    walk = going_on.CollectionWalk(kept, connector, collection, identifiers)
    if collection.name in source_run.counts and not walk.has_begun:
        return
    if connector.keeps_places:
        walk.count(since=_since(source_run))
        _lead_on(kept, connector, collection, identifiers)
        return
    presence = connector.presence(collection.name, identifiers, since=_since(source_run))
    _lead_on(kept, connector, collection, identifiers)
    if presence.rows:
        source_runs.add_up(source_run, collection.name, presence.rows, presence.held)
    with run.transaction():
        source_runs.note_held(source_run)


def _collect(  # noqa: PLR0917 - what is collected, and what is looked at on the way
    kept: source_runs.Kept,
    connector: Connector,
    collection: Collection,
    identifiers: Identifiers,
    watch: Watch,
    contents: ContentDigests,
    last: Part | None,
) -> None:
    """Collect one collection page by page, behind the last part that a job that died has left."""
    run, source_run, number = kept.run, kept.source_run, last.number if last else 0
    since = _since(source_run)
    if since and not last:
        _lead_on(kept, connector, collection, identifiers)
    walk = going_on.CollectionWalk(kept, connector, collection, identifiers)
    counts_past = connector.keeps_places and (walk.has_begun or not last)
    scheduled = connector.datamap.collection(collection.name)
    counted_from = going_on.counted_from(source_run, scheduled) if counts_past else ()
    pages = walk.pages(
        mode=Mode(source_run.mode),
        after=tuple(json.loads(last.last_key)) if last else None,
        size=Part.MOST_RECORDS,
        since=since,
        fields=(*fields_to_plan(source_run, collection), *contents.columns(collection), *counted_from),
    )
    for read, taken in pages:
        page = _as_kept(source_run, collection, read)
        watch.look(run, collection, page)
        number += 1
        past = going_on.past_keeping(source_run, scheduled, read) if counts_past else 0
        _keep(kept, collection, page, number, contents.taken(collection, read), taken, past)
    if source_run.case.right_answered == Right.DELETE and not counts_past:
        on = source_run.case.received_on()
        _note_past_keeping(run, source_run, collection, connector.past_keeping(collection.name, identifiers, on=on))


def _lead_on(kept: source_runs.Kept, connector: Connector, collection: Collection, identifiers: Identifiers) -> None:
    """Keep what all rows of a collection give: an old device still leads to what was collected yesterday."""
    if not collection.gives:
        return
    run, source_run = kept.run, kept.source_run
    walk = going_on.CollectionWalk(kept, connector, collection, identifiers, WalkFor.GIVES)
    for page, taken in walk.pages(mode=Mode.PLAN, size=Part.MOST_RECORDS, after=walk.after):
        with source_runs.keeping(run, taken):
            source_runs.update(source_run, state=RunState.RUNNING)
            source_runs.carry_on(source_run.case, source_runs.given(source_run, collection, page), at=run.at)


def _since(source_run: SourceRun) -> Since | None:
    """From when on rows count in the answer; a right that acts on data acts on all of it.

    A day of the look-back is one at the organisation's place, as the day of receipt is.
    """
    day = None if source_run.mode == Mode.PLAN else looked_back_to(source_run.case)
    return None if day is None else Since(day, ZoneInfo(settings.TIME_ZONE))


def _note_never_empty(run: Run, source_run: SourceRun, connector: Connector, collection: Collection) -> None:
    """Note of a correction which fields can't be deleted instead, so that nobody decides on what can't be done."""
    if source_run.case.right_asked != Right.CORRECT:
        return
    columns = connector.never_empty(collection.name, fields_to_plan(source_run, collection))
    if source_run.never_empty.get(collection.name, []) != list(columns):
        source_run.never_empty[collection.name] = list(columns)
        with run.transaction():
            source_runs.update(source_run, never_empty=source_run.never_empty)


def _note_deletion_order(run: Run, source_run: SourceRun, connector: Connector) -> None:
    """Note in which order a deletion would go, by the foreign keys as they are now; where there is none, nothing.

    It is shown and binds nobody: the act asks the source anew.
    """
    going = [
        found.name
        for found in source_run.data_map().collections
        if source_run.counts.get(found.name) and not isinstance(found.on_delete, Keep)
    ]
    if source_run.case.right_answered != Right.DELETE or not going:
        return
    try:
        steps = connector.deletion_order(going)
    except ChangeRefusedError:  # a circle: the act says so
        steps = ()
    order = [[step.name, {name: list(columns) for name, columns in step.before.items()}] for step in steps]
    if source_run.deletion_order != order:
        source_run.deletion_order = order
        with run.transaction():
            source_runs.update(source_run, deletion_order=order)


def _note_past_keeping(run: Run, source_run: SourceRun, collection: Collection, rows: int) -> None:
    """Note how many rows a deletion would leave on a ground that holds for them no longer, so that a person sees it."""
    if rows:
        source_run.past_keeping[collection.name] = rows
        with run.transaction():
            source_runs.update(source_run, past_keeping=source_run.past_keeping)


def _as_kept(source_run: SourceRun, collection: Collection, page: Page) -> Page:
    """A page without what was read for the digests of a plan alone."""
    if source_run.mode != Mode.PLAN:
        return page
    planned = columns_read(collection, Mode.PLAN, fields_to_plan(source_run, collection))
    columns = {*collection.key, *planned}
    return Page(page.keys, [{name: row[name] for name in row if name in columns} for row in page.records])


def _keep(  # noqa: PLR0917 - a page, and what goes with it
    kept: source_runs.Kept,
    collection: Collection,
    page: Page,
    number: int,
    contents: Sequence[str],
    taken: Sequence[PageTaken],
    past_keeping: int,
) -> None:
    """Seal one page, whose row is written later; of a plan the keys, and digests of what the rows hold."""
    columns, written = None, page
    if kept.source_run.mode == Mode.PLAN:
        columns = {*collection.key, *fields_to_plan(kept.source_run, collection), NAME}
    if contents:
        rows = zip(page.records, contents, strict=True)
        written = Page(page.keys, [{**record, NAME: content} for record, content in rows])
    part = part_files.seal(kept.source_run, collection, written, number=number, fence=kept.run.fence, columns=columns)
    given = list(source_runs.given(kept.source_run, collection, page))
    kept.add(source_runs.Sealed(part, page.held(), given, taken, past_keeping))
