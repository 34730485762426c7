"""Every test of a service has the company in memory behind it, and a clock that nobody may ask."""

from __future__ import annotations

import pytest

from tests.requests_app.company import Company


@pytest.fixture(autouse=True)
def house_of_the_services(house: Company) -> Company:
    """The house, for every test here."""
    return house
