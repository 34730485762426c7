"""Mails to the owner of a source: written with the change that they tell of, delivered by a job.

None names the person, the request or what is looked for; a reference, the system, a date and the way are enough.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from dsar.jobs.queue import enqueue
from dsar.jobs.running import Run
from exports.fulfil.tasks import links
from exports.models import Task, TaskMail, TaskState
from requests_app.services import letters
from requests_app.services.history import locked


class TaskLetter(StrEnum):
    """The mails: each a template ``tasks/<slug>.<language>.txt``, its first line the subject."""

    ASKED = "asked"
    REMINDER = "reminder"
    CODE = "code"
    CANCELLED = "cancelled"


WITH_THE_WAY = (TaskLetter.ASKED, TaskLetter.REMINDER)


def queue(task: Task, letter: TaskLetter, *, at: datetime, code: str = "") -> None:
    """Write a mail and the job that delivers it, in the caller's transaction; where it leads in, with a new link.

    Nobody is mailed of what the desk does itself.
    """
    if not task.owner_email:
        return
    language = task.owner.language
    way = _way(task, at=at) if letter in WITH_THE_WAY else ""
    context = {
        "task": task,
        "organisation": task.case.submission.organisation,
        "source": task.about(language),
        "due_on": letters.spelt(task.due_on, language),
        "way": way,
        "code": code,
    }
    with translation.override(language):
        subject, text = letters.laid_out(render_to_string(f"tasks/{letter}.{language}.txt", context))
    mail = TaskMail(id=uuid.uuid4(), task=task, letter=letter, subject=subject, queued_at=at)
    mail.text = text
    mail.save()
    enqueue("mail_source_owner", {"mail": str(mail.pk)}, key=f"mail_owner:{mail.pk}")


def _way(task: Task, *, at: datetime) -> str:
    if task.is_insider:
        return f"{settings.BASE_URL}/admin/exports/task/{task.pk}/change/"
    return f"{settings.BASE_URL}/task/{links.make(task, at=at)}/"


def send_code(task: Task, *, at: datetime) -> None:
    """Mail a fresh code to the registered address; raises TooManyCodes."""
    with transaction.atomic():
        locked(task.case_id)  # of two that ask at once one waits, and is counted
        code = links.issue_code(task, at=at)
        queue(task, TaskLetter.CODE, at=at, code=code)


def deliver(run: Run) -> None:
    """The job: deliver one mail, unless it has nothing to tell any more; then forget its text."""
    mail = TaskMail.objects.select_related("task__case__submission").get(pk=str(run.arguments["mail"]))
    if mail.accepted_at is not None or mail.failed_at is not None:
        return
    is_over = mail.letter != TaskLetter.CANCELLED and mail.task.state != TaskState.OPEN
    is_over |= mail.letter == TaskLetter.CODE and run.at > mail.queued_at + links.CODE_LIFE
    if not is_over:
        letters.deliver(mail)
    with run.completing():
        mail.text = None
        mail.accepted_at, mail.failed_at = (None, run.at) if is_over else (run.at, None)
        mail.save(update_fields=["text_sealed", "accepted_at", "failed_at"])


def give_up(run: Run) -> None:
    """The mail server never took it: the desk sees that the owner does not know."""
    TaskMail.objects.filter(pk=str(run.arguments["mail"])).update(failed_at=run.at, text_sealed=None)
