"""Who may answer a task, as long as it takes an answer."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.utils.translation import gettext as _

from exports.models import Task, TaskState
from requests_app.models import User
from requests_app.roles import OWNER, Actor, Role
from requests_app.services.history import locked

DESK = frozenset({Role.ANALYST, Role.APPROVER})


class AnswerRefused(Exception):
    """What was answered can't be taken; the sentence says what to do, or one for each file that was sent."""

    def __init__(self, *faults: str) -> None:
        self.faults = faults
        super().__init__(" ".join(faults))


class NotYours(Exception):
    """Somebody who neither owns the source nor works on the case."""


def may_answer(task: Task, actor: Actor) -> bool:
    """The outsider who has typed a code, the insider by the registered address, and the desk in the owner's place."""
    return actor == OWNER or bool(actor.roles & DESK) or is_owner(task, actor)


def is_owner(task: Task, actor: Actor) -> bool:
    """Whether a member of the staff is the registered owner."""
    if Role.SOURCE_OWNER not in actor.roles or not task.is_insider:
        return False
    pk = int(actor.slug.removeprefix("staff:"))
    return User.objects.filter(pk=pk, is_active=True, email__iexact=task.owner_email).exists()


def open_task(task_id: uuid.UUID, *, by: Actor, at: datetime) -> Task:  # noqa: ARG001 - as all services are asked
    """The task with its case locked, in the caller's transaction; raises AnswerRefused, NotYours."""
    case_id = Task.objects.values_list("case_id", flat=True).get(pk=task_id)
    case = locked(case_id)
    tasks = Task.objects.select_related("source", "map_version", "run__source").filter(pk=task_id)
    task = tasks.get()
    task.case = case
    if not may_answer(task, by):
        raise NotYours
    if task.state != TaskState.OPEN or not Task.objects.wanted().filter(pk=task_id).exists():
        raise AnswerRefused(_("This task takes no answer any more: it was answered, or is no longer needed."))
    return task
