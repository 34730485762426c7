"""Workers that are killed while they gather and bundle: the case comes to the same end, whoever died on the way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.counts import counts
from tests.journeys.conftest import founded
from tests.journeys.premises import ROOT, Premises, on_postgres

__all__ = ["founded"]

pytestmark = [pytest.mark.slow, pytest.mark.no_cover, pytest.mark.timeout(1200)]

# On SQLite the full count; what differs on PostgreSQL is only how a transaction ends.
FORKED, BATCHES = (40, 2) if on_postgres() else (200, 8)


def played(founded: Premises, own: Path, *asked: str) -> dict[str, int]:
    """Play rounds in a process of their own; in which state the case was when its workers died."""
    command = [sys.executable, "-m", "tests.faults", str(founded.folder), founded.name, "--own", str(own), *asked]
    process = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=False)
    assert process.returncode == 0, process.stderr[-2000:]
    died_in: dict[str, int] = json.loads(process.stdout)
    return died_in


@pytest.mark.parametrize("first", range(BATCHES))
def test_a_worker_killed_at_any_step_or_moment_leaves_nothing_lost_and_nothing_twice(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, first: int
) -> None:
    every_so_many = ("--forked", str(first), str(FORKED), str(BATCHES))
    died_in = played(founded, tmp_path_factory.mktemp("forked"), *every_so_many)
    assert sum(died_in.values()) == FORKED // BATCHES
    assert died_in["gathering"], "the steps of a batch lie in the one as in the other"
    assert died_in["carrying_out"]


@pytest.mark.timeout(7200)
@counts(10, soak=200)
def test_a_real_worker_killed_at_any_moment_leaves_nothing_lost_and_nothing_twice(
    founded: Premises, tmp_path_factory: pytest.TempPathFactory, rounds: int
) -> None:
    died_in = played(founded, tmp_path_factory.mktemp("real"), "--real", str(rounds))
    assert sum(died_in.values()) == rounds
