"""Handlers for real worker processes: each has one effect outside our database and one inside."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from dsar.jobs.registry import Retries, handler
from dsar.jobs.running import Run
from tests.jobs.testapp.models import Effect

LEASE = timedelta(seconds=2)  # tests wait for its end; shorter, and a busy machine alone would let it end


@handler("test.count")
def count(run: Run) -> None:
    act_outside(run)
    with run.completing():
        act_inside(run)


@handler("test.count_slowly", lease=LEASE, retries=Retries(attempts=50))  # it may be killed many times by chance
def count_slowly(run: Run) -> None:
    act_outside(run)
    time.sleep(0.05)
    with run.completing():
        act_inside(run)
        time.sleep(0.05)


@handler("test.wait_before_commit", lease=LEASE)
def wait_before_commit(run: Run) -> None:
    act_outside(run)
    while not may_go_on(run):
        if run.fence > 1:  # the first claim is to meet its end in the transaction, not here
            run.renew()
        time.sleep(0.05)
    with run.completing():
        act_inside(run)


@handler("test.wait_inside_commit", lease=LEASE)
def wait_inside_commit(run: Run) -> None:
    with run.completing():
        act_inside(run)
        act_outside(run)
        while not may_go_on(run):
            time.sleep(0.05)


def folder() -> Path:
    return Path(os.environ["TESTAPP_FOLDER"])


def act_outside(run: Run) -> None:
    """A line as a mail server would see it: the idempotency key, and which claim sent it."""
    with (folder() / "outside").open("a") as outside:
        outside.write(f"{run.key} {run.fence}\n")


def act_inside(run: Run) -> None:
    Effect.objects.create(key=run.key, fence=run.fence, process=os.getpid())


def may_go_on(run: Run) -> bool:
    return (folder() / f"go-{run.fence}").exists()
