"""The databases of the tests on SQLite: migrated once for each state of the code, and copied into memory from then on.

A run that measures coverage migrates in its own processes, so that what migrations call is measured.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from django.db.backends.sqlite3.creation import DatabaseCreation

from dsar.demo import migrating

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var" / "migrated-for-tests"
FILES = {"default": "dsar.sqlite3", "keys": "keys.sqlite3"}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    pytestconfig: pytest.Config,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Fill databases in memory before they are migrated: nothing is left to do then."""
    if pytestconfig.getoption("cov_source", None):
        yield
        return
    with ExitStack() as held, pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("migrated")
        patch.setattr(DatabaseCreation, "_create_test_db", _filled_from(folder, held, DatabaseCreation._create_test_db))
        yield


def _filled_from(folder: Path, held: ExitStack, create: Callable[..., str]) -> Callable[..., str]:
    def create_filled(creation: DatabaseCreation, *args: object, **kwargs: object) -> str:
        name = create(creation, *args, **kwargs)
        if creation.is_in_memory_db(name):
            _fill(name, _migrated(folder) / FILES[creation.connection.alias], held)
        return name

    return create_filled


def _fill(name: str, file: Path, held: ExitStack) -> None:
    in_memory = held.enter_context(closing(sqlite3.connect(name, uri=True)))  # it lasts as long as somebody has it open
    with closing(sqlite3.connect(file)) as migrated:
        migrated.execute("PRAGMA journal_mode=DELETE")  # in memory is no write-ahead log
        migrated.backup(in_memory)


def _migrated(folder: Path) -> Path:
    """The folder, with both files; of several processes that come at once, one migrates."""
    files = [folder / name for name in FILES.values()]
    if not files[0].exists():
        KEPT.parent.mkdir(exist_ok=True)
        with KEPT.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            migrating.make_databases(files, lambda: _migrate(folder), kept=KEPT)
    return folder


def _migrate(folder: Path) -> None:
    main, keys = (f"sqlite:///{folder / name}" for name in FILES.values())
    environment = os.environ | {"DATABASE_URL": main, "KEYS_DATABASE_URL": keys}
    for alias in FILES:
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0", "--database", alias]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
