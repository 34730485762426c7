"""One attempt at one job: claim it, work under a lease and a fencing number, record how it ended.

The promise is "at least once, with an effect that commits once". The lease decides when a silent worker is taken
for dead; the fencing number keeps it from committing if it was not. Clocks decide when a job is taken up again,
never who may commit: clocks that differ between machines cost a second attempt at worst.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Case, DateTimeField, F, Value, When
from django.db.models.expressions import Combinable
from django.utils import timezone

from dsar.jobs import pausing, registry
from dsar.jobs.models import Job, State
from dsar.jobs.registry import Handler

logger = logging.getLogger(__name__)

Clock: TypeAlias = Callable[[], datetime]

LONGEST_WAIT = timedelta(days=1)  # that another system may ask for: duties have dates
BETWEEN_LOOKS = 1.0  # seconds, while something long is done


class LeaseLost(Exception):
    """Another worker has taken the job up; nothing of the open transaction is committed."""


class PermanentFailure(Exception):
    """Raised by a handler when trying again can't help."""


class WorkPaused(Exception):
    """All work was paused while this job ran; it goes on later from where its handler stopped."""


class NotBefore(Exception):
    """Raised by a handler when trying again before `wait` is over can't help; a longer wait of the plan's stays."""

    def __init__(self, sentence: str, *, wait: timedelta) -> None:
        super().__init__(sentence)
        self.wait = min(wait, LONGEST_WAIT)


class WorkerLost(Exception):
    """The error of a job whose workers died, each before it could record one; never raised."""


class Outcome(StrEnum):
    """How a call of ``execute`` ended."""

    DONE = "done"
    TRY_AGAIN = "try again"
    FAILED = "failed"
    PAUSED = "paused"
    LEASE_LOST = "lease lost"
    NOT_CLAIMED = "not claimed"


class Run:
    """One attempt at one job, as its handler sees it.

    ``key`` is the idempotency key: an effect outside our database carries it, so that a second attempt repeats
    that effect under the same key. ``at`` is the moment this attempt started. ``attempt`` counts from 1.
    """

    def __init__(self, job: Job, handler: Handler, *, at: datetime, clock: Clock) -> None:
        self.job = job
        self.handler = handler
        self.at = at
        self.key: str = job.key
        self.arguments: Mapping[str, str | int] = job.arguments
        self.fence = job.fence
        self.attempt = job.attempts
        self.is_completed = False
        self._clock = clock

    def renew(self) -> None:
        """Start the lease anew; LeaseLost if another worker has taken the job up."""
        self._write(lease_until=self._clock() + self.handler.lease)

    @contextmanager
    def transaction(self, *, gets_further: bool = False) -> Iterator[None]:
        """A database transaction that commits only if the job is still ours; LeaseLost rolls it back.

        Its first statement locks the job's row, so that nobody takes the job up before the transaction ends.

        ``gets_further``: once it is committed the next attempt has less to do, so that the tries are counted anew from
        this one, however it ends. For handlers that can come to an end only in many attempts, in each nearer to it.
        """
        counted = {"attempts": 1} if gets_further else {}
        with transaction.atomic(durable=True):
            self._write(lease_until=self._clock() + self.handler.lease, **counted)
            yield
        self.attempt = counted.get("attempts", self.attempt)

    @contextmanager
    def completing(self) -> Iterator[None]:
        """The handler's last transaction: what is written in it and the end of the job are one commit.

        A handler that returns without it is completed afterwards, in a transaction of its own.
        """
        with self.transaction():
            yield
            self._write(state=State.DONE, lease_until=None, finished_at=self._clock(), error="")
        self.is_completed = True

    def now(self) -> datetime:
        """The moment, for what must be asked anew while a long job runs."""
        return self._clock()

    def stop_if_paused(self) -> None:
        """For handlers that take long, between two pages: WorkPaused if all work was paused meanwhile.

        The job is put back, and goes on from the page where it stopped once work is resumed.
        """
        if pausing.current() is not None:
            raise WorkPaused

    def now_and_then(self, *, stops: bool = True) -> Callable[[], None]:
        """What is called as often as one likes while something long is done: keeps the lease, and stops if paused.

        Not at each call, for both ask the database. Without ``stops`` what was begun is brought to its end.
        """
        looked = time.monotonic()

        def look() -> None:
            nonlocal looked
            if time.monotonic() - looked >= BETWEEN_LOOKS:
                looked = time.monotonic()
                self.renew()
                if stops:
                    self.stop_if_paused()

        return look

    def put_back(self, error: str, *, delay: timedelta) -> None:
        """Have the job tried again after ``delay``, or at once if it was hurried; LeaseLost if it is no longer ours.

        One statement reads the mark and puts the job to wait, so that a hurry comes before it and is seen, or after it
        and finds the job waiting. With a broker the sweep sends it.
        """
        now = self._clock()
        run_at = Case(When(hurried=True, then=Value(now)), default=Value(now + delay), output_field=DateTimeField())
        self._write(state=State.WAITING, lease_until=None, run_at=run_at, error=error, attempts=self.attempt)

    def put_aside(self) -> None:
        """Have the job taken up again once work is resumed, as if this attempt had not been; LeaseLost as above."""
        self._write(state=State.WAITING, lease_until=None, attempts=F("attempts") - 1)

    def give_up(self, error: str) -> None:
        """Call the handler's ``on_give_up`` and mark the job as failed, in one transaction."""
        with self.transaction():
            self.job.error = error  # which on_give_up may tell
            if self.handler.on_give_up:
                self.handler.on_give_up(self)
            self._write(state=State.FAILED, lease_until=None, finished_at=self._clock(), error=error)

    def _write(self, **values: str | int | datetime | Combinable | None) -> None:
        if not Job.objects.held(self.job, fence=self.fence).update(**values):
            raise LeaseLost(f"Job {self.job.pk} was taken up by another worker.")


