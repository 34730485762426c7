"""The embedded drain: a process that polls the table, for one machine without a broker."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import Error
from django.utils import timezone

from dsar.jobs import queue, registry
from dsar.jobs.models import Job
from dsar.jobs.running import Clock, Outcome, drop_bad_connections, take_up, told

logger = logging.getLogger(__name__)

CANDIDATES = 10  # rows looked at in one poll; the others' claims are passed by
TIMEKEEPING = timedelta(minutes=1)
RECONNECT_AFTER = 1.0  # seconds


class Worker:
    """Does what is due, one job after the other, until it is stopped.

    ``queues``: the queues to serve, all when empty. ``poll``: seconds to sleep when nothing is due.
    """

    def __init__(self, *, queues: Collection[str] = (), poll: float = 0.2, clock: Clock = timezone.now) -> None:
        self.queues = queues
        self.poll = poll
        self._clock = clock
        self._keep_time_at: datetime | None = None
        self._is_stopping = False

    def stop(self) -> None:
        """Finish the job in hand, then end."""
        self._is_stopping = True

    def run(self) -> None:
        """Work until stopped; a database that is out of reach is tried again."""
        while not self._is_stopping:
            try:
                pause = 0.0 if self.work() else self.poll
            except Error as error:
                logger.error("The database failed (%s); trying again.", told(error))  # noqa: TRY400 - no message
                pause = RECONNECT_AFTER
                drop_bad_connections()
            time.sleep(pause)

    def run_until_idle(self) -> None:
        """Work until nothing is due, or until stopped."""
        while not self._is_stopping and self.work():
            pass

    def work(self) -> bool:
        """Make an attempt at one job; False if none was due."""
        at = self._clock()
        if self._keep_time_at is None or self._keep_time_at <= at:
            queue.keep_time(at=at)
            self._keep_time_at = at + TIMEKEEPING
        outcomes = (take_up(job, clock=self._clock) for job in self._candidates(at))
        return any(outcome is not Outcome.NOT_CLAIMED for outcome in outcomes)

    def _candidates(self, at: datetime) -> Collection[Job]:
        jobs = Job.objects.due(at).filter(kind__in=registry.HANDLERS)
        if self.queues:
            jobs = jobs.filter(queue__in=self.queues)
        return jobs[:CANDIDATES]
