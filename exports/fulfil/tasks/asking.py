"""Asking the owner of a source: the task, its date, its reminders, and its end when nobody waits for it any more.

Whatever changes a task is called with its case locked, so that an answer and a waiver can't both be right.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from exports.fulfil import source_runs
from exports.fulfil.documents import keeping
from exports.fulfil.tasks import links, mails
from exports.fulfil.tasks.mails import TaskLetter
from exports.models import (
    ANSWERED,
    ActKind,
    DataMapVersion,
    DataSource,
    Document,
    SourceRun,
    Task,
    TaskKind,
    TaskState,
    TaskUpload,
    Telling,
)
from exports.models.task import DAYS_TO_TELL
from exports.sources.datamap import Collection as MapCollection
from exports.sources.datamap import TaskFor
from requests_app.events import EventKind
from requests_app.law.words import DutyKind
from requests_app.models import Case
from requests_app.roles import SYSTEM, Actor
from requests_app.services import codes
from requests_app.services.history import local_day, locked, record

TO_DECIDE = timedelta(days=3)  # before the case's own target: what the desk keeps for itself
REMIND_BEFORE = timedelta(days=3)
ONE_DAY = timedelta(days=1)
REFERENCE_LENGTH = 8
KIND_OF_ACT = {
    ActKind.DELETE: TaskKind.DELETE,
    ActKind.CORRECT: TaskKind.CORRECT,
    ActKind.SUPPRESS: TaskKind.SUPPRESS,
}


def answer_of(run: SourceRun) -> Task | None:
    """The answer with which a run goes on: the last one that was given by the map that the run follows."""
    given = run.tasks.filter(kind=TaskKind.LOOK, state__in=ANSWERED, map_version=run.map_version)
    return given.select_related("case").order_by("-answered_at").first()


def word_on(case: Case, source: DataSource, kind: ActKind) -> Task | None:
    """The owner's report that an act was made in the present round."""
    given = case.tasks.filter(source=source, round=case.gathering_round, kind=KIND_OF_ACT[kind], state=TaskState.DONE)
    return given.order_by("-answered_at").first()


def must_look(run: SourceRun, collections: Iterable[MapCollection]) -> bool:
    """Whether a person has to look before the run goes on: something leads there, and nobody has answered."""
    if run.data_map().owner is None or answer_of(run) is not None:
        return False
    return bool(leading(collections, source_runs.identifiers_for(run)))


def leading(collections: Iterable[MapCollection], kinds: Collection[str]) -> list[MapCollection]:
    """The collections to which an identifier of these kinds leads; in no other can anything be looked for."""
    return [found for found in collections if any(root.by in kinds for root in found.roots)]


def ask_to_look(run: SourceRun, *, at: datetime) -> Task:
    """Ask the owner to look; what was asked before for this run counts no more."""
    cancel(run.tasks.filter(state=TaskState.OPEN), by=SYSTEM, at=at)
    return _ask(run.case, run.source, run.map_version, TaskKind.LOOK, at=at, run=run)


def ask_to_act(case: Case, sources: Collection[str], *, kind: ActKind, at: datetime) -> None:
    """Ask the owners of these sources, by slug, to carry an act out, each once in a round until answered."""
    for source in DataSource.objects.in_walking_order().filter(slug__in=sources):
        asked = case.tasks.filter(source=source, round=case.gathering_round, kind=KIND_OF_ACT[kind])
        if source.is_manual and not asked.filter(state__in=(TaskState.OPEN, TaskState.DONE)).exists():
            _ask(case, source, source.map_version, KIND_OF_ACT[kind], at=at)


def ask_to_tell(telling: Telling, way: TaskFor, *, at: datetime) -> Task:
    """Ask somebody of ours to tell a recipient; a name without an address stands for the desk. Its case is locked."""
    if telling.map_version is None:
        raise LookupError(f"telling {telling.pk} has no register")
    task = Task.objects.create(
        id=uuid.uuid4(),
        reference=_new_reference(),
        case=telling.case,
        source=DataSource.objects.get(slug=telling.map_version.source_slug),
        telling=telling,
        map_version=telling.map_version,
        round=telling.round,
        kind=TaskKind.TELL,
        owner_email=way.to if "@" in way.to else "",
        is_insider=way.is_insider,
        asked_at=at,
        due_on=due_on(telling.case, DAYS_TO_TELL, on=local_day(at)),
    )
    _note_asked(task, at=at)
    return task


