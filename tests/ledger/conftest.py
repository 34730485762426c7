from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from pytest_django import Settings

from dsar.ledger import chains, checkpoints, triggers
from dsar.ledger.models import AnchoredHead, ChainHead, Checkpoint, Event
from dsar.ledger.signing import Signer, signer

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

Write = Callable[..., list[Event]]


@pytest.fixture
def write(db: None) -> Write:
    """Append some events to a chain."""

    def events(chain: str = "a", count: int = 1) -> list[Event]:
        return [chains.append(chain, "noted", actor="staff:1", at=AT, facts={"n": n}) for n in range(count)]

    return events


@pytest.fixture
def no_triggers(db: None) -> None:
    """As whoever owns the tables could have it: the triggers are gone, until the test's transaction ends."""
    with connection.cursor() as cursor:
        for model in (Event, ChainHead, Checkpoint, AnchoredHead):
            for statement in triggers.drop(connection, model._meta.db_table):
                cursor.execute(statement)


@pytest.fixture
def key(settings: Settings) -> Signer:
    """A signing key is set."""
    settings.SIGNING_KEY = base64.b64encode(b"k" * 32).decode()
    found = signer()
    assert found
    return found


@pytest.fixture(autouse=True)
def no_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the layers above count is not our business here."""
    monkeypatch.setattr(checkpoints, "counts", {})
