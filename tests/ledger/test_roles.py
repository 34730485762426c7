"""The role that runs owns no table: on a real PostgreSQL it can append to the histories and do nothing else to them."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import psycopg
import pytest
from pytest_django import Settings

from dsar.environment import BASE_DIR
from dsar.ledger import roles as granting
from tests import servers

pytestmark = [pytest.mark.slow, pytest.mark.services]

APPEND = """
from datetime import datetime, UTC
from django.db import transaction
from dsar.ledger import chains, checkpoints
with transaction.atomic():
    chains.append("a", "noted", actor="staff:1", at=datetime.now(UTC), facts={})
checkpoints.make_checkpoint(at=datetime.now(UTC))
"""
KEY = base64.b64encode(b"k" * 32).decode()


@dataclass
class TwoRoles:
    """A migrated database with an owner, and a role that runs."""

    owner_url: str
    url: str
    folder: Path

    def manage(self, *words: str, url: str = "") -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "DSAR_DATA_DIR": str(self.folder),
            "DATABASE_URL": url or self.url,
            "DATABASE_OWNER_URL": "" if url else self.owner_url,
            "KEYS_DATABASE_URL": f"sqlite:///{self.folder}/keys.sqlite3",
            "REDIS_URL": "",
            "DSAR_SIGNING_KEY": KEY,
        }
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=BASE_DIR, env=environment, text=True, capture_output=True, check=False)

    def refusal(self, statement: str) -> str:
        """Why the role that runs can't do this."""
        with psycopg.connect(self.url) as connection, pytest.raises(psycopg.Error) as refused:
            connection.execute(statement.encode())
        return str(refused.value)


def test_a_role_that_migrates_for_itself_is_granted_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RUNTIME_ROLE = "dsar"
    one_role = SimpleNamespace(vendor="postgresql", settings_dict={"USER": "dsar"})
    monkeypatch.setattr(granting, "connections", {"default": one_role, "keys": one_role})
    granting.grant_after_migrate(using="default")
    granting.grant_after_migrate(using="keys")


@pytest.fixture
def roles(postgres_server: str, tmp_path: Path) -> Iterator[TwoRoles]:
    name = f"roles_{uuid4().hex}"
    owner, runs = f"{name}_owner", f"{name}_runs"
    url = servers.fresh_database(postgres_server, name)
    with psycopg.connect(postgres_server, autocommit=True) as server:
        for role in (owner, runs):
            server.execute(f"CREATE ROLE {role} LOGIN".encode())
        server.execute(f"ALTER DATABASE {name} OWNER TO {owner}".encode())
        found = TwoRoles(*(url.replace("postgres@", f"{role}@", 1) for role in (owner, runs)), tmp_path)
        migrated = found.manage("migrate", "--verbosity=0")
        assert migrated.returncode == 0, migrated.stderr
        yield found
        server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
        for role in (owner, runs):
            server.execute(f"DROP ROLE {role}".encode())


def test_the_role_that_runs_appends_to_the_histories_and_can_not_change_them(roles: TwoRoles) -> None:
    appended = roles.manage("shell", "--no-imports", "-c", APPEND)
    assert appended.returncode == 0, appended.stderr
    owns, denied = "must be owner of", "permission denied for table"
    for statement, why in {
        "ALTER TABLE ledger_event DISABLE TRIGGER ALL": owns,
        "ALTER TABLE ledger_event DISABLE TRIGGER ledger_event_no_change": owns,
        "DROP TRIGGER ledger_event_no_change ON ledger_event": owns,
        "DROP FUNCTION ledger_event_guard() CASCADE": owns,
        "DROP TABLE ledger_event CASCADE": owns,
        "ALTER TABLE ledger_event RENAME TO away": owns,
        "TRUNCATE ledger_event": denied,
        "UPDATE ledger_event SET text = 'other'": denied,
        "DELETE FROM ledger_event": denied,
        "DELETE FROM ledger_checkpoint": denied,
        "DELETE FROM ledger_chainhead": "only moves forward",
        "TRUNCATE ledger_chainhead": denied,
        "SET session_replication_role = replica": "permission denied to set parameter",
        "CREATE TABLE other (id int)": "permission denied for schema",
    }.items():
        assert why in roles.refusal(statement), statement
    assert "Read 1 events in 1 chains, 1 checkpoints" in roles.manage("verify_audit").stdout


def test_a_role_that_runs_and_owns_the_histories_is_told(roles: TwoRoles) -> None:
    check = ("check", "--database", "default", "--fail-level", "WARNING")
    apart = roles.manage(*check)
    assert apart.returncode == 0, apart.stderr
    owning = roles.manage(*check, url=roles.owner_url)
    assert owning.returncode == 1
    assert "ledger.W001" in owning.stderr
    assert "ledger.W001" not in roles.manage("migrate").stderr
