from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from pytest_django import Settings

from dsar.vault import keys

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def at() -> datetime:
    return datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def house_of_its_own(tmp_path: Path, settings: Settings) -> None:
    """Each test has its own list of destroyed keys, of which this process has read nothing yet."""
    settings.DATA_DIR = tmp_path


@pytest.fixture
def key(db: None, at: datetime) -> UUID:
    return keys.create("record", at=at)


@dataclass
class House:
    """A key store in real SQLite files, used by real processes."""

    folder: Path

    @property
    def key_store(self) -> Path:
        return self.folder / "keys.sqlite3"

    def start(self, script: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup()\n{script}"],
            cwd=ROOT,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "tests.vault.house_settings",
                "DSAR_DATA_DIR": str(self.folder),
                "DATABASE_URL": f"sqlite:///{self.folder}/main.sqlite3",
                "KEYS_DATABASE_URL": f"sqlite:///{self.key_store}",
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str) -> str:
        """What the script prints; it must end well."""
        process = self.start(script)
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        return output.strip()


@pytest.fixture(scope="session")
def empty_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("house"))
    house.run("from django.core.management import call_command\ncall_command('migrate', database='keys', verbosity=0)")
    return house


@pytest.fixture
def house(empty_house: House, tmp_path: Path) -> House:
    shutil.copytree(empty_house.folder, tmp_path / "house")
    return House(tmp_path / "house")
