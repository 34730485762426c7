"""Putting jobs on the table: in the transaction that calls for them, again after a failure, and by the clock."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dsar.jobs import registry
from dsar.jobs.models import Job, State

logger = logging.getLogger(__name__)


class KeyTaken(ValueError):
    """A job of another kind has this key."""


class NotFailed(ValueError):
    """Only a failed job can be tried again."""


def enqueue(kind: str, arguments: Mapping[str, str | int], *, key: str, run_at: datetime | None = None) -> Job:
    """Write a job, to run at once or at ``run_at``; call it in the transaction that calls for the work.

    The key names the effect: asked twice, the job that is already there comes back, whatever its state.
    The arguments are ids and codes, never personal data.
    """
    now = timezone.now()
    new = Job(
        kind=kind,
        arguments=dict(arguments),
        key=key,
        queue=registry.find(kind).queue,
        run_at=run_at or now,
        created_at=now,
    )
    # Most keys are new. Where two write the same one, the second waits for the first one's commit and finds its job.
    Job.objects.bulk_create([new], ignore_conflicts=True)
    job = Job.objects.get(key=key)
    if job.kind != kind:
        raise KeyTaken(f"The key of this job of kind {kind!r} belongs to one of kind {job.kind!r}.")
    if job.pk == new.pk and job.run_at <= now:
        _announce(job)
    return job


def retry(job: Job, *, at: datetime) -> None:
    """Try a failed job again from ``at`` on, with all its attempts; NotFailed if it has not failed."""
    failed = Job.objects.filter(pk=job.pk, state=State.FAILED)
    changed = failed.update(state=State.WAITING, run_at=at, attempts=0, finished_at=None)
    if not changed:
        raise NotFailed(f"Job {job.pk} has not failed; only a failed job can be tried again.")
    job.refresh_from_db()
    _announce(job)


def hurry(jobs: QuerySet[Job], *, at: datetime) -> int:
    """Try those at once that failed and wait to be tried again later; how many there were.

    One that is running is marked: what it is waiting for may have come after it asked, and before it waits. The marks
    come first, or a job that begins to wait between the two statements would be seen by neither.
    """
    jobs.filter(state=State.RUNNING).update(hurried=True)
    waiting = jobs.filter(state=State.WAITING, attempts__gt=0, run_at__gt=at)
    hurried = list(waiting)
    waiting.update(run_at=at)
    for job in hurried:
        _announce(job)
    return len(hurried)


def keep_time(*, at: datetime) -> None:
    """What both drains do once a minute: enqueue periodic jobs, report jobs that nobody here can do."""
    kinds = {periodic.key(at): periodic.kind for periodic in registry.PERIODIC.values()}
    known = set(Job.objects.filter(key__in=kinds).values_list("key", flat=True))
    for key in kinds.keys() - known:
        enqueue(kinds[key], {}, key=key, run_at=at)
    strange = Job.objects.due(at).exclude(kind__in=registry.HANDLERS).order_by("kind")
    for kind in strange.values_list("kind", flat=True).distinct():
        logger.error("Jobs of kind %s are due, but this release has no handler for them.", kind)


def _announce(job: Job) -> None:
    """Once the job is committed, tell the broker, if there is one."""
    if settings.CELERY_BROKER_URL:
        from dsar.jobs import broker  # noqa: PLC0415 - one machine without a broker never loads Celery

        transaction.on_commit(partial(broker.send_or_leave, job))
