"""Gathering: one job a source, walked in order, page by page into sealed part files; a killed job goes on where it was.

Called by ``requests_app`` through its ports; owns source runs and parts; never decides anything and changes no source.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from dsar.jobs.queue import enqueue
from dsar.jobs.running import Run
from exports.bundle.answer import looked_back_to
from exports.fulfil import choosing, flagging, going_on, held, near_misses, part_files, schedules, source_runs, trouble
from exports.fulfil.as_planned import ContentDigests
from exports.fulfil.corrections.places import columns_to_look_at
from exports.fulfil.staying_corrected import Watch
from exports.fulfil.tasks import asking
from exports.models import DataSource, PageTaken, Part, PassedOver, RunState, SourceRun, TaskState, TaskUpload, WalkFor
from exports.sources.connector import (
    ChangeRefusedError,
    Connector,
    Identifiers,
    Mode,
    Page,
    PlaceGoneError,
    columns_read,
)
from exports.sources.contents import NAME
from exports.sources.datamap import Collection, DataMap, Keep
from exports.sources.since import Since
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import SYSTEM
from requests_app.services import earlier, people, review
from requests_app.services.history import locked

MODE_OF = {
    Right.KNOW_SPECIFIC: Mode.CONTENT,
    Right.PORTABILITY: Mode.CONTENT,
    Right.KNOW_CATEGORIES: Mode.PRESENCE,
    Right.DELETE: Mode.PLAN,
    Right.CORRECT: Mode.PLAN,
}


def begin(case: Case) -> None:
    """Make the runs of this round in walking order, and the job of the first. In the move's transaction."""
    for position, source in enumerate(DataSource.objects.in_walking_order()):
        _make_run(case, source, position)
    _next_source(case)


def look_into(run: Run) -> None:
    """The job: look into one source and keep what is found; for a case that was withdrawn meanwhile nothing more."""
    with suppress(source_runs.NoLongerWanted), trouble.for_a_person():
        source_run = _source_run(run)
        with run.transaction():
            source_runs.update(source_run, state=RunState.RUNNING)
            _take_map_in_use(source_run)
            _take_schedules_in_force(source_run, at=run.at)
        if asking.must_look(source_run, collections_in_scope(source_run)):
            _leave_to_owner(run, source_run)
            return
        try:
            passed_over = _search(run, source_run)
        except PlaceGoneError as error:
            with run.transaction():
                _set_aside(source_run, forget=going_on.forget_places)
            raise trouble.PlaceGone(str(error)) from error
        with run.completing():
            case = locked(source_run.case_id)
            done = {"state": RunState.DONE, "finished_at": run.at, "error": "", "passed_over": passed_over or ""}
            source_runs.update(source_run, counts=source_run.counts, **done)
            if source_run.map_version.as_map().service is not None:
                going_on.forget(source_run)
            flagging.begin(source_run)
            asking.remove_uploads(TaskUpload.objects.filter(task__run=source_run))
            _search_later_ones_again(source_run, at=run.at)
            _next_source(case)
            schedules.note_kept(source_run, at=run.at)
            held.mark(case, at=run.at)
            review.source_done(
                case,
                source_run.source.slug,
                counts=source_run.counts,
                at=run.at,
                not_because=passed_over.because if passed_over else "",
            )


def _leave_to_owner(run: Run, source_run: SourceRun) -> None:
    """Ask the person who looks into this source; the next one starts meanwhile, and an answer has its own job."""
    with run.completing():
        case = locked(source_run.case_id)
        source_run.case = case
        _set_aside(source_run)
        source_runs.update(source_run, state=RunState.ASKED, error="")
        asking.ask_to_look(source_run, at=run.at)
        _next_source(case)


def _search(run: Run, source_run: SourceRun) -> PassedOver | None:
    """Look into every collection that concerns the case; raises WhichOfThese or TwoPeople.

    Gives why nobody could look; None if somebody did.
    """
    collections = collections_in_scope(source_run)
    if not collections:
        return PassedOver.FOR_OTHERS if source_run.map_version.as_map().processor_for else PassedOver.NO_CONCERN
    identifiers = {**source_runs.identifiers_for(source_run), **earlier.identifiers_of(source_run.case)}
    answer = asking.answer_of(source_run)
    if source_run.data_map().owner is not None and answer is None:  # nothing leads there: nobody was asked to look
        return PassedOver.NO_WAY
    look = run.now_and_then()
    with source_run.source.open(source_run.data_map(), answer, look=look) as connector:
        chosen = choosing.narrowed(run, source_run, connector, identifiers)
        if chosen is None:
            _look_into_each(run, source_run, connector, collections, identifiers)
    if chosen is not None and not choosing.is_nobody(chosen):
        with source_run.source.open(chosen, answer, look=look) as connector:
            choosing.check_joined(connector, identifiers)
            _look_into_each(run, source_run, connector, collections, identifiers)
    near_misses.note(run, source_run, chosen or source_run.data_map(), identifiers)
    data_map = source_run.data_map()
    is_led_to = any(_is_led_to(data_map, found, identifiers) for found in data_map.collections)
    return None if is_led_to else PassedOver.NO_WAY


