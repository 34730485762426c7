"""The outsider's way to a task: a link that ends, can be revoked, and opens nothing without a code from the mailbox.

The link's token is kept as a keyed digest and known to the mail alone; 256 bits of chance need no limit of tries. The
code goes to the registered address, whoever holds the link, and is tried five times at most.
"""

from __future__ import annotations

import secrets
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from dsar.vault import digests
from exports.models import Task, TaskCode, TaskLink
from requests_app.events import EventKind
from requests_app.law.words import DutyKind
from requests_app.roles import OWNER
from requests_app.services import codes
from requests_app.services.codes import CODES_AN_HOUR, TooManyCodes
from requests_app.services.history import locked, record

CODE_LIFE = timedelta(minutes=20)
TRIES_ALLOWED = 5
TOKEN_BYTES = 32
LONGEST_TOKEN = 100  # characters: no more of an address is looked at


def make(task: Task, *, at: datetime) -> str:
    """A new link; its token, which only the mail may carry. Older ones go on working until they end."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    TaskLink.objects.create(
        task=task, digest=digests.digest("task_link", token), made_at=at, expires_at=_ends_at(task, at=at)
    )
    return token


def _ends_at(task: Task, *, at: datetime) -> datetime:
    """After its life, or with the day on which the case has to be answered; a late task's link lives a day."""
    kinds = (DutyKind.ANSWER, DutyKind.OPT_OUT_DONE)
    last = task.case.duties.unmet().filter(kind__in=kinds).order_by("due_on").values_list("due_on", flat=True).first()
    end_of_day = timezone.make_aware(datetime.combine(max(last or task.due_on, task.due_on), time.max))
    return min(at + settings.TASK_LINK_LIFE, max(end_of_day, at + timedelta(days=1)))


def find(token: str, *, at: datetime) -> TaskLink | None:
    """The live link of a token; None alike for one that is unknown, over, revoked, or whose task waits no more."""
    if len(token) > LONGEST_TOKEN:
        return None
    return _live(at).filter(digest__in=digests.candidates("task_link", token)).first()


def live(link_id: int, *, at: datetime) -> TaskLink | None:
    """The link, as long as it opens something."""
    return _live(at).filter(pk=link_id).first()


def _live(at: datetime) -> QuerySet[TaskLink]:
    wanted = Task.objects.wanted().values("pk")
    return TaskLink.objects.filter(revoked_at=None, expires_at__gt=at, task__in=wanted).select_related(
        "task__case__submission__organisation", "task__source", "task__map_version", "task__run"
    )


def ends_at(task: Task, *, at: datetime) -> datetime | None:
    """When the last live link of a task ends; None if it has none."""
    return (
        task.links.filter(revoked_at=None, expires_at__gt=at)
        .order_by("-expires_at")
        .values_list("expires_at", flat=True)
        .first()
    )


def end_all(task: Task, *, at: datetime) -> int:
    """Let no link and no code of a task open anything any more; how many links that were."""
    task.codes.filter(used_at=None, expires_at__gt=at).update(expires_at=at)
    return task.links.filter(revoked_at=None).update(revoked_at=at)


def issue_code(task: Task, *, at: datetime) -> str:
    """A fresh code for the registered address; older ones open nothing any more. Raises TooManyCodes."""
    if task.codes.filter(issued_at__gt=at - timedelta(hours=1)).count() >= CODES_AN_HOUR:
        raise TooManyCodes
    task.codes.filter(used_at=None, expires_at__gt=at).update(expires_at=at)
    text = codes.new_text()
    TaskCode.objects.create(
        task=task, digest=digests.digest("code", _told(task, text)), issued_at=at, expires_at=at + CODE_LIFE
    )
    return text


def use_code(link: TaskLink, text: str, *, at: datetime) -> bool:
    """Use a code up; False if it opens nothing. Each text is a try, counted before it is looked at."""
    with transaction.atomic():
        case = locked(link.task.case_id)
        fresh = link.task.codes.filter(used_at=None, expires_at__gt=at)
        if not fresh.filter(tries__lt=TRIES_ALLOWED).update(tries=F("tries") + 1):
            return False
        right = fresh.filter(digest__in=digests.candidates("code", _told(link.task, text)))
        if not right.update(used_at=at):
            return False
        record(case, EventKind.TASK_OPENED, by=OWNER, at=at, task=link.task.reference)
    return True


def _told(task: Task, text: str) -> str:
    return f"task:{task.pk}:{codes.cleaned(text)}"
