"""One attempt at one job. An effect in our database is, in these tests, another job: kind "effect"."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from dsar.jobs import pausing, queue, registry, running
from dsar.jobs.models import Job, State
from dsar.jobs.queue import enqueue
from dsar.jobs.registry import Handler, Retries, UnknownKind
from dsar.jobs.running import LeaseLost, NotBefore, Outcome, PermanentFailure, Run, execute, take_up
from tests.jobs.conftest import Clock, OwnDatabase, is_postgres

LEASE = timedelta(minutes=10)
TWICE = Retries(attempts=2, first=timedelta(seconds=5))

pytestmark = pytest.mark.django_db


def a_job(clock: Clock, work: Callable[[Run], None], **terms: object) -> Job:
    """A waiting job of kind "work", done by this function."""
    registry.handler("effect")(lambda run: None)
    registry.handler("work", **{"lease": LEASE, "retries": TWICE, **terms})(work)  # type: ignore[arg-type]
    return enqueue("work", {"case": 7}, key="work:7", run_at=clock.now)


def act(run: Run) -> None:
    enqueue("effect", {}, key=f"effect:{uuid4()}", run_at=run.at)


def full() -> sqlite3.OperationalError:
    """What SQLite says if it has no room."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("PRAGMA max_page_count=1")
        with pytest.raises(sqlite3.OperationalError) as told:
            database.execute("CREATE TABLE people (name)")
    return told.value


def effects() -> int:
    return Job.objects.filter(kind="effect").count()


def taken_over(run: Run, clock: Clock) -> None:
    """Another worker takes the job up, since the lease has ended."""
    clock.forward(minutes=11)
    with transaction.atomic():
        assert Job.objects.claim(run.job, at=clock.now, until=clock.now + LEASE)


def succeed(run: Run) -> None:
    with run.completing():
        act(run)


def fail(run: Run) -> None:
    raise ConnectionError("ana@example.com refused the letter")


def give_up_at_once(run: Run) -> None:
    raise PermanentFailure("ana@example.com does not exist")


# How an attempt begins


def test_an_attempt_knows_job_key_arguments_and_moment(clock: Clock) -> None:
    runs: list[Run] = []
    job = a_job(clock, runs.append)
    execute(job.pk, clock=clock)
    (run,) = runs
    assert (run.job, run.key, run.arguments, run.at) == (job, "work:7", {"case": 7}, clock.now)
    assert (run.attempt, run.fence) == (1, 1)


def test_while_it_runs_a_job_is_leased(clock: Clock) -> None:
    seen: list[Job] = []
    job = a_job(clock, lambda run: seen.append(Job.objects.get(pk=run.job.pk)))
    execute(job.pk, clock=clock)
    assert (seen[0].state, seen[0].lease_until) == (State.RUNNING, clock.now + LEASE)


def test_a_job_is_not_claimed_before_its_time(clock: Clock) -> None:
    job = a_job(clock, succeed)
    clock.forward(seconds=-1)
    assert execute(job.pk, clock=clock) is Outcome.NOT_CLAIMED
    clock.forward(seconds=1)
    assert execute(job.pk, clock=clock) is Outcome.DONE


def test_a_running_job_is_not_claimed_before_its_lease_ends(clock: Clock) -> None:
    outcomes: list[Outcome] = []

    def meet_a_second_worker(run: Run) -> None:
        if run.fence == 1:
            clock.forward(seconds=599)
            outcomes.append(execute(run.job.pk, clock=clock))
            clock.forward(seconds=1)
            outcomes.append(execute(run.job.pk, clock=clock))

    job = a_job(clock, meet_a_second_worker)
    assert execute(job.pk, clock=clock) is Outcome.LEASE_LOST
    assert outcomes == [Outcome.NOT_CLAIMED, Outcome.DONE]


