"""The only two Celery tasks: one runs a job, the other sees to it that none is forgotten."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from dsar.jobs import queue, running
from dsar.jobs.broker import RUN_JOB, app, send_again


@app.task(name=RUN_JOB)  # type: ignore[untyped-decorator]
def run_job(job_id: str) -> None:
    """Make one attempt at the job."""
    running.execute(UUID(job_id))


@app.task  # type: ignore[untyped-decorator]
def sweep_jobs() -> None:
    """Enqueue periodic jobs, and send again what is due: never sent, lost by the broker, or abandoned."""
    at = timezone.now()
    queue.keep_time(at=at)
    send_again(at=at)