def execute(job_id: UUID, *, clock: Clock = timezone.now) -> Outcome:
    """Make one attempt at this job, if it is due and nobody else has it; never raises what its handler raised."""
    job = Job.objects.filter(pk=job_id).first()
    return Outcome.NOT_CLAIMED if job is None else take_up(job, clock=clock)


def take_up(job: Job, *, clock: Clock = timezone.now) -> Outcome:
    """As `execute`, for a job that was read just now; NOT_CLAIMED if it was taken up since."""
    run = _claim(job, clock)
    if run is None:
        return Outcome.NOT_CLAIMED
    try:
        return _attempt(run)
    except LeaseLost:
        logger.warning("Job %s: attempt %d lost its lease and commits nothing more.", run.job, run.attempt)
        return Outcome.LEASE_LOST


def class_path(error_class: type[BaseException]) -> str:
    """What is kept of an error: never its message, which may quote the data that it was about."""
    return f"{error_class.__module__}.{error_class.__qualname__}"


def told(error: BaseException) -> str:
    """What a log says of an error: its class, and what a database calls it: SQLITE_FULL, or PostgreSQL's 53100."""
    cause = error.__cause__
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{class_path(type(error))}, {code}" if code else class_path(type(error))


def drop_bad_connections() -> None:
    """Close database connections that are broken or too old; the next query opens new ones.

    Django's ``close_old_connections`` would also close one that is in a transaction, such as a test's.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def _claim(job: Job, clock: Clock) -> Run | None:
    handler = registry.find(job.kind)
    at = clock()
    with transaction.atomic():
        if not Job.objects.claim(job, at=at, until=at + handler.lease):
            return None
    return Run(job, handler, at=at, clock=clock)


def _attempt(run: Run) -> Outcome:
    if run.attempt > run.handler.retries.attempts:  # they ended without a word, or giving up failed
        return _give_up(run, run.job.error or class_path(WorkerLost))
    try:
        run.handler.work(run)
        if not run.is_completed:
            with run.completing():
                pass
    except LeaseLost:
        raise
    except WorkPaused:
        run.put_aside()
        return Outcome.PAUSED
    except Exception as error:  # whatever a handler raises is an attempt that failed
        _log(run, error)
        return Outcome.DONE if run.is_completed else _after_failure(run, error)
    return Outcome.DONE


def _after_failure(run: Run, error: Exception) -> Outcome:
    drop_bad_connections()  # one may be what failed
    delay = None if isinstance(error, PermanentFailure) else run.handler.retries.delay(run.attempt)
    if delay is None:
        return _give_up(run, class_path(type(error)))
    if isinstance(error, NotBefore):
        delay = max(delay, error.wait)
    run.put_back(class_path(type(error)), delay=delay)
    return Outcome.TRY_AGAIN


def _give_up(run: Run, error: str) -> Outcome:
    try:
        run.give_up(error)
    except LeaseLost:
        raise
    except Exception as failure:  # on_give_up must happen: it is tried again, as the job was
        _log(run, failure)
        drop_bad_connections()
        run.put_back(error, delay=run.handler.retries.at_most)
        return Outcome.TRY_AGAIN
    return Outcome.FAILED


def _log(run: Run, error: Exception) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    where = " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    logger.error("Job %s: attempt %d failed with %s at %s", run.job, run.attempt, told(error), where)
