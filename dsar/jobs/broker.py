"""The way to Celery, for production: the broker carries ids of jobs, and may lose all of them."""

from __future__ import annotations

import logging
from datetime import datetime

from celery import Celery

from dsar.jobs import registry
from dsar.jobs.models import Job
from dsar.jobs.running import class_path

logger = logging.getLogger(__name__)

RUN_JOB = "dsar.jobs.tasks.run_job"
FULL = 1000  # ids in one of the broker's queues; the sweep adds none beyond

app = Celery("dsar")
app.config_from_object("django.conf:settings", namespace="CELERY")


def send(job: Job) -> None:
    """Hand the id of a job to the workers of its queue; raises what the broker raises."""
    app.send_task(RUN_JOB, args=[str(job.pk)], queue=job.queue, retry=False)


def send_or_leave(job: Job) -> None:
    """Send a job that has just been committed; a broker that is down is left to the sweep."""
    try:
        send(job)
    except Exception as error:  # whatever the broker raises, the caller's commit has succeeded
        logger.warning(
            "Job %s: the broker did not take it (%s); the sweep sends it again.", job, class_path(type(error))
        )


def send_again(*, at: datetime) -> int:
    """Send every job that is due, oldest first; returns how many.

    Most were sent before: a second id of the same job costs one update that changes nothing. A queue that is
    long already gets no more, so that ids don't pile up in the broker while workers are slow.
    """
    return sum(_fill(queue, at=at) for queue in sorted(registry.queues()))


def _fill(queue: str, *, at: datetime) -> int:
    room = max(0, FULL - _length(queue))
    jobs = Job.objects.due(at).filter(queue=queue, kind__in=registry.HANDLERS)[:room]
    for job in jobs:
        send(job)
    return len(jobs)


def _length(queue: str) -> int:
    with app.connection_for_write() as connection, connection.channel() as channel:
        declared = channel.queue_declare(queue=queue)
    length: int = declared.message_count
    return length
