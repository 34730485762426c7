"""Gathering: one job a source, walked in order, page by page into sealed part files; a killed job goes on where it was.

Called by ``requests_app`` through its ports; owns source runs and parts; never decides anything and changes no source.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from dsar.jobs.queue import enqueue
from dsar.jobs.running import Run
from exports.fulfil import choosing, collecting, flagging, going_on, held, near_misses, schedules, source_runs, trouble
from exports.fulfil.corrections.places import columns_to_look_at
from exports.fulfil.tasks import asking
from exports.models import DataSource, PassedOver, RunState, SourceRun, TaskState, TaskUpload
from exports.sources.connector import Mode
from exports.sources.datamap import Collection
from exports.sources.errors import PlaceGoneError
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
            collecting.look_into_each(run, source_run, connector, collections, identifiers)
    if chosen is not None and not choosing.is_nobody(chosen):
        with source_run.source.open(chosen, answer, look=look) as connector:
            choosing.check_joined(connector, identifiers)
            collecting.look_into_each(run, source_run, connector, collections, identifiers)
    near_misses.note(run, source_run, chosen or source_run.data_map(), identifiers)
    data_map = source_run.data_map()
    is_led_to = any(collecting.is_led_to(data_map, found, identifiers) for found in data_map.collections)
    return None if is_led_to else PassedOver.NO_WAY


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