@pytest.mark.parametrize("work", [succeed, give_up_at_once])
def test_a_job_that_is_over_is_not_claimed(work: Callable[[Run], None], clock: Clock) -> None:
    job = a_job(clock, work)
    execute(job.pk, clock=clock)
    clock.forward(days=1)
    assert execute(job.pk, clock=clock) is Outcome.NOT_CLAIMED


def test_a_job_that_is_not_in_the_table_is_not_claimed() -> None:
    assert execute(UUID(int=0)) is Outcome.NOT_CLAIMED


def test_a_job_of_an_unknown_kind_is_left_to_workers_that_know_it(clock: Clock) -> None:
    job = a_job(clock, succeed)
    del registry.HANDLERS["work"]
    with pytest.raises(UnknownKind):
        execute(job.pk, clock=clock)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (State.WAITING, 0)


def test_a_job_that_was_taken_up_since_it_was_read_is_not_claimed_as_it_was_read(clock: Clock) -> None:
    job = a_job(clock, fail)
    execute(job.pk, clock=clock)
    clock.forward(days=1)
    assert take_up(job, clock=clock) is Outcome.NOT_CLAIMED
    job.refresh_from_db()
    assert (job.state, job.attempts) == (State.WAITING, 1)
    assert take_up(job, clock=clock) is Outcome.FAILED  # its last attempt


def test_a_job_that_is_tried_again_since_it_was_read_has_all_its_attempts(clock: Clock) -> None:
    job = a_job(clock, give_up_at_once)
    execute(job.pk, clock=clock)
    failed = Job.objects.get(pk=job.pk)
    queue.retry(job, at=clock.now)
    assert take_up(failed, clock=clock) is Outcome.NOT_CLAIMED
    assert take_up(job, clock=clock) is Outcome.FAILED


def test_a_worker_knows_its_job_as_it_stands_in_the_table(clock: Clock) -> None:
    seen: list[tuple[Job, Job]] = []
    job = a_job(clock, lambda run: seen.append((run.job, Job.objects.get(pk=run.job.pk))))
    take_up(job, clock=clock)
    ((known, stands),) = seen
    assert model_to_dict(known) == model_to_dict(stands)


def test_taking_a_job_up_costs_one_statement(clock: Clock) -> None:
    def count_the_claim(run: Run) -> None:
        taken = [query["sql"] for query in statements.captured_queries]
        assert sum("jobs_job" in sql for sql in taken) == 1

    job = a_job(clock, count_the_claim)
    with CaptureQueriesContext(connection) as statements:
        assert take_up(job, clock=clock) is Outcome.DONE


@pytest.mark.skipif(not is_postgres(), reason="SQLite locks the whole database, not rows")
def test_a_row_that_a_stopped_worker_has_locked_is_passed_by(own_database: OwnDatabase, clock: Clock) -> None:
    job = a_job(clock, succeed)
    parameters = {**connection.get_connection_params(), "cursor_factory": psycopg.Cursor}
    with psycopg.connect(**parameters) as stopped:
        stopped.execute("SELECT FROM jobs_job FOR UPDATE")
        assert execute(job.pk, clock=clock) is Outcome.NOT_CLAIMED
    assert execute(job.pk, clock=clock) is Outcome.DONE


# How it ends


@pytest.mark.parametrize("work", [succeed, act])
def test_a_job_ends_done_by_its_handler_or_after_it(work: Callable[[Run], None], clock: Clock) -> None:
    job = a_job(clock, work)
    assert execute(job.pk, clock=clock) is Outcome.DONE
    job.refresh_from_db()
    assert (job.state, job.finished_at, job.lease_until, job.attempts) == (State.DONE, clock.now, None, 1)
    assert effects() == 1


def test_effect_and_end_are_one_commit(clock: Clock) -> None:
    def fail_while_completing(run: Run) -> None:
        with run.completing():
            act(run)
            fail(run)

    job = a_job(clock, fail_while_completing)
    assert execute(job.pk, clock=clock) is Outcome.TRY_AGAIN
    job.refresh_from_db()
    assert (job.state, effects()) == (State.WAITING, 0)


