"""What is decided in the settings, and not by the environment."""

from __future__ import annotations

import pytest
from django.db import connections


@pytest.mark.slow
@pytest.mark.django_db(databases=["default", "keys"])
@pytest.mark.parametrize("alias", ["default", "keys"])
def test_a_power_cut_loses_nothing_that_was_committed(alias: str) -> None:
    if connections[alias].vendor != "sqlite":
        pytest.skip("PostgreSQL's own default")
    with connections[alias].cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (2,), "2 is FULL"