def _is_led_to(data_map: DataMap, collection: Collection, identifiers: Identifiers) -> bool:
    """Whether what is known of the person leads there; this system itself knows them by their requests."""
    kinds = {kind for kind, values in identifiers.items() if values}
    return not data_map.has_address or not kinds.isdisjoint(data_map.kinds_leading_to(collection))


def _look_into_each(
    run: Run, source_run: SourceRun, connector: Connector, collections: list[Collection], identifiers: Identifiers
) -> None:
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
            if _is_led_to(source_run.data_map(), collection, identifiers):
                source_run.counts.setdefault(collection.name, 0)  # nothing found is a result; written with the end
    finally:
        kept.write_down()  # also of a source that goes down half-way
    _note_deletion_order(run, source_run, connector)


def collections_in_scope(source_run: SourceRun) -> list[Collection]:
    """What of a source concerns the case: for a correction what leads to its field, else everything that is ours.

    What we hold as a processor is its controller's to answer for.
    """
    if source_run.case.right_asked == Right.CORRECT:
        return _leading_to_the_fields(source_run)
    data_map = source_run.map_version.as_map()
    return [] if data_map.processor_for else list(data_map.collections)


def _leading_to_the_fields(source_run: SourceRun) -> list[Collection]:
    """The collections of the fields, and in a source walked before those that give what they may be found by."""
    wanted = columns_to_look_at(source_run.case)
    of_round = source_run.case.source_runs.filter(round=source_run.round).select_related("source__map_version")
    kinds: set[str] = set()
    for walked in of_round.order_by("-position"):
        data_map = walked.source.map_version.as_map()
        leading = [
            found
            for found in (() if data_map.processor_for else data_map.collections)
            if (data_map.source, found.name) in wanted or kinds & {gift.kind for gift in found.gives}
        ]
        if walked.pk == source_run.pk:
            return leading
        kinds = kinds.union(*map(data_map.kinds_leading_to, leading))
    return []


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


def give_up(run: Run) -> None:
    """The source stayed down, or leads to two people: a person tries again or waives it; the next one starts."""
    with suppress(source_runs.NoLongerWanted):
        source_run = _source_run(run)
        case = locked(source_run.case_id)
        error = run.job.error.rpartition(".")[2]
        source_runs.update(source_run, state=RunState.FAILED, error=error)
        _next_source(case)
        review.source_failed(case.pk, source_run.source.slug, error=error, at=run.at)


def waive(source_run: SourceRun, *, by: str, reason: str, at: datetime) -> None:
    """Go on without this source, for a reason; its answer will tell of the gap. In the move's transaction.

    What a worker has found in it so far is set aside: an answer has a source's findings whole, or not at all. The run
    was locked by who gives it, so that no worker adds to it meanwhile.
    """
    source_run.parts.all().delete()
    going_on.forget(source_run)
    people.forget_derived(source_run.case, source_run.source.slug)
    source_run.state, source_run.waived_by, source_run.finished_at = RunState.WAIVED, by, at
    source_run.counts, source_run.held, source_run.past_keeping, source_run.records = {}, {}, {}, 0
    source_run.never_empty, source_run.deletion_order = {}, []
    source_run.waiver = reason
    source_run.save()
    asking.cancel(source_run.tasks.filter(state=TaskState.OPEN), by=SYSTEM, at=at)
    asking.remove_brought(source_run.tasks.all())
    _next_source(source_run.case)


def _make_run(case: Case, source: DataSource, position: int) -> None:
    SourceRun.objects.create(
        id=uuid.uuid4(),
        case=case,
        source=source,
        map_version=source.map_version,
        mode=MODE_OF[case.right_answered],
        round=case.gathering_round,
        position=position,
    )


def _source_run(run: Run) -> SourceRun:
    """The run that the job is about; NoLongerWanted if another one has taken its place."""
    known = SourceRun.objects.select_related(
        "case__submission__subject", "case__submission__organisation", "source__map_version", "map_version"
    )
    found = known.filter(pk=str(run.arguments["run"])).first()
    if found is None:
        raise source_runs.NoLongerWanted
    return found


