"""The house of the case's own tests: a company in memory, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from time_machine import TimeMachineFixture

from requests_app import ports
from tests.requests_app.company import Company


@pytest.fixture
def company() -> Iterator[Company]:
    """The company in memory, in the place of the real one."""
    systems, work = ports.systems(), ports.work()
    small = Company()
    ports.fill(systems=small, work=small)
    yield small
    ports.fill(systems=systems, work=work)


@pytest.fixture
def a_clock_that_stands_still(time_machine: TimeMachineFixture) -> None:
    """It is 2020 for whoever asks the clock instead of taking the moment that he is given."""
    time_machine.move_to(datetime(2020, 1, 1, tzinfo=UTC), tick=False)


@pytest.fixture
def house(db: None, company: Company, a_clock_that_stands_still: None) -> Company:
    """All that a case needs."""
    return company
