"""Workers that are killed while they gather, change and tell: the case comes to one end, whoever died on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.counts import counts
from tests.journeys.conftest import founded
from tests.journeys.premises import ROOT, Premises, on_postgres

__all__ = ["founded"]

pytestmark = [pytest.mark.slow, pytest.mark.no_cover, pytest.mark.timeout(1200)]

# On SQLite the full count; what differs on PostgreSQL is only how a transaction ends.
FORKED, BATCHES = (40, 2) if on_postgres() else (200, 8)
# Where a step of an act is done and its next not begun; every step of each is for the soak.
AT_ANY_ACT = ("source before commit", "source after commit", "before INSERT INTO exports_act")
WHEN_TOLD = ("after commit after INSERT INTO jobs_job", "before UPDATE exports_recipientbatch", "after the call")
ACTS = {
    "delete": ("source after DELETE FROM reviews", "after commit after INSERT INTO exports_actbegun", *WHEN_TOLD),
    "correct": ("source after UPDATE customers", "after commit after INSERT INTO exports_corrected"),
    "opt_out": ("source after UPDATE customers", *WHEN_TOLD),
}


def played(founded: Premises, own: Path, *asked: str) -> dict[str, Counter[str]]:
    """Play rounds in a process of their own; where its workers died, by state of the case and by name of the step."""
    command = [sys.executable, "-m", "tests.faults", str(founded.folder), founded.name, "--own", str(own), *asked]
    process = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert process.returncode == 0, process.stderr[-2000:]
    return {place: Counter(died) for place, died in json.loads(process.stdout).items()}


@pytest.mark.parametrize("first", range(BATCHES))
def test_a_worker_killed_at_any_step_or_moment_leaves_nothing_lost_and_nothing_twice(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, first: int
) -> None:
    every_so_many = ("--forked", str(first), str(FORKED), str(BATCHES))
    died = played(founded, tmp_path_factory.mktemp("forked"), *every_so_many)["in"]
    assert died.total() == FORKED // BATCHES
    assert died["gathering"], "the steps of a batch lie in the one as in the other"
    assert died["carrying_out"]


@pytest.mark.timeout(7200)
@counts(10, soak=200)
def test_a_real_worker_killed_at_any_moment_leaves_nothing_lost_and_nothing_twice(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, rounds: int
) -> None:
    died = played(founded, tmp_path_factory.mktemp("real"), "--real", str(rounds))["in"]
    assert died.total() == rounds


@pytest.mark.parametrize("story", ACTS)
def test_a_worker_killed_at_a_step_of_an_act_leaves_it_done_once_and_told(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, story: str
) -> None:
    at = (*AT_ANY_ACT, *ACTS[story])
    died = played(founded, tmp_path_factory.mktemp(story), "--story", story, "--at", *at)
    assert died["at"] == dict.fromkeys(at, 1)
    assert died["in"] == {"carrying_out": len(at)}


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("story", ACTS)
def test_a_worker_killed_at_every_step_of_an_act_leaves_it_done_once_and_told(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, story: str
) -> None:
    died = played(founded, tmp_path_factory.mktemp(story), "--story", story, "--steps", "0", "1")
    for step in (*AT_ANY_ACT, *ACTS[story]):
        assert died["at"][step], step


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("story", ACTS)
def test_a_real_worker_killed_while_it_changes_data_leaves_it_done_once_and_told(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, story: str
) -> None:
    died = played(founded, tmp_path_factory.mktemp(story), "--story", story, "--real", "200")["in"]
    assert died.total() == 200
