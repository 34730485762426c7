from __future__ import annotations

import gc
import os
import re
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from django.utils import translation

from tests import measured_elsewhere

pytest_plugins = ["tests.clean_database", "tests.measuring", "tests.migrated", "tests.services"]

ROOT = Path(__file__).parent
# Which of their tests asks a database of ours says so; the company's databases are of every kind in every run.
WITHOUT_OURS = (
    *("dsar", "law", "exports/sources", "exports/bundle", "exports/documents"),
    *("vault/test_imports.py", "test_docker.py", "test_house.py", "test_run.py"),
)
MOSTLY_WITHOUT_OURS = tuple(ROOT / place for place in WITHOUT_OURS)
# Pages of the desk ask what services ask, and journeys open them on PostgreSQL, too; the table of moves is one table,
# and the few random histories are the same on both: the soak has many on each. What works on a company's data asks our
# database what the files below them ask. Of whole stories some are told on both; of workers the real ones are killed on
# both, those that are forked by the hundred on SQLite.
ASKING_THE_SAME = (
    "bench",
    "exports/admin",
    "exports/bundle",
    "exports/reports",
    "exports/web",
    "requests_app/admin",
    "requests_app/web",
    "requests_app/test_every_move.py",
    "requests_app/test_random_histories.py",
    "journeys",
    "exports/fulfil",
    "faults",
    "demo",
    "test_measuring.py",  # of the tracer, which is on and off there
)
SHOWN_ON_SQLITE = tuple(ROOT / place for place in ASKING_THE_SAME)
# Of these: locks and turns of workers, queries and moments of our own, and a story of each kind.
STORIES_OF_BOTH = ("access_request", "bad_days", "limit", "the_other_rights")
WORK_OF_BOTH = (
    *("approving_together", "deleting", "ending_half_done", "flags_in_force", "flags_on_the_way"),
    *("going_on", "holding", "interrupted_gathering", "opening_tasks"),
    *("telling_by_batch", "upkeep", "volume"),
)
RUN_ON_BOTH = (
    *(ROOT / f"journeys/test_{name}.py" for name in STORIES_OF_BOTH),
    *(ROOT / f"exports/fulfil/test_{name}.py" for name in WORK_OF_BOTH),
)
# Whole stories, each move from each state, and the same on other kinds of database: what they run was measured where it
# has tests of its own. Of a table of cases there the first row is measured, the others run the same lines.
UNMEASURED_PLACES = (
    "journeys",
    "browser",
    "requests_app/test_every_move.py",
    "requests_app/test_random_histories.py",
)
UNMEASURED = tuple(ROOT / place for place in UNMEASURED_PLACES)
FIRST_ROWS_PLACES = ("exports/admin", "exports/bundle", "exports/fulfil", "exports/sources")
FIRST_ROWS_MEASURED = tuple(ROOT / place for place in FIRST_ROWS_PLACES)
# On PostgreSQL the first row of a table of cases is run here: the others ask the same with other values.
FIRST_ROWS_THERE = ("exports/fulfil", "exports/sources", "journeys", "requests_app/services")
FIRST_ROWS_ON_POSTGRES = tuple(ROOT / place for place in FIRST_ROWS_THERE)
# On PostgreSQL only these have branches that the one database takes and the other does not.
MEASURED_ON_BOTH = tuple(ROOT / place for place in ("jobs", "vault", "ledger"))
MEASURED_ON_SQLITE = tuple(ROOT / place for place in ("exports/sources", "exports/fulfil"))

