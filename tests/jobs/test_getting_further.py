"""Jobs that come to an end in many attempts only: each that gets further is the first of a new row of tries."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest

from dsar.jobs.running import Outcome, Run, execute
from tests.jobs.conftest import Clock
from tests.jobs.test_running import a_job, act, effects, fail

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The worker is no more."""


def be_killed(run: Run) -> None:
    raise Killed


@pytest.mark.parametrize("end", [fail, be_killed])
def test_an_attempt_that_got_further_is_the_first_of_a_new_row_of_tries(
    clock: Clock, end: Callable[[Run], None]
) -> None:
    def get_further(run: Run) -> None:
        with run.transaction(gets_further=True):
            act(run)
        end(run)

    job = a_job(clock, get_further)
    for tries in range(1, 10):
        with suppress(Killed):
            assert execute(job.pk, clock=clock) is Outcome.TRY_AGAIN
        job.refresh_from_db()
        assert (job.attempts, effects()) == (1, tries)
        assert end is be_killed or job.run_at == clock.now + timedelta(seconds=5)
        clock.forward(minutes=11)


def test_what_is_not_committed_is_nothing_by_which_an_attempt_got_further(clock: Clock) -> None:
    def get_nowhere(run: Run) -> None:
        with run.transaction(gets_further=True):
            fail(run)

    job = a_job(clock, get_nowhere)
    assert execute(job.pk, clock=clock) is Outcome.TRY_AGAIN
    clock.forward(seconds=5)
    assert execute(job.pk, clock=clock) is Outcome.FAILED
