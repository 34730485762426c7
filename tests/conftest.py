from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation

pytest_plugins = ["tests.clean_database", "tests.services"]


@pytest.fixture(autouse=True)
def no_language_left() -> Iterator[None]:
    """A page that was asked for in Spanish leaves its process in Spanish; the next test must not find it so."""
    yield
    translation.deactivate()
