"""Which function does which kind of job, and which kinds come round by the clock.

Filled when Django starts, from the module ``tasks`` of every installed app.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from dsar.jobs.running import Run

Work: TypeAlias = "Callable[[Run], None]"

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SHORTEST_PERIOD = timedelta(minutes=1)  # both drains look once a minute


class UnknownKind(LookupError):
    """No handler is registered for this kind of job."""


@dataclass(frozen=True)
class Retries:
    """How often a job is tried, and how long the waits between the attempts grow."""

    attempts: int = 8
    first: timedelta = timedelta(seconds=5)
    factor: int = 2
    at_most: timedelta = timedelta(hours=1)

    def delay(self, attempt: int) -> timedelta | None:
        """The wait after this failed attempt (the first is 1); None when it was the last."""
        if attempt >= self.attempts:
            return None
        delay = min(self.first, self.at_most)
        for _ in range(attempt - 1):
            delay = min(delay * self.factor, self.at_most)
        return delay


@dataclass(frozen=True)
class Handler:
    """The function for one kind of job, and the terms on which it runs."""

    kind: str
    work: Work
    queue: str
    lease: timedelta
    retries: Retries
    on_give_up: Work | None


@dataclass(frozen=True)
class Periodic:
    """A kind of job that comes round by the clock."""

    kind: str
    every: timedelta

    def key(self, at: datetime) -> str:
        """The key of the job for the period that ``at`` lies in; periods are counted in UTC from 1970."""
        start = EPOCH + (at - EPOCH) // self.every * self.every
        return f"{self.kind}:{start.isoformat()}"


HANDLERS: dict[str, Handler] = {}
PERIODIC: dict[str, Periodic] = {}


def handler(
    kind: str,
    *,
    queue: str = "default",
    lease: timedelta = timedelta(minutes=10),
    retries: Retries = Retries(),
    on_give_up: Work | None = None,
) -> Callable[[Work], Work]:
    """Register the decorated function for a kind of job.

    The lease is the handler's only time limit: it must call ``run.renew()``, or open ``run.transaction()``,
    more often than that. One that is silent for longer is taken for dead and a second one started beside it;
    the fencing number then keeps the first from committing.

    ``on_give_up(run)`` is called after the last attempt, in the transaction that marks the job as failed.
    """

    def register(work: Work) -> Work:
        if kind in HANDLERS:
            raise ValueError(f"Two handlers for jobs of kind {kind!r}.")
        HANDLERS[kind] = Handler(kind, work, queue, lease, retries, on_give_up)
        return work

    return register


def periodic(kind: str, *, every: timedelta) -> None:
    """Have one job of this kind, without arguments, in every period; periods without any worker are not made up."""
    if every < SHORTEST_PERIOD:
        raise ValueError(f"{kind!r} every {every}: the shortest period is {SHORTEST_PERIOD}.")
    PERIODIC[kind] = Periodic(kind, every)


def find(kind: str) -> Handler:
    """The handler for this kind; UnknownKind if there is none."""
    try:
        return HANDLERS[kind]
    except KeyError:
        raise UnknownKind(f"No handler is registered for jobs of kind {kind!r}.") from None


def queues() -> frozenset[str]:
    """The queues that the handlers' jobs go to."""
    return frozenset(handler.queue for handler in HANDLERS.values())
