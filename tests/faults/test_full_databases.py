"""Our own databases have no room left, while a person's data are gathered, answered and deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.test_killed_workers import played
from tests.journeys.conftest import founded
from tests.journeys.premises import Premises, on_postgres

__all__ = ["founded"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.no_cover,
    pytest.mark.skipif(on_postgres(), reason="SQLite alone can be told how large it may be"),
]


@pytest.mark.parametrize(
    ("story", "turns", "jobs"), [("access", ("0", "1"), {"gather_source"}), ("delete", ("0",), {"carry_out"})]
)
def test_a_job_that_finds_no_room_says_so_and_goes_on_later_with_nothing_lost_and_nothing_twice(
    founded: Premises, tmp_path: Path, story: str, turns: tuple[str, ...], jobs: set[str]
) -> None:
    heard = played(founded, tmp_path / "own", "--story", story, "--full", *turns)["heard"]
    assert {f"{job}: django.db.utils.OperationalError" for job in jobs} <= heard.keys()
