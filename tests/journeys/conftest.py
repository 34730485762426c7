"""Houses, copied from the one that the session founds; their logs are shown when a test fails."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count

import pytest

from tests.journeys.house import House, running
from tests.journeys.premises import Premises, on_postgres
from tests.services import MailServer, closed_post_office, open_again

Opening = Callable[..., AbstractContextManager[House]]
REDIS_DATABASES = 16


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Premises:
    """The premises that all houses of the session are copies of, founded by the first process that asks."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    premises = Premises(shared / "founded", "journeys")
    with (shared / "founded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not premises.folder.exists():
            premises.found()
    return premises


@pytest.fixture(scope="session")
def open_house(founded: Premises, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Opening:
    """Open a house of one's own, with its own mail server or the one given: a context that ends with the house."""
    redis_url = request.getfixturevalue("redis_url") if on_postgres() else ""
    numbers = count(1)
    process = os.environ.get("PYTEST_XDIST_WORKER", "alone")

    @contextmanager
    def open_one(given: MailServer | None = None) -> Iterator[House]:
        number = next(numbers)
        premises = Premises(tmp_path_factory.mktemp("house"), f"journeys_{process}_{number}")
        premises.copy_from(founded)
        broker = f"{redis_url}?virtual_host={number % REDIS_DATABASES}" if redis_url else ""
        opened = nullcontext(given) if given else open_again(closed_post_office())
        with opened as post_office, running(House(premises, post_office, broker)) as house:
            yield house

    return open_one


@pytest.fixture(scope="session")
def house(open_house: Opening) -> Iterator[House]:
    """The house that the tests of one process share, each with people of its own."""
    with open_house() as house:
        yield house


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Function, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes of the house wrote, below the failure."""
    report = yield
    if report.failed:
        for house in (value for value in item.funcargs.values() if isinstance(value, House)):
            report.sections += [(f"{name}.log", text[-4000:]) for name, text in house.logs().items()]
    return report
