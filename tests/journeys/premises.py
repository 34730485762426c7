"""Where a house lives: its databases, the company's systems, its folder. Founded once a session, then copied."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa

from dsar.demo import systems
from tests import servers
from tests.environment import TEST_SIGNING_KEY

ROOT = Path(__file__).parent.parent.parent
FOUND = "import pathlib; from dsar.demo import show; show.migrate(); show.set_up(pathlib.Path(), '', print)"
MOVED = (  # the systems were accepted where the template has them
    "UPDATE exports_datasource"
    " SET read_host = replace(read_host, :there, :here), write_host = replace(write_host, :there, :here)"
)


def on_postgres() -> bool:
    """Whether the suite runs on PostgreSQL, and so with Redis and Celery."""
    return os.environ.get("DATABASE_URL", "").startswith("postgres")


@dataclass(frozen=True)
class Database:
    """A database of the house: a SQLite file in its folder, or one on the PostgreSQL server of the suite."""

    folder: Path
    name: str

    @property
    def url(self) -> str:
        """As Django's settings take it."""
        if on_postgres():
            url = sa.make_url(os.environ["DATABASE_URL"]).set(database=self.name)
            return url.render_as_string(hide_password=False)
        return f"sqlite:///{self._file}"

    def make_empty(self) -> None:
        """Make it anew; a SQLite file is made by who opens it."""
        if on_postgres():
            servers.fresh_database(os.environ["DATABASE_URL"], self.name)

    def copy_from(self, template: Database) -> None:
        """Make it as a copy of one that nobody has open."""
        if on_postgres():
            _on_server(f'CREATE DATABASE "{self.name}" TEMPLATE "{template.name}"')
        else:
            shutil.copy(template._file, self._file)

    def drop(self) -> None:
        """Remove it from its server; a file goes with its folder."""
        if on_postgres():
            _on_server(f'DROP DATABASE "{self.name}" WITH (FORCE)')

    def run(self, statement: str, **values: object) -> list[tuple[object, ...]]:
        """Run one statement, past the house; its rows, if it gives any."""
        driver = "postgresql+psycopg" if on_postgres() else "sqlite"
        engine = sa.create_engine(sa.make_url(self.url).set(drivername=driver), poolclass=sa.NullPool)
        with engine.begin() as connection:
            result = connection.execute(sa.text(statement), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.name}.sqlite3"


@dataclass(frozen=True)
class Premises:
    """The folder of a house with all that it works on; ``name`` tells its databases from others' on one server."""

    folder: Path
    name: str

    @property
    def main(self) -> Database:
        """The cases' database."""
        return Database(self.folder, f"{self.name}_main")

    @property
    def keys(self) -> Database:
        """The key store, apart from it."""
        return Database(self.folder, f"{self.name}_keys")

    def system(self, name: str) -> Path:
        """The SQLite file of one of the company's systems."""
        return self.folder / f"{name}.sqlite3"

    def environment(self) -> dict[str, str]:
        """What every process of the house has to know."""
        return systems.addresses(self.folder) | {
            "DJANGO_SETTINGS_MODULE": "tests.journeys.house_settings",
            "DSAR_DATA_DIR": str(self.folder),
            "DSAR_SIGNING_KEY": TEST_SIGNING_KEY,
            "DATABASE_URL": self.main.url,
            "KEYS_DATABASE_URL": self.keys.url,
            "REDIS_URL": "",
        }

    def found(self) -> None:
        """Migrate, and set up organisation, staff, sources and systems, as ``./run demo`` does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.main.make_empty()
        self.keys.make_empty()
        with subprocess.Popen([sys.executable, "-c", FOUND], cwd=ROOT, env=os.environ | self.environment()) as founding:
            systems.build(self.folder)
        assert founding.returncode == 0, "the house could not be founded"

    def copy_from(self, template: Premises) -> None:
        """The same in another place."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in systems.VARIABLES:
            shutil.copy(template.system(name), self.system(name))
        self.main.copy_from(template.main)
        self.keys.copy_from(template.keys)
        self.main.run(MOVED, there=str(template.folder), here=str(self.folder))

    def clear(self) -> None:
        """Give the databases back; the folder is pytest's."""
        self.main.drop()
        self.keys.drop()


def _on_server(statement: str) -> None:
    """Run it beside all databases of ours: none can be dropped, or copied, by who has it open."""
    beside = sa.make_url(os.environ["DATABASE_URL"]).set(database="postgres")
    with psycopg.connect(beside.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(statement.encode())
