"""The switch that pauses all work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dsar.jobs import pausing, registry
from dsar.jobs.models import Job, State
from dsar.jobs.polling import Worker
from dsar.jobs.queue import enqueue
from dsar.jobs.running import Outcome, Run, execute
from tests.jobs.conftest import Clock

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGES = ("first", "second", "third")


@pytest.fixture
def pages() -> list[str]:
    """The pages that were worked on, in order."""
    return []


@pytest.fixture
def long_job(clock: Clock, pages: list[str]) -> Job:
    """Three pages; it goes on behind the last that was done. Somebody pauses all work during the second."""

    def work(run: Run) -> None:
        for page in PAGES[len(pages) :]:
            run.stop_if_paused()
            pages.append(page)
            if page == "second":
                pausing.pause(by="staff:1", at=AT)

    registry.handler("long", lease=timedelta(minutes=10))(work)
    return enqueue("long", {}, key="long", run_at=clock.now)


def test_while_work_is_paused_no_job_is_begun(clock: Clock, long_job: Job, pages: list[str]) -> None:
    pausing.pause(by="staff:1", at=AT)
    Worker(clock=clock).run_until_idle()
    assert execute(long_job.pk, clock=clock) is Outcome.NOT_CLAIMED
    assert pages == []


def test_what_runs_stops_at_its_next_page_and_goes_on_there(clock: Clock, long_job: Job, pages: list[str]) -> None:
    assert execute(long_job.pk, clock=clock) is Outcome.PAUSED
    assert pages == ["first", "second"]
    assert pausing.resume()
    Worker(clock=clock).run_until_idle()
    assert pages == ["first", "second", "third"]
    long_job.refresh_from_db()
    assert long_job.state == State.DONE


def test_an_attempt_that_was_paused_does_not_count(clock: Clock, long_job: Job) -> None:
    execute(long_job.pk, clock=clock)
    long_job.refresh_from_db()
    assert (long_job.state, long_job.attempts, long_job.error) == (State.WAITING, 0, "")


def test_jobs_are_taken_in_while_work_is_paused(clock: Clock, long_job: Job, pages: list[str]) -> None:
    pausing.pause(by="staff:1", at=AT)
    registry.handler("short")(lambda run: pages.append("short"))
    enqueue("short", {}, key="short", run_at=clock.now - timedelta(minutes=1))
    Worker(clock=clock).run_until_idle()
    assert pages == []
    pausing.resume()
    Worker(clock=clock).run_until_idle()
    assert pages[0] == "short"


def test_the_first_who_pauses_is_remembered() -> None:
    assert pausing.pause(by="staff:1", at=AT)
    assert not pausing.pause(by="staff:2", at=AT + timedelta(hours=1))
    pause = pausing.current()
    assert pause is not None
    assert (pause.by, pause.since) == ("staff:1", AT)
    assert str(pause) == "paused since 2026-11-23 12:00:00+00:00"


def test_work_that_is_not_paused_can_t_be_resumed() -> None:
    assert not pausing.resume()
    assert pausing.current() is None
