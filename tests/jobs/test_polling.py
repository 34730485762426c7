"""The embedded drain, inside this process; test_processes.py has the real ones."""

from __future__ import annotations

import os
import re
import signal
import time
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from dsar.jobs import polling, registry
from dsar.jobs.models import Job, State
from dsar.jobs.polling import Worker
from dsar.jobs.queue import enqueue
from dsar.jobs.running import Run
from tests.jobs.conftest import Clock, OwnDatabase, is_postgres, run_on_server


@pytest.fixture
def done() -> list[str]:
    """Keys of the jobs that were done, in order."""
    return []


@pytest.fixture(autouse=True)
def note(done: list[str]) -> None:
    registry.handler("note")(lambda run: done.append(run.key))
    registry.handler("mail", queue="mail")(lambda run: done.append(run.key))


@pytest.mark.django_db
def test_what_is_due_is_done_oldest_first(clock: Clock, done: list[str]) -> None:
    for key, minutes in [("later", 1), ("second", -1), ("first", -2)]:
        enqueue("note", {}, key=key, run_at=clock.now + timedelta(minutes=minutes))
    Worker(clock=clock).run_until_idle()
    assert done == ["first", "second"]


@pytest.mark.django_db
def test_a_worker_serves_its_queues_only(clock: Clock, done: list[str]) -> None:
    enqueue("note", {}, key="note", run_at=clock.now)
    enqueue("mail", {}, key="mail", run_at=clock.now)
    Worker(queues=["mail"], clock=clock).run_until_idle()
    assert done == ["mail"]


@pytest.mark.django_db
def test_jobs_of_unknown_kinds_do_not_block_the_others(clock: Clock, done: list[str]) -> None:
    for number in range(20):
        enqueue("mail", {}, key=f"mail:{number}", run_at=clock.now - timedelta(hours=1))
    enqueue("note", {}, key="note", run_at=clock.now)
    del registry.HANDLERS["mail"]
    Worker(clock=clock).run_until_idle()
    assert done == ["note"]


@pytest.mark.django_db
def test_a_job_that_another_worker_takes_first_is_passed_by(clock: Clock, done: list[str]) -> None:
    for key in ("first", "second"):
        enqueue("note", {}, key=key, run_at=clock.now)
        clock.forward(seconds=1)
    looks: list[datetime] = []

    def clock_while_another_worker_is_faster() -> datetime:
        looks.append(clock.now)
        if len(looks) == 2:  # between this worker's look at the table and its claim
            until = clock.now + timedelta(minutes=1)
            Job.objects.filter(key="first").update(state=State.RUNNING, lease_until=until)
        return clock.now

    assert Worker(clock=clock_while_another_worker_is_faster).work()
    assert done == ["second"]


@pytest.mark.django_db
def test_the_worker_does_what_comes_round_by_the_clock(clock: Clock, done: list[str]) -> None:
    registry.periodic("note", every=timedelta(minutes=1))
    worker = Worker(clock=clock)
    for _ in range(3):
        worker.run_until_idle()
        clock.forward(seconds=30)
    assert done == ["note:2026-11-23T12:00:00+00:00", "note:2026-11-23T12:01:00+00:00"]


@pytest.mark.django_db
def test_the_command_does_what_is_due_and_ends(done: list[str]) -> None:
    enqueue("note", {}, key="note")
    enqueue("mail", {}, key="mail")
    call_command("worker", "--once", "--queues=default,archive")
    assert done == ["note"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("once", [[], ["--once"]])
def test_a_signal_lets_the_worker_finish_the_job_in_hand(
    number: signal.Signals, once: list[str], own_database: OwnDatabase, done: list[str]
) -> None:
    @registry.handler("be interrupted")
    def be_interrupted(run: Run) -> None:
        os.kill(os.getpid(), number)
        done.append(run.key)

    action = signal.getsignal(number)
    for key in ("in hand", "next"):
        enqueue("be interrupted", {}, key=key)
    call_command("worker", "--poll=0.01", *once)
    assert done == ["in hand"]
    assert list(Job.objects.order_by("run_at").values_list("state", flat=True)) == [State.DONE, State.WAITING]
    assert signal.getsignal(number) == action


def test_a_worker_outlives_a_database_that_is_out_of_reach(
    own_database: OwnDatabase, done: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    enqueue("note", {}, key="note")
    worker = Worker(poll=0.0)
    break_the_database()
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            mend_the_database()
        if done:
            worker.stop()

    monkeypatch.setattr(time, "sleep", sleep)
    worker.run()
    assert done == ["note"]
    assert pauses[0] == polling.RECONNECT_AFTER
    (message,) = caplog.messages
    assert re.fullmatch(r"The database failed \(django\.db\.utils\.OperationalError(, \w+)?\); trying again\.", message)


def break_the_database() -> None:
    """PostgreSQL ends our connection; SQLite has none to end, so the table is away for a while."""
    with connection.cursor() as cursor:
        if is_postgres():
            cursor.execute("SELECT pg_backend_pid()")
            run_on_server(f"SELECT pg_terminate_backend({cursor.fetchone()[0]})")
        else:
            cursor.execute("ALTER TABLE jobs_job RENAME TO away")


def mend_the_database() -> None:
    if not is_postgres():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO jobs_job")
