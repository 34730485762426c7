"""The house of the journeys, looked at with a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.looking import Eye
from tests.journeys.conftest import founded, house, open_house, pytest_runtest_makereport

__all__ = ["founded", "house", "open_house", "pytest_runtest_makereport"]


@pytest.fixture
def eye(request: pytest.FixtureRequest, page: Page) -> Eye:
    """Looks at pages for this test: takes their picture, and has axe check them."""
    return Eye(request.node.originalname, page)