def _take_map_in_use(source_run: SourceRun) -> None:
    """Search by the map that was accepted last; what was found by an older one is set aside, and begun anew.

    So a map that did not fit is corrected, and the job tried again.
    """
    in_use = source_run.source.map_version
    if source_run.map_version == in_use:
        return
    source_run.map_version = in_use
    _set_aside(source_run)


def _set_aside(source_run: SourceRun, *, forget: Callable[[SourceRun], None] = going_on.forget) -> None:
    """Begin a run anew: nothing that was found in it so far counts."""
    source_run.parts.all().delete()
    forget(source_run)
    people.forget_derived(source_run.case, source_run.source.slug)
    nothing = {"records": 0, "counts": {}, "held": {}, "past_keeping": {}, "never_empty": {}, "deletion_order": []}
    for name, value in nothing.items():
        setattr(source_run, name, value)
    source_runs.update(source_run, map_version=source_run.map_version, **nothing)


def _take_schedules_in_force(source_run: SourceRun, *, at: datetime) -> None:
    """Plan a deletion by the retention schedules that are in force when the source is searched."""
    scheduled = schedules.scheduled_for(source_run, at=at)
    if scheduled != source_run.scheduled:
        if source_run.pages_taken.exists():  # what a service gave so far was counted by others
            _set_aside(source_run)
        source_run.scheduled = scheduled
        source_runs.update(source_run, scheduled=scheduled)


def _search_later_ones_again(searched: SourceRun, *, at: datetime) -> None:
    """A source that failed at first, and was searched late, gives identifiers that later ones were searched without.

    One that is being searched, or failed half-way, begins anew as well: its worker finds that its run is gone. What a
    person has waived stays waived.
    """
    later = searched.case.source_runs.filter(round=searched.round, position__gt=searched.position)
    begun = later.exclude(state__in=(RunState.WAITING, RunState.WAIVED)).select_related("source__map_version")
    for old in begun.select_for_update(of=("self",)):
        if _kinds_given(searched) & old.source.map_version.as_map().kinds_asked:
            _begin_anew(old, at=at)


def search_anew(case: Case, *, source: str = "", kind: str = "", at: datetime) -> None:
    """Search a source, or what was searched by a kind of identifier, once more in this round, as a person decided.

    And whatever was searched by what those gave. In the move's transaction.
    """
    kinds = {kind} if kind else set[str]()
    walked = case.source_runs.filter(round=case.gathering_round).exclude(state=RunState.WAIVED)
    for old in walked.order_by("position").select_related("source__map_version").select_for_update(of=("self",)):
        data_map = old.source.map_version.as_map()
        if old.source.slug != source and not kinds & data_map.kinds_asked:
            continue
        kinds |= data_map.kinds_given
        if old.state != RunState.WAITING:
            _begin_anew(old, at=at)
    _next_source(case)


def _begin_anew(old: SourceRun, *, at: datetime) -> None:
    """A worker that is in it finds that its run is gone; who was asked to look there is asked again."""
    asking.cancel(old.tasks.filter(state=TaskState.OPEN), by=SYSTEM, at=at)
    asking.remove_brought(old.tasks.all())
    old.delete()
    people.forget_derived(old.case, old.source.slug)
    _make_run(old.case, old.source, old.position)


def _kinds_given(searched: SourceRun) -> set[str]:
    """Kinds of identifier that the source gave; where it was only counted, those that it may have given."""
    return {
        gift.kind
        for found in searched.map_version.as_map().collections
        if searched.counts.get(found.name) or searched.mode == Mode.PRESENCE
        for gift in found.gives
    }


def _next_source(case: Case) -> None:
    """The job of the next source that nobody has looked into: identifiers found so far go with it."""
    runs = case.source_runs.filter(round=case.gathering_round)
    if runs.filter(state=RunState.RUNNING).exists():
        return
    waiting = runs.filter(state=RunState.WAITING).first()
    if waiting is not None:
        enqueue("gather_source", {"run": str(waiting.pk)}, key=f"gather:{waiting.pk}")


def _count(kept: source_runs.Kept, connector: Connector, collection: Collection, identifiers: Identifiers) -> None:
    """Count one collection, once, whoever died after it; nothing is read of it but what it gives to later sources."""
    run, source_run = kept.run, kept.source_run
    walk = going_on.Walk(kept, connector, collection, identifiers)
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
    walk = going_on.Walk(kept, connector, collection, identifiers)
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
    walk = going_on.Walk(kept, connector, collection, identifiers, WalkFor.GIVES)
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