def test_what_fails_after_the_end_changes_nothing(clock: Clock) -> None:
    def fail_too_late(run: Run) -> None:
        succeed(run)
        fail(run)

    job = a_job(clock, fail_too_late)
    assert execute(job.pk, clock=clock) is Outcome.DONE
    job.refresh_from_db()
    assert (job.state, job.error) == (State.DONE, "")


def test_a_failure_is_tried_again_after_a_while(clock: Clock) -> None:
    job = a_job(clock, fail)
    assert execute(job.pk, clock=clock) is Outcome.TRY_AGAIN
    job.refresh_from_db()
    assert (job.state, job.lease_until, job.run_at) == (State.WAITING, None, clock.now + timedelta(seconds=5))


def test_of_an_error_only_the_class_is_kept(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    job = a_job(clock, fail)
    execute(job.pk, clock=clock)
    job.refresh_from_db()
    assert job.error == "builtins.ConnectionError"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert f"Job work {job.pk}: attempt 1 failed with builtins.ConnectionError at " in record.getMessage()
    assert f"{__file__}:{fail.__code__.co_firstlineno + 1} fail" in record.getMessage()
    assert "ana@example.com" not in caplog.text


def test_what_a_database_calls_its_error_is_in_the_log(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    def work(run: Run) -> None:
        cause = psycopg.errors.DiskFull("could not extend the file of ana@example.com") if is_postgres() else full()
        raise OperationalError("ana@example.com") from cause

    job = a_job(clock, work)
    execute(job.pk, clock=clock)
    job.refresh_from_db()
    assert job.error == "django.db.utils.OperationalError"
    called = "53100" if is_postgres() else "SQLITE_FULL"
    assert f"attempt 1 failed with django.db.utils.OperationalError, {called} at " in caplog.text
    assert "ana@example.com" not in caplog.text


def test_success_clears_the_error(clock: Clock) -> None:
    job = a_job(clock, lambda run: fail(run) if run.attempt == 1 else succeed(run))
    execute(job.pk, clock=clock)
    clock.forward(seconds=5)
    assert execute(job.pk, clock=clock) is Outcome.DONE
    job.refresh_from_db()
    assert (job.error, job.attempts) == ("", 2)


def test_the_last_failure_ends_the_job(clock: Clock) -> None:
    job = a_job(clock, fail)
    execute(job.pk, clock=clock)
    clock.forward(seconds=5)
    assert execute(job.pk, clock=clock) is Outcome.FAILED
    job.refresh_from_db()
    assert (job.state, job.finished_at, job.error) == (State.FAILED, clock.now, "builtins.ConnectionError")


@pytest.mark.parametrize(
    ("asked", "waited"),
    [
        (timedelta(hours=2), timedelta(hours=2)),
        (timedelta(seconds=1), timedelta(seconds=5)),
        (timedelta(days=9), timedelta(days=1)),
    ],
)
def test_another_system_may_ask_for_a_longer_wait_of_at_most_a_day(
    clock: Clock, asked: timedelta, waited: timedelta
) -> None:
    def ask_to_wait(run: Run) -> None:
        raise NotBefore("busy", wait=asked)

    job = a_job(clock, ask_to_wait)
    assert execute(job.pk, clock=clock) is Outcome.TRY_AGAIN
    job.refresh_from_db()
    assert job.run_at == clock.now + waited


def ask_to_wait_long(run: Run) -> None:
    raise NotBefore("busy", wait=timedelta(hours=2))


def test_what_comes_while_a_job_runs_has_it_tried_again_at_once_and_only_once(clock: Clock) -> None:
    def work(run: Run) -> None:
        if run.attempt == 1:
            assert queue.hurry(Job.objects.filter(pk=run.job.pk), at=clock.now) == 0
        ask_to_wait_long(run)

    job = a_job(clock, work, retries=Retries(attempts=3))
    execute(job.pk, clock=clock)
    job.refresh_from_db()
    assert (job.state, job.run_at) == (State.WAITING, clock.now)
    execute(job.pk, clock=clock)
    job.refresh_from_db()
    assert job.run_at == clock.now + timedelta(hours=2)


def test_a_job_that_begins_to_wait_in_the_middle_of_a_hurry_is_hurried(clock: Clock) -> None:
    job = a_job(clock, ask_to_wait_long)
    seen: list[str] = []

    def then_wait(execute_it: Callable[..., object], sql: str, *rest: object) -> object:
        done = execute_it(sql, *rest)
        if not seen and sql.startswith("UPDATE"):
            seen.append(sql)
            run.put_back("busy", delay=timedelta(hours=2))
        return done

    with transaction.atomic():
        assert Job.objects.claim(job, at=clock.now, until=clock.now + LEASE)
    run = Run(job, registry.find("work"), at=clock.now, clock=clock)
    with connection.execute_wrapper(then_wait):
        queue.hurry(Job.objects.filter(pk=job.pk), at=clock.now)
    job.refresh_from_db()
    assert (job.state, job.run_at) == (State.WAITING, clock.now)


def test_a_mark_that_a_dead_worker_left_hurries_nothing_later(clock: Clock) -> None:
    job = a_job(clock, ask_to_wait_long, retries=Retries(attempts=3))
    with transaction.atomic():
        assert Job.objects.claim(job, at=clock.now, until=clock.now + LEASE)
    queue.hurry(Job.objects.filter(pk=job.pk), at=clock.now)
    clock.forward(minutes=11)
    execute(job.pk, clock=clock)
    job.refresh_from_db()
    assert job.run_at == clock.now + timedelta(hours=2)


def test_a_permanent_failure_ends_the_job_at_once(clock: Clock) -> None:
    job = a_job(clock, give_up_at_once)
    assert execute(job.pk, clock=clock) is Outcome.FAILED
    job.refresh_from_db()
    assert (job.state, job.error, job.attempts) == (State.FAILED, "dsar.jobs.running.PermanentFailure", 1)


def test_giving_up_and_its_consequence_are_one_commit(clock: Clock) -> None:
    def act_and_fail(run: Run) -> None:
        act(run)
        fail(run)

    job = a_job(clock, give_up_at_once, on_give_up=act_and_fail)
    assert execute(job.pk, clock=clock) is Outcome.TRY_AGAIN
    job.refresh_from_db()
    assert (job.state, job.run_at, effects()) == (State.WAITING, clock.now + timedelta(hours=1), 0)


def test_a_consequence_that_failed_is_tried_again_without_the_work(clock: Clock) -> None:
    attempts: list[int] = []

    def work(run: Run) -> None:
        attempts.append(run.attempt)
        fail(run)

    def act_at_the_second_time(run: Run) -> None:
        if run.attempt == 2:
            raise KeyError
        act(run)

    job = a_job(clock, work, on_give_up=act_at_the_second_time)
    outcomes = []
    for _ in range(3):
        outcomes.append(execute(job.pk, clock=clock))
        clock.forward(hours=1)
    assert outcomes == [Outcome.TRY_AGAIN, Outcome.TRY_AGAIN, Outcome.FAILED]
    job.refresh_from_db()
    assert (attempts, effects(), job.error) == ([1, 2], 1, "builtins.ConnectionError")


def must_not_run(run: Run) -> None:
    pytest.fail("the handler was called")


def test_a_job_that_kills_its_workers_is_given_up(clock: Clock) -> None:
    job = a_job(clock, must_not_run, on_give_up=act)
    for _ in range(2):
        with transaction.atomic():
            assert Job.objects.claim(job, at=clock.now, until=clock.now + LEASE)
        clock.forward(minutes=10)
    assert execute(job.pk, clock=clock) is Outcome.FAILED
    job.refresh_from_db()
    assert (job.error, effects()) == ("dsar.jobs.running.WorkerLost", 1)


@pytest.mark.skipif(not is_postgres(), reason="SQLite has no connection to lose")
def test_a_failure_of_the_connection_is_recorded_over_a_new_one(own_database: OwnDatabase, clock: Clock) -> None:
    def lose_the_connection(run: Run) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    job = a_job(clock, lose_the_connection)
    assert execute(job.pk, clock=clock) is Outcome.TRY_AGAIN
    job.refresh_from_db()
    assert job.error == "django.db.utils.OperationalError"


# What a worker can do that was taken for dead: nothing


def test_renewing_keeps_the_lease_from_ending(clock: Clock) -> None:
    def work_long(run: Run) -> None:
        for _ in range(4):
            clock.forward(minutes=9)
            run.renew()
            assert execute(run.job.pk, clock=clock) is Outcome.NOT_CLAIMED

    job = a_job(clock, work_long)
    assert execute(job.pk, clock=clock) is Outcome.DONE


@pytest.mark.parametrize(("stops", "outcome"), [(True, Outcome.PAUSED), (False, Outcome.DONE)])
def test_a_look_now_and_then_keeps_the_lease_and_ends_at_a_pause_what_need_not_be_brought_to_its_end(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, stops: bool, outcome: Outcome
) -> None:
    monkeypatch.setattr(running, "BETWEEN_LOOKS", 0)

    def work_long(run: Run) -> None:
        look = run.now_and_then(stops=stops)
        for _ in range(4):
            clock.forward(minutes=9)
            look()
            assert execute(run.job.pk, clock=clock) is Outcome.NOT_CLAIMED
        pausing.pause(by="staff:1", at=clock.now)
        look()

    job = a_job(clock, work_long)
    assert execute(job.pk, clock=clock) is outcome


def test_a_lease_that_ended_without_a_successor_is_renewed(clock: Clock) -> None:
    def be_late(run: Run) -> None:
        clock.forward(hours=1)
        succeed(run)

    job = a_job(clock, be_late)
    assert execute(job.pk, clock=clock) is Outcome.DONE


def renew(run: Run) -> None:
    run.renew()
    pytest.fail("must not get here")


def act_in_a_transaction(run: Run) -> None:
    with run.transaction():
        act(run)


def do_nothing(run: Run) -> None:
    pass


@pytest.mark.parametrize("work", [succeed, act_in_a_transaction, renew, fail, give_up_at_once, do_nothing])
def test_a_worker_that_was_overtaken_commits_nothing(
    work: Callable[[Run], None], clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def work_too_late(run: Run) -> None:
        taken_over(run, clock)
        work(run)

    job = a_job(clock, work_too_late, on_give_up=act)
    assert execute(job.pk, clock=clock) is Outcome.LEASE_LOST
    job.refresh_from_db()
    assert (job.state, job.fence, job.error, effects()) == (State.RUNNING, 2, "", 0)
    assert caplog.messages[-1] == f"Job work {job.pk}: attempt 1 lost its lease and commits nothing more."


@pytest.mark.slow
def test_a_worker_that_was_overtaken_within_a_page_commits_none_of_it(own_database: OwnDatabase, clock: Clock) -> None:
    """The check at the end of the last transaction counts too, whatever the handler did in between."""

    def complete_for_another(run: Run) -> None:
        with run.completing():
            act(run)
            taken_over(run, clock)

    job = a_job(clock, complete_for_another)
    assert execute(job.pk, clock=clock) is Outcome.LEASE_LOST
    job.refresh_from_db()
    assert (job.fence, effects()) == (1, 0)


def test_a_lost_lease_is_an_error_of_its_own(clock: Clock) -> None:
    job = a_job(clock, do_nothing)
    handler: Handler = registry.find("work")
    run = Run(job, handler, at=clock.now, clock=clock)
    with pytest.raises(LeaseLost), run.transaction():
        pass
