"""Real workers of both drains, killed and stopped: nothing is lost, nothing is committed twice."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from celery import Celery
from django.db import transaction
from redis import Redis

from dsar.jobs import registry
from dsar.jobs.models import Job, State
from dsar.jobs.queue import enqueue
from tests.counts import counts
from tests.jobs.conftest import OwnDatabase
from tests.jobs.testapp import tasks
from tests.jobs.testapp.models import Effect
from tests.jobs.workers import CELERY, EMBEDDED, PATIENCE, Crew, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _same_handlers_as_the_workers(_nothing_registered_and_no_broker: None) -> None:
    for work in (tasks.count, tasks.count_slowly, tasks.wait_before_commit, tasks.wait_inside_commit):
        registry.handler(f"test.{work.__name__}")(work)


@pytest.fixture
def embedded(own_database: OwnDatabase, tmp_path: Path) -> Iterator[Crew]:
    crew = Crew(EMBEDDED, own_database.url, tmp_path)
    yield crew
    crew.dismiss()


@pytest.fixture
def celery(
    own_database: OwnDatabase, tmp_path: Path, redis_url: str, use_broker: Callable[[str], Celery]
) -> Iterator[Crew]:
    """Celery's workers, each with a beat that sweeps every second; this process sends to the same Redis."""
    use_broker(redis_url)
    crew = Crew(CELERY, own_database.url, tmp_path, redis_url)
    yield crew
    crew.dismiss()


@pytest.fixture(params=["embedded", pytest.param("celery", marks=pytest.mark.services)])
def crew(request: pytest.FixtureRequest) -> Crew:
    crew: Crew = request.getfixturevalue(request.param)
    return crew


def state(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def effects() -> list[tuple[str, int]]:
    """The effects in our database: keys of the jobs, with the fencing numbers under which they were committed."""
    return list(Effect.objects.order_by("key").values_list("key", "fence"))


def test_a_killed_worker_loses_nothing(crew: Crew) -> None:
    worker = crew.start()
    job = enqueue("test.wait_before_commit", {}, key="letter")
    wait_until(lambda: crew.acts_outside() == ["letter 1"])
    worker.kill()
    assert (state(job), effects()) == (State.RUNNING, [])

    crew.start()
    wait_until(lambda: crew.acts_outside() == ["letter 1", "letter 2"])  # repeated, under the same key
    crew.let_go_on(2)
    wait_until(lambda: state(job) == State.DONE)
    assert (job.attempts, effects()) == (2, [("letter", 2)])


def test_a_worker_killed_inside_its_transaction_leaves_nothing_behind(embedded: Crew) -> None:
    worker = embedded.start()
    job = enqueue("test.wait_inside_commit", {}, key="letter")
    wait_until(lambda: embedded.acts_outside() == ["letter 1"])
    worker.kill()
    assert (state(job), effects()) == (State.RUNNING, [])

    embedded.start()
    embedded.let_go_on(2)
    wait_until(lambda: state(job) == State.DONE)
    assert effects() == [("letter", 2)]


def test_a_worker_stopped_past_its_lease_commits_nothing_when_it_wakes_up(crew: Crew) -> None:
    stopped = crew.start()
    job = enqueue("test.wait_before_commit", {}, key="letter")
    wait_until(lambda: crew.acts_outside() == ["letter 1"])
    stopped.signal(signal.SIGSTOP)

    successor = crew.start()
    wait_until(lambda: crew.acts_outside() == ["letter 1", "letter 2"])  # repeated, under the same key
    crew.let_go_on(1)
    stopped.signal(signal.SIGCONT)
    wait_until(lambda: stopped.says(f"{job}: attempt 1 lost its lease and commits nothing more."))
    assert (state(job), effects()) == (State.RUNNING, [])

    crew.let_go_on(2)
    wait_until(lambda: state(job) == State.DONE)
    assert effects() == [("letter", 2)]
    assert successor.ends_well_when_asked()

    next_job = enqueue("test.count", {}, key="next")
    wait_until(lambda: state(next_job) == State.DONE)
    assert stopped.ends_well_when_asked()


def test_a_worker_that_is_asked_to_end_finishes_the_job_in_hand(embedded: Crew) -> None:
    worker = embedded.start()
    in_hand = enqueue("test.wait_before_commit", {}, key="letter")
    wait_until(lambda: embedded.acts_outside() == ["letter 1"])
    worker.process.terminate()
    embedded.let_go_on(1)
    assert worker.process.wait(PATIENCE) == 0
    assert state(in_hand) == State.DONE


def test_two_workers_do_each_of_200_jobs_once(crew: Crew) -> None:
    for _ in range(2):
        crew.start()
    with transaction.atomic():
        for number in range(200):
            enqueue("test.count", {}, key=f"{number:03}")
    wait_until(lambda: not Job.objects.exclude(state=State.DONE).exists())
    assert sorted(crew.acts_outside()) == [f"{number:03} 1" for number in range(200)]
    assert effects() == [(f"{number:03}", 1) for number in range(200)]
    assert Effect.objects.values("process").distinct().count() == 2


@counts(3, soak=200)
def test_workers_killed_at_random_moments_lose_nothing_and_commit_nothing_twice(crew: Crew, rounds: int) -> None:
    chance = Random(rounds)
    for number in range(rounds):
        worker = crew.start()
        keys = enqueue_some(number)
        time.sleep(chance.uniform(0, 0.4))
        worker.kill()
    crew.start()
    wait_until(all_done, seconds=PATIENCE + rounds)  # what is left of each round is done now
    assert effects_by_key() == rounds * len(keys)


@counts(3, soak=200)
def test_workers_stalled_at_random_moments_lose_nothing_and_commit_nothing_twice(crew: Crew, rounds: int) -> None:
    stalled, _other = crew.start(), crew.start()
    chance = Random(rounds)
    for number in range(rounds):
        keys = enqueue_some(number)
        time.sleep(chance.uniform(0, 0.4))
        stalled.signal(signal.SIGSTOP)
        time.sleep(tasks.LEASE.total_seconds() + 0.2)
        stalled.signal(signal.SIGCONT)
        wait_until(all_done)
    assert effects_by_key() == rounds * len(keys)


def enqueue_some(number: int) -> list[str]:
    """A few jobs that take a tenth of a second each; their keys."""
    keys = [f"{number:03}-{job}" for job in range(3)]
    with transaction.atomic():
        for key in keys:
            enqueue("test.count_slowly", {}, key=key)
    return keys


def all_done() -> bool:
    return not Job.objects.exclude(state=State.DONE).exists()


def effects_by_key() -> int:
    """How many jobs left their effect; each of them one."""
    found = Counter(Effect.objects.values_list("key", flat=True))
    assert set(found.values()) == {1}
    return len(found)


@pytest.mark.services
def test_a_broker_that_forgets_everything_loses_nothing(celery: Crew) -> None:
    worker = celery.start()
    in_hand = enqueue("test.wait_before_commit", {}, key="in hand")
    wait_until(lambda: celery.acts_outside() == ["in hand 1"])
    sent = [enqueue("test.count", {}, key=f"sent {number}") for number in range(5)]
    worker.kill()
    forget_everything(celery.redis_url)
    celery.let_go_on(2)

    celery.start()
    wait_until(lambda: {state(job) for job in (in_hand, *sent)} == {State.DONE})
    assert effects() == [("in hand", 2), *((job.key, 1) for job in sent)]


def forget_everything(redis_url: str) -> None:
    with Redis.from_url(redis_url.replace("redis+socket://", "unix://")) as server:
        server.flushall()
