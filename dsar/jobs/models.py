"""The table of jobs: work for machines, remembered by the database."""

from __future__ import annotations

from datetime import datetime
from typing import Self
from uuid import uuid4

from django.db import models
from django.db.models import Exists, Q
from django.utils import timezone


class State(models.TextChoices):
    """Where a job stands."""

    WAITING = "waiting", "waiting"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class JobQuerySet(models.QuerySet["Job"]):
    """Which jobs are meant."""

    def due(self, at: datetime) -> Self:
        """Jobs that may be claimed: their time has come, or the worker that had them let its lease end.

        None while all work is paused.
        """
        return self.filter(
            Q(state=State.WAITING, run_at__lte=at) | Q(state=State.RUNNING, lease_until__lte=at),
            ~Exists(Pause.objects.all()),
        ).order_by("run_at")

    def claim(self, job: Job, *, at: datetime, until: datetime) -> bool:
        """Take the job if it is due, and still as it was read; False if another has it. Call it inside a transaction.

        Fence and attempts are compared, so that the job as it was read, with the claim, is the job as it stands.
        A row that is locked counts as taken: a worker that was stopped inside its transaction must not stop those who
        come after it.
        """
        as_read = self.due(at).filter(pk=job.pk, fence=job.fence, attempts=job.attempts)
        free = as_read.select_for_update(skip_locked=True)
        claim = {
            "state": State.RUNNING,
            "lease_until": until,
            "fence": job.fence + 1,
            "attempts": job.attempts + 1,
            "hurried": False,
        }
        if not self.filter(pk__in=free.values("pk")).update(**claim):
            return False
        for name, value in claim.items():
            setattr(job, name, value)
        return True

    def held(self, job: Job, *, fence: int) -> Self:
        """The job, as long as the claim with this fencing number is the last one."""
        return self.filter(pk=job.pk, state=State.RUNNING, fence=fence)


class Pause(models.Model):
    """The switch: while its one row is there, no job is begun."""

    only = models.BooleanField(primary_key=True, default=True)
    since = models.DateTimeField()
    by = models.CharField()

    class Meta:
        default_permissions = ()
        constraints = [models.CheckConstraint(condition=Q(only=True), name="jobs_one_pause")]

    def __str__(self) -> str:
        return f"paused since {self.since}"


class Job(models.Model):
    """One unit of work, written in the transaction that calls for it.

    ``arguments`` hold ids and codes, never personal data; ``error`` is the class path of the last error,
    never its message. ``fence`` counts the claims: whoever holds a lower number has lost the job. ``hurried`` says that
    what this attempt may end up waiting for has come meanwhile.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    kind = models.CharField()
    arguments = models.JSONField(default=dict)
    key = models.CharField(unique=True)
    queue = models.CharField()
    state = models.CharField(choices=State.choices, default=State.WAITING)
    run_at = models.DateTimeField(default=timezone.now)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    hurried = models.BooleanField(default=False)
    error = models.CharField(default="", blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["run_at"], name="job_waiting", condition=Q(state=State.WAITING)),
            models.Index(fields=["lease_until"], name="job_running", condition=Q(state=State.RUNNING)),
        ]
        constraints = [
            models.CheckConstraint(name="job_state_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="job_lease_while_running",
                condition=Q(state=State.RUNNING, lease_until__isnull=False)
                | (~Q(state=State.RUNNING) & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="job_finished_when_over",
                condition=Q(state__in=[State.DONE, State.FAILED], finished_at__isnull=False)
                | (~Q(state__in=[State.DONE, State.FAILED]) & Q(finished_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