WITHOUT_SLOW_ONES = "not (slow"  # with which ./run quick begins what it selects
MARKS_OF_FILE = re.compile(r"^pytestmark = (?:\[\n(?: .*\n)*\]|.*)$", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without slow tests, don't read a file in which each is one: to import and leave out those took seconds."""
    if collection_path.suffix != ".py" or not config.getoption("markexpr").startswith(WITHOUT_SLOW_ONES):
        return None
    marks = MARKS_OF_FILE.search(collection_path.read_text())
    return True if marks and "mark.slow" in marks[0] else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out what was shown on SQLite and asks no database of ours, or nothing that others don't ask.

    With TEST_ALL_ON_POSTGRES=1 the latter is there, too. Measured, a test takes half as long again: what shows no line
    that others don't is not measured, but with MEASURE_EVERY_TEST=1.
    """
    if gone := [place.name for place in (*RUN_ON_BOTH, *measured_elsewhere.FILES) if not place.exists()]:
        raise pytest.UsageError(f"Tests are named in tests/ that are not there: {gone}")
    later_rows = _later_rows(items)
    if os.environ.get("MEASURE_EVERY_TEST") != "1":
        for item in items:
            if _is_measured_elsewhere(item) or (item in later_rows and _is_in(item, FIRST_ROWS_MEASURED)):
                item.add_marker(pytest.mark.no_cover)
    if not _is_on_postgres():
        return
    everything = os.environ.get("TEST_ALL_ON_POSTGRES") == "1"
    same = {item for item in items if _asks_the_same(item, is_later_row=item in later_rows) and not everything}
    left_out = {item for item in items if item in same or _asks_no_database_of_ours(item)}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def _later_rows(items: list[pytest.Item]) -> set[pytest.Item]:
    """Of each table of cases all but the first row."""
    first: dict[str, pytest.Item] = {}
    return {item for item in items if first.setdefault(item.nodeid.partition("[")[0], item) is not item}


def _is_on_postgres() -> bool:
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


def _asks_no_database_of_ours(item: pytest.Item) -> bool:
    asked = {"db", "transactional_db"} & set(getattr(item, "fixturenames", ()))
    return _is_in(item, MOSTLY_WITHOUT_OURS) and not asked and item.get_closest_marker("django_db") is None


def _asks_the_same(item: pytest.Item, *, is_later_row: bool) -> bool:
    if item.get_closest_marker("soak") or item.get_closest_marker("on_both"):
        return False
    if is_later_row and _is_in(item, FIRST_ROWS_ON_POSTGRES):
        return True
    return item.path not in RUN_ON_BOTH and _is_in(item, SHOWN_ON_SQLITE)


def _is_measured_elsewhere(item: pytest.Item) -> bool:
    if _is_on_postgres():
        return not _is_in(item, MEASURED_ON_BOTH)
    is_on_a_server = item.get_closest_marker("services") and _is_in(item, MEASURED_ON_SQLITE)
    return bool(is_on_a_server) or _is_in(item, UNMEASURED) or item.path in measured_elsewhere.FILES


def _is_in(item: pytest.Item, places: tuple[Path, ...]) -> bool:
    return _lies_in(item.path, places)


@cache  # thousands of tests lie in hundreds of files
def _lies_in(path: Path, places: tuple[Path, ...]) -> bool:
    return any(place in (path, *path.parents) for place in places)


def pytest_collection_finish() -> None:
    """What thousands of tests consist of stays to the end: Python need not look again and again for garbage in it.

    Nor need it look for garbage of theirs as often as a program that must stay small.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A test that measures no coverage starts no process that does: coverage finds its orders in the environment.

    Here, and in no fixture: a house that several tests share is opened before any fixture of one test.
    """
    with pytest.MonkeyPatch.context() as patch:
        if item.get_closest_marker("no_cover"):
            patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Nor is what leads to it measured; the plugin itself leaves out the test alone."""
    measuring = getattr(item.config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if measuring is None or not item.get_closest_marker("no_cover"):
        return (yield)
    measuring.pause()
    try:
        return (yield)
    finally:
        measuring.resume()


@pytest.fixture(autouse=True)
def no_language_left() -> Iterator[None]:
    """A page that was asked for in Spanish leaves its process in Spanish; the next test must not find it so."""
    yield
    translation.deactivate()
