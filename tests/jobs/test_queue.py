"""Putting jobs on the table."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings

from dsar.jobs import queue, registry
from dsar.jobs.models import Job, State
from dsar.jobs.queue import KeyTaken, NotFailed, enqueue
from dsar.jobs.registry import UnknownKind
from dsar.jobs.running import PermanentFailure, Run, execute
from tests.jobs.conftest import Clock, OwnDatabase


@pytest.fixture(autouse=True)
def post() -> None:
    @registry.handler("post", queue="mail")
    def post(run: Run) -> None:
        if "fail" in run.arguments:
            raise PermanentFailure


@pytest.mark.django_db
def test_a_job_waits_in_its_handlers_queue() -> None:
    job = Job.objects.get(pk=enqueue("post", {"message": 7}, key="post:7").pk)
    assert (job.kind, job.arguments, job.queue, job.state) == ("post", {"message": 7}, "mail", State.WAITING)
    assert job.run_at == job.created_at
    assert str(job) == f"post {job.pk}"


@pytest.mark.django_db
def test_the_same_key_gives_the_same_job_even_when_it_is_done() -> None:
    job = enqueue("post", {}, key="post:7")
    execute(job.pk)
    assert enqueue("post", {}, key="post:7") == job
    assert Job.objects.get().state == State.DONE


@pytest.mark.django_db
def test_a_key_belongs_to_one_kind() -> None:
    registry.handler("count")(lambda run: None)
    enqueue("post", {}, key="7")
    with pytest.raises(KeyTaken, match="'count' belongs to one of kind 'post'"):
        enqueue("count", {}, key="7")


@pytest.mark.django_db
def test_a_kind_that_nobody_can_do_is_refused() -> None:
    with pytest.raises(UnknownKind):
        enqueue("peel", {}, key="7")


@pytest.mark.django_db
def test_a_job_goes_with_the_transaction_that_called_for_it() -> None:
    with transaction.atomic():
        enqueue("post", {}, key="post:7")
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_a_key_that_two_transactions_enqueue_at_once_is_one_job(own_database: OwnDatabase) -> None:
    def enqueue_all(_: int) -> list[Job]:
        try:
            with transaction.atomic():
                return [enqueue("post", {}, key=f"post:{number}") for number in range(20)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(enqueue_all, range(4))
    assert all(jobs == first for jobs in others)
    assert Job.objects.count() == 20


@pytest.mark.django_db
@pytest.mark.parametrize("time", ["first", "second"])
def test_enqueuing_costs_two_statements(time: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    if time == "second":
        enqueue("post", {}, key="post:7")
    with django_assert_num_queries(2):
        enqueue("post", {}, key="post:7")


@pytest.mark.django_db
def test_without_a_broker_nothing_is_sent(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        enqueue("post", {}, key="post:7")
    assert callbacks == []


@pytest.mark.django_db
def test_only_a_new_job_whose_time_has_come_is_sent(
    settings: Settings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.CELERY_BROKER_URL = "memory://"
    with django_capture_on_commit_callbacks() as callbacks:
        enqueue("post", {}, key="tomorrow", run_at=timezone.now() + timedelta(days=1))
    assert callbacks == []
    with django_capture_on_commit_callbacks() as callbacks:
        enqueue("post", {}, key="now")
        enqueue("post", {}, key="now")
    assert len(callbacks) == 1


@pytest.mark.django_db
def test_a_failed_job_is_tried_again_with_all_its_attempts(clock: Clock) -> None:
    job = enqueue("post", {"fail": 1}, key="post:7", run_at=clock.now)
    execute(job.pk, clock=clock)
    queue.retry(job, at=clock.now + timedelta(hours=1))
    assert (job.state, job.attempts, job.finished_at) == (State.WAITING, 0, None)
    assert job.run_at == clock.now + timedelta(hours=1)


@pytest.mark.django_db
def test_a_job_that_has_not_failed_can_not_be_tried_again(clock: Clock) -> None:
    job = enqueue("post", {}, key="post:7", run_at=clock.now)
    with pytest.raises(NotFailed):
        queue.retry(job, at=clock.now)
    execute(job.pk, clock=clock)
    with pytest.raises(NotFailed):
        queue.retry(job, at=clock.now)


@pytest.mark.django_db
def test_keeping_time_costs_two_statements_however_many_kinds_come_round(
    clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        registry.handler(f"round {number}")(lambda run: None)
        registry.periodic(f"round {number}", every=timedelta(hours=1))
    queue.keep_time(at=clock.now)
    with django_assert_num_queries(2):
        queue.keep_time(at=clock.now)


@pytest.mark.django_db
def test_a_periodic_job_is_enqueued_once_a_period(clock: Clock) -> None:
    registry.periodic("post", every=timedelta(hours=1))
    for _ in range(3):
        queue.keep_time(at=clock.now)
    clock.forward(hours=5)
    queue.keep_time(at=clock.now)
    keys = Job.objects.order_by("run_at").values_list("key", flat=True)
    assert list(keys) == ["post:2026-11-23T12:00:00+00:00", "post:2026-11-23T17:00:00+00:00"]


@pytest.mark.django_db
def test_due_jobs_that_no_handler_can_do_are_reported(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(2):
        enqueue("post", {}, key=f"post:{number}", run_at=clock.now)
    del registry.HANDLERS["post"]
    queue.keep_time(at=clock.now)
    assert caplog.record_tuples == [
        ("dsar.jobs.queue", logging.ERROR, "Jobs of kind post are due, but this release has no handler for them."),
    ]