def _ask(
    case: Case,
    source: DataSource,
    map_version: DataMapVersion,
    kind: TaskKind,
    *,
    at: datetime,
    run: SourceRun | None = None,
) -> Task:
    owner = map_version.as_map().owner
    if owner is None:
        raise LookupError(f"{source.slug} has no owner")
    task = Task.objects.create(
        id=uuid.uuid4(),
        reference=_new_reference(),
        case=case,
        source=source,
        run=run,
        map_version=map_version,
        round=case.gathering_round,
        kind=kind,
        owner_email=owner.email,
        is_insider=owner.is_insider,
        asked_at=at,
        due_on=due_on(case, owner.days, on=local_day(at)),
    )
    _note_asked(task, at=at)
    return task


def _note_asked(task: Task, *, at: datetime) -> None:
    record(
        task.case,
        EventKind.TASK_ASKED,
        by=SYSTEM,
        at=at,
        source=task.source.slug,
        task=task.reference,
        act=task.kind,
        due_on=task.due_on.isoformat(),
    )
    mails.queue(task, TaskLetter.ASKED, at=at)


def due_on(case: Case, days: int, *, on: date) -> date:
    """The owner's days, or what the case's first target leaves of them; never sooner than tomorrow."""
    kinds = (DutyKind.ANSWER, DutyKind.OPT_OUT_DONE, DutyKind.RECIPIENTS_TOLD)
    owed = [duty.target_on or duty.due_on for duty in case.duties.unmet().filter(kind__in=kinds)]
    last = min([on + timedelta(days=days), *(day - TO_DECIDE for day in owed)])
    return max(last, on + ONE_DAY)


def cancel(tasks: QuerySet[Task], *, by: Actor, at: datetime, tell: bool = True) -> None:
    """End tasks without an answer: their links are dead, what was brought is removed, the owner need do nothing."""
    for task in tasks.select_related("case__submission__organisation", "source", "map_version"):
        was_open = task.is_open
        Task.objects.filter(pk=task.pk).update(state=TaskState.CANCELLED)
        task.state = TaskState.CANCELLED
        links.end_all(task, at=at)
        remove_brought(task.case.tasks.filter(pk=task.pk))
        record(task.case, EventKind.TASK_CANCELLED, by=by, at=at, source=task.source.slug, task=task.reference)
        if was_open and tell:
            mails.queue(task, TaskLetter.CANCELLED, at=at)


def remove_brought(tasks: QuerySet[Task]) -> None:
    """Remove all that was sent for tasks: rows and documents."""
    remove_uploads(TaskUpload.objects.filter(task__in=tasks))
    keeping.remove(Document.objects.filter(task__in=tasks))


def remove_uploads(uploads: QuerySet[TaskUpload]) -> None:
    """Remove what was sent: the rows now, the files once that is committed; what dies between is swept as an orphan."""
    paths = list(uploads.values_list("path", flat=True))
    for path in paths:
        transaction.on_commit(partial(_unlink, Path(settings.DATA_DIR) / path))
    if paths:
        uploads.delete()


def unlink(uploads: Iterable[TaskUpload]) -> None:
    """Remove the files of uploads that were not kept in the end."""
    for upload in uploads:
        _unlink(Path(settings.DATA_DIR) / upload.path)


def _unlink(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def to_follow_up() -> list[UUID]:
    """Open tasks: those to remind of, and those that nobody waits for any more."""
    return list(Task.objects.filter(state=TaskState.OPEN).values_list("pk", flat=True))


def follow_up(task_id: UUID, *, at: datetime) -> None:
    """Do what the clock asks for one task: cancel it if its case has gone on without it, or remind of it once a step.

    Three days before its date, and on the date. In the job's transaction.
    """
    case_id = Task.objects.values_list("case_id", flat=True).filter(pk=task_id).first()
    if case_id is None:
        return
    case = locked(case_id)
    task = case.tasks.filter(pk=task_id, state=TaskState.OPEN).first()
    if task is None:
        return
    if not Task.objects.wanted().filter(pk=task_id).exists():
        cancel(case.tasks.filter(pk=task_id), by=SYSTEM, at=at)
        return
    on = local_day(at)
    if _is_to_remind(task, on):
        Task.objects.filter(pk=task_id).update(reminded_on=on)
        record(case, EventKind.TASK_REMINDED, by=SYSTEM, at=at, source=task.source.slug, task=task.reference)
        mails.queue(task, TaskLetter.REMINDER, at=at)


def _is_to_remind(task: Task, on: date) -> bool:
    if on >= task.due_on:
        return task.reminded_on is None or task.reminded_on < task.due_on
    return on >= task.due_on - REMIND_BEFORE and task.reminded_on is None and local_day(task.asked_at) < on


def _new_reference() -> str:
    letters = "".join(secrets.choice(codes.ALPHABET) for _place in range(REFERENCE_LENGTH))
    return f"T-{letters[:4]}-{letters[4:]}"
