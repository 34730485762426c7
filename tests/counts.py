"""How often a test of faults or load is repeated: a few times in ``./run test``, many times in ``./run soak``."""

from __future__ import annotations

import pytest


def counts(few: int, *, soak: int) -> pytest.MarkDecorator:
    """Give the test its number of ``rounds``: once a few, and once, for the soak alone, many."""
    return pytest.mark.parametrize("rounds", [few, pytest.param(soak, marks=pytest.mark.soak)])
