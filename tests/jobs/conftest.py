"""A clock that is moved by hand; a registry, a broker and a database of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from celery import Celery
from django.db import connections
from pytest_django import DjangoDbBlocker, Settings

from dsar.jobs import broker, registry
from tests import servers
from tests.jobs.workers import worker_environment


class Clock:
    """The time, moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def _nothing_registered_and_no_broker(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(registry, "HANDLERS", {})
    monkeypatch.setattr(registry, "PERIODIC", {})
    settings.CELERY_BROKER_URL = ""


@pytest.fixture
def use_broker(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Celery]]:
    """Jobs enqueued in this process are sent to the broker with this URL, under the deployed settings."""
    with ExitStack() as brokers:

        def use(url: str) -> Celery:
            settings.CELERY_BROKER_URL = url
            app = brokers.enter_context(Celery(set_as_current=False))
            app.config_from_object("django.conf:settings", namespace="CELERY")
            monkeypatch.setattr(broker, "app", app)
            return app

        yield use


@dataclass(frozen=True)
class OwnDatabase:
    """A migrated database that other processes can open: its name in Django's settings, its URL in the environment."""

    name: str
    url: str


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnDatabase]:
    """Migrated once, to be copied for each test."""
    folder = tmp_path_factory.mktemp("jobs")
    if is_postgres():
        name = f"jobs_{uuid4().hex}"
        database = OwnDatabase(name, servers.fresh_database(os.environ["DATABASE_URL"], name))
    else:
        database = OwnDatabase(str(folder / "migrated.sqlite3"), f"sqlite:///{folder / 'migrated.sqlite3'}")
    command = [sys.executable, "manage.py", "migrate", "--run-syncdb", "--verbosity=0"]
    subprocess.run(command, env=worker_environment(database.url, folder), check=True)
    yield database
    if is_postgres():
        drop(database.name)


@pytest.fixture
def own_database(
    migrated_database: OwnDatabase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[OwnDatabase]:
    """A fresh database with real commits, in this process as well as in the workers that the test starts."""
    database = copy(migrated_database, tmp_path)
    before = connections["default"]
    monkeypatch.setitem(connections.settings["default"], "NAME", database.name)
    del connections["default"]
    with django_db_blocker.unblock():
        yield database
    connections["default"].close()
    connections["default"] = before
    if is_postgres():
        drop(database.name)


def is_postgres() -> bool:
    engine: str = connections.settings["default"]["ENGINE"]
    return engine.endswith("postgresql")


def copy(database: OwnDatabase, folder: Path) -> OwnDatabase:
    if not is_postgres():
        path = shutil.copy(database.name, folder / "jobs.sqlite3")
        return OwnDatabase(str(path), f"sqlite:///{path}")
    name = f"jobs_{uuid4().hex}"
    run_on_server(f'CREATE DATABASE "{name}" TEMPLATE "{database.name}"')
    return OwnDatabase(name, database.url.replace(database.name, name))


def drop(name: str) -> None:
    run_on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


def run_on_server(statement: str) -> None:
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement.encode())
