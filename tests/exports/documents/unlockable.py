"""A renderer on a system that can't be locked: its very limits can't be set."""

from __future__ import annotations

from exports.documents import lockdown
from tests.exports.documents.liar import look, pages  # noqa: F401


def get_ready() -> None:
    """Take the kernel's filter away."""
    lockdown.CALLS.clear()
