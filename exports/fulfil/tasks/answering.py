"""Answering a task: "here it is", "nothing found", "done", or "not mine to answer"; then the work goes on."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import NotFailed, enqueue, retry
from exports.fulfil.recipients import telling
from exports.fulfil.tasks import asking, links, mails, sheets
from exports.fulfil.tasks.mails import TaskLetter
from exports.fulfil.tasks.opening import DESK, AnswerRefused, NotYours, open_task
from exports.models import Document, RunState, SourceRun, Task, TaskKind, TaskState, Telling
from requests_app.events import EventKind
from requests_app.models import Case
from requests_app.plain_text import is_usable
from requests_app.roles import Actor
from requests_app.services import review
from requests_app.services.history import locked, record
from requests_app.states import State

LONGEST_NAME = 200
LONGEST_NOTE = 4000
REFUSED = "OwnerRefused"  # the codes under which the desk reads what to do
TELLER_REFUSED = "TellerRefused"


def finish(
    task_id: UUID,
    state: TaskState,
    *,
    name: str,
    note: str = "",
    confirmed: bool,
    proof: bytes = b"",
    by: Actor,
    at: datetime,
) -> Task:
    """Take the answer, and let the work go on that waited for it; raises AnswerRefused with what to do."""
    with transaction.atomic():
        task = open_task(task_id, by=by, at=at)
        _check(task, state, name=name, note=note, confirmed=confirmed)
        if proof:
            sheets.keep_proof(task, proof, at=at)
        if state != TaskState.DONE:
            asking.remove_brought(task.case.tasks.filter(pk=task.pk))
        task.state, task.answered_by, task.answered_at = state, by.slug, at
        task.name, task.note = name.strip(), note.strip()
        task.save(update_fields=["state", "answered_by", "answered_at", "name_sealed", "note_sealed"])
        links.end_all(task, at=at)
        record(
            task.case,
            EventKind.TASK_ANSWERED,
            by=by,
            at=at,
            source=task.source.slug,
            task=task.reference,
            answer=state,
            files=task.uploads.count(),
            sha256=[upload.clear_sha256 for upload in task.uploads.all() if upload.clear_sha256],
            documents=Document.objects.filter(task=task, parent=None).count(),
        )
        _go_on(task, at=at)
    return task


def _check(task: Task, state: TaskState, *, name: str, note: str, confirmed: bool) -> None:
    _check_typed(name, note)
    if state == TaskState.REFUSED:
        if not note.strip():
            raise AnswerRefused(_("Please say why you can't answer, so that we know whom to ask."))
        return
    if not confirmed:
        raise AnswerRefused(_("Please tick the box above the button: without your word the answer does not count."))
    if task.kind == TaskKind.LOOK:
        _check_files(task, state)
    elif state == TaskState.NOTHING:
        raise AnswerRefused(_("Please choose one of the answers."))
    elif not note.strip():
        raise AnswerRefused(_("Please say in a few words what was done: it is kept as the proof."))


def _check_files(task: Task, state: TaskState) -> None:
    brought = task.uploads.exists() or Document.objects.filter(task=task).exists()
    if state == TaskState.DONE and not brought:
        raise AnswerRefused(_("No file was sent. Send one, or say that nothing was found."))
    if state == TaskState.NOTHING and brought:
        raise AnswerRefused(_("You have sent files. Remove them first if nothing is held there."))


def _check_typed(name: str, note: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME:
        raise AnswerRefused(_("Please type your name: it stands for the answer."))
    if len(note) > LONGEST_NOTE:
        raise AnswerRefused(_("Please write less: at most %(most)s letters.") % {"most": LONGEST_NOTE})
    if not is_usable(name + note):
        raise AnswerRefused(_("This contains characters that can't be used. Please type it again."))


def _go_on(task: Task, *, at: datetime) -> None:
    """A look: what was brought is searched. An act: its job is tried again. A refusal waits for the desk."""
    if task.telling is not None:
        _settle_recipient(task, task.telling, at=at)
    elif task.kind != TaskKind.LOOK:
        if task.state == TaskState.DONE:
            _try_again(task.case, at=at)
    elif task.run is None:
        raise LookupError(f"{task.reference} has no run")
    elif task.state == TaskState.REFUSED:
        SourceRun.objects.filter(pk=task.run.pk).update(state=RunState.FAILED, error=REFUSED)
        review.source_failed(task.case_id, task.source.slug, error=REFUSED, at=at)
    else:
        enqueue("gather_source", {"run": str(task.run.pk)}, key=f"gather:{task.run.pk}:{task.pk}")


def _settle_recipient(task: Task, recipient: Telling, *, at: datetime) -> None:
    """The recipient was told, with the note as the proof; or it was not, and the desk is shown why."""
    recipient.case = task.case
    recipient.note, recipient.noted_by = task.note, task.answered_by
    if task.state == TaskState.DONE:
        telling.told(task.case, recipient, by=Actor(task.answered_by, frozenset()), at=at)
    else:
        recipient.note = ""
        telling.not_reached(task.case, recipient, TELLER_REFUSED, at=at)


def _try_again(case: Case, *, at: datetime) -> None:
    failed = Job.objects.filter(kind="carry_out", arguments__case=str(case.pk), state=JobState.FAILED)
    for job in failed:
        with suppress(NotFailed):  # somebody else was faster
            retry(job, at=at)


# ---- what the desk does about a task


def send_again(task_id: UUID, *, by: Actor, at: datetime) -> Task:
    """Mail the task once more, with a new link; the old ones end."""
    with transaction.atomic():
        task = _of_desk(task_id, by=by, at=at)
        links.end_all(task, at=at)
        mails.queue(task, TaskLetter.ASKED, at=at)
        record(task.case, EventKind.TASK_LINK_MADE, by=by, at=at, source=task.source.slug, task=task.reference)
    return task


def revoke(task_id: UUID, *, by: Actor, at: datetime) -> Task:
    """End every link of a task; the task itself stays open."""
    with transaction.atomic():
        task = _of_desk(task_id, by=by, at=at)
        links.end_all(task, at=at)
        record(task.case, EventKind.TASK_LINK_REVOKED, by=by, at=at, source=task.source.slug, task=task.reference)
    return task


def ask_again(task_id: UUID, *, by: Actor, at: datetime) -> Task:
    """Have the owner asked anew: the run begins again, and what was answered or brought counts no more."""
    with transaction.atomic():
        case = locked(Task.objects.values_list("case_id", flat=True).get(pk=task_id))
        task = case.tasks.select_related("source", "map_version", "run").get(pk=task_id)
        if not by.roles & DESK:
            raise NotYours
        run = task.run
        is_of_round = case.state == State.GATHERING and task.round == case.gathering_round
        if run is None or run.state not in (RunState.ASKED, RunState.FAILED) or not is_of_round:
            raise AnswerRefused(_("This task can't be asked again: its case has gone on."))
        asking.cancel(case.tasks.filter(pk=task_id), by=by, at=at, tell=False)
        SourceRun.objects.filter(pk=run.pk).update(state=RunState.ASKED, error="")
        enqueue("gather_source", {"run": str(run.pk)}, key=f"gather:{run.pk}:again:{task.pk}")
    return task


def _of_desk(task_id: UUID, *, by: Actor, at: datetime) -> Task:
    if not by.roles & DESK:
        raise NotYours
    return open_task(task_id, by=by, at=at)
