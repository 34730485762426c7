"""The API's house: the company in memory, an organisation, and a clock that runs on from a Monday morning."""

from __future__ import annotations

import pytest
from time_machine import TimeMachineFixture

from requests_app.models import Organisation
from tests.requests_app.company import Company
from tests.requests_app.factories import AT, the_organisation


@pytest.fixture(autouse=True)
def house_of_the_api(db: None, company: Company, time_machine: TimeMachineFixture) -> Company:
    """The company; the clock stands at the moment that the other tests pass in."""
    time_machine.move_to(AT, tick=False)
    return company


@pytest.fixture
def organisation(db: None) -> Organisation:
    """The organisation that is asked."""
    return the_organisation()
