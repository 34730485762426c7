"""The way to Celery, over a broker in memory; test_processes.py has real workers on a real Redis."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from celery import Celery
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from dsar.celery import app as deployed
from dsar.jobs import broker, registry, tasks
from dsar.jobs.models import Job, State
from dsar.jobs.queue import enqueue
from tests.jobs.conftest import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue() -> str:
    """A queue of this test's own, for jobs of kind "post"; the broker in memory forgets nothing."""
    name = f"mail-{uuid4()}"
    registry.handler("post", queue=name)(lambda run: None)
    return name


@pytest.fixture
def app(use_broker: Callable[[str], Celery]) -> Celery:
    return use_broker("memory://")


def sent(app: Celery, queue: str) -> list[list[object]]:
    """The tasks in this queue, each with its arguments."""
    found = []
    with app.connection_for_read() as connection, connection.SimpleQueue(queue) as messages:
        while messages.qsize():
            message = messages.get_nowait()
            found.append([message.headers["task"], *message.payload[0]])
    return found


def test_a_committed_job_is_sent_by_its_id_alone(
    app: Celery, queue: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = enqueue("post", {"message": 7}, key="post:7")
    assert sent(app, queue) == [["dsar.jobs.tasks.run_job", str(job.pk)]]


def test_a_broker_that_is_down_fails_no_commit(
    use_broker: Callable[[str], Celery],
    queue: str,
    tmp_path: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    caplog: pytest.LogCaptureFixture,
) -> None:
    use_broker(f"redis+socket://{tmp_path}/nobody-listens")
    start = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        job = enqueue("post", {}, key="post:7")
    assert time.monotonic() - start < 4  # Celery alone would try for six seconds
    (message,) = caplog.messages
    assert message.startswith(f"Job post {job.pk}: the broker did not take it (")


def test_the_sweep_sends_what_is_due(app: Celery, queue: str, clock: Clock) -> None:
    for key, minutes in [("second", -1), ("first", -2), ("tomorrow", 24 * 60), ("running", -3), ("abandoned", -4)]:
        enqueue("post", {}, key=key, run_at=clock.now + timedelta(minutes=minutes))
    for key, minutes in [("running", 1), ("abandoned", 0)]:
        lease_until = clock.now + timedelta(minutes=minutes)
        Job.objects.filter(key=key).update(state=State.RUNNING, lease_until=lease_until)
    assert broker.send_again(at=clock.now) == 3
    jobs = {str(job.pk): job.key for job in Job.objects.all()}
    assert [jobs[str(job_id)] for _, job_id in sent(app, queue)] == ["abandoned", "first", "second"]


def test_the_sweep_adds_nothing_to_a_queue_that_is_full(
    app: Celery, queue: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "FULL", 3)
    for number in range(5):
        enqueue("post", {}, key=f"post:{number}", run_at=clock.now)
    assert [broker.send_again(at=clock.now) for _ in range(2)] == [3, 0]
    assert len(sent(app, queue)) == 3


def test_the_task_runs_the_job(queue: str) -> None:
    job = enqueue("post", {}, key="post:7")
    tasks.run_job(str(job.pk))
    job.refresh_from_db()
    assert job.state == State.DONE


def test_the_sweep_enqueues_and_sends_what_comes_round_by_the_clock(app: Celery, queue: str) -> None:
    registry.periodic("post", every=timedelta(days=1))
    tasks.sweep_jobs()
    job = Job.objects.get()
    assert job.key.startswith("post:")
    assert job.run_at <= timezone.now()
    assert sent(app, queue) == [["dsar.jobs.tasks.run_job", str(job.pk)]]


def test_celery_has_two_tasks() -> None:
    ours = {name for name in deployed.tasks if not name.startswith("celery.")}
    assert ours == {"dsar.jobs.tasks.run_job", "dsar.jobs.tasks.sweep_jobs"}


def test_celery_hands_no_task_out_again_while_it_runs() -> None:
    assert deployed.conf.task_time_limit < deployed.conf.broker_transport_options["visibility_timeout"]


def test_celery_acknowledges_late_takes_one_at_a_time_and_speaks_json_only() -> None:
    conf = deployed.conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)
    assert (conf.task_ignore_result, conf.task_serializer, conf.accept_content) == (True, "json", ["json"])


def test_celery_sweeps_every_minute() -> None:
    (sweep,) = deployed.conf.beat_schedule.values()
    assert sweep["task"] in deployed.tasks
    assert sweep["schedule"] <= 60
