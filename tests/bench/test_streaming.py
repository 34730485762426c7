"""Rows stream: however many a person has, a worker that gathers and bundles them stays small, and no row costs more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.bench.databases import DATABASES, environment
from tests.journeys.premises import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.services,
    pytest.mark.no_cover,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

MOST_MEGABYTES = 100
# Beside what grows with the rows; a piece of work twice as large is a fifth more, at most.
ALLOWED = 1.2


def measured(folder: Path, database: str, *sizes: int) -> list[dict[str, Any]]:
    """What a worker of its own measures of people with so many rows, one after the other."""
    beside = [sys.executable, "-m", "tests.servers", *DATABASES[database], "--"]
    words = [sys.executable, "-m", "tests.bench.exports", str(folder), *map(str, sizes), "--json"]
    known = os.environ | environment(folder)
    done = subprocess.run([*beside, *words], cwd=ROOT, env=known, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("database", DATABASES)
def test_ten_thousand_rows_take_five_times_the_work_of_two_thousand_and_no_more_memory(
    tmp_path: Path, database: str
) -> None:
    none, few, many = measured(tmp_path, database, 1, 2_000, 10_000)
    assert many["peak"] < MOST_MEGABYTES / 5, "it holds a page and a piece, whatever there is"
    for what in ("ours", "theirs", "strides"):
        fixed = none["work"][what]
        assert many["work"][what] - fixed <= ALLOWED * 5 * (few["work"][what] - fixed), (what, none, few, many)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("database", DATABASES)
def test_a_million_rows_take_ten_times_the_work_of_a_hundred_thousand_and_no_more_memory(
    tmp_path: Path, database: str
) -> None:
    none, many, a_million = measured(tmp_path, database, 1, 100_000, 1_000_000)
    assert a_million["peak"] < MOST_MEGABYTES
    for what in ("ours", "theirs", "strides"):
        fixed = none["work"][what]
        assert a_million["work"][what] - fixed <= ALLOWED * 10 * (many["work"][what] - fixed), (what, many, a_million)
