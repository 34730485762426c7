"""The disk takes no more: nothing half-written is released, and once there is room again the case goes on.

The kernel refuses every write beyond a few bytes of a file, as a full disk does; the tests' databases lie elsewhere.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.utils import timezone

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import retry
from exports.models import Bundle, Part, RunState
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.states import State
from tests.exports.house import APPROVER, House, facts_of, files_of, fresh, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

TRIES = 9


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process gets longer than a few bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def files_left(house: House) -> list[str]:
    """What lies in the data directory, finished or not."""
    return sorted(path.name for path in house.data.rglob("*") if path.is_file())


def test_gathering_waits_for_room_and_goes_on(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    before = files_left(house)
    with full_disk():
        house.work()
    job = Job.objects.get(kind="gather_source")
    assert (job.state, job.attempts, job.error.rpartition(".")[2]) == (JobState.WAITING, 1, "OSError")
    assert fresh(case).state == State.GATHERING
    assert not Part.objects.filter(run__case=case).exists()
    assert files_left(house) == before
    house.later()
    assert fresh(case).state == State.DECIDING
    assert run_of(case, "shop").counts["customers"] == 1


def test_a_disk_that_stays_full_is_told_and_the_job_can_be_tried_again(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    with full_disk():
        for _try in range(TRIES):
            house.later()
    assert facts_of(case, EventKind.SOURCE_FAILED) == [{"source": "shop", "error": "OSError"}]
    assert (fresh(case).state, run_of(case, "shop").state) == (State.GATHERING, RunState.FAILED)
    retry(Job.objects.get(kind="gather_source", state=JobState.FAILED), at=timezone.now())
    house.work()
    assert fresh(case).state == State.DECIDING
    assert run_of(case, "web_log").counts["web_devices"] == 2, "which are found through the shop"


def test_a_bundle_that_finds_no_room_is_not_released_and_is_written_later(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    before = files_left(house)
    house.move(case, "approve", APPROVER)
    with full_disk():
        house.work()
    assert fresh(case).state == State.CARRYING_OUT
    assert not Bundle.objects.filter(case=case).exists()
    assert not facts_of(case, EventKind.BUNDLE_MADE)
    assert files_left(house) == before
    house.later()
    assert fresh(case).state == State.CLOSED
    assert "manifest.json" in files_of(case)
    assert len(facts_of(case, EventKind.BUNDLE_MADE)) == 1
