"""SQLite's file after a worker died while it wrote there: whoever may write takes back what is half done, and reads."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports.sources.connector import open_source
from exports.sources.datamap import read_data_map
from exports.sources.errors import SourceUnavailableError
from tests.exports.sources import small_company
from tests.exports.sources.small_company import MAP, everything

DIES = """
import os, signal, sqlite3, sys
club = sqlite3.connect(sys.argv[1], isolation_level=None)
club.execute("PRAGMA cache_size = 1")
club.execute("BEGIN IMMEDIATE")
club.execute("UPDATE members SET name = 'Nobody'")
club.execute("UPDATE letters SET body = ''")
club.execute("SELECT count(*) FROM invoices NOT INDEXED").fetchall()
os.kill(os.getpid(), signal.SIGKILL)
"""
ANN = {"email": ["ann.o'hara@club.example"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The small company's."""
    return tmp_path / "club.sqlite3"


@pytest.fixture
def engine(file: Path) -> Iterator[sa.Engine]:
    """The tests' own way in."""
    engine = sa.create_engine(f"sqlite:///{file}")
    small_company.make(engine)
    small_company.fill(engine)
    yield engine
    engine.dispose()


def die_while_writing(file: Path) -> None:
    """As a worker that is killed amid a change: a part of it is in the file, what would undo it in another."""
    before = file.read_bytes()
    died = subprocess.run([sys.executable, "-c", DIES, str(file)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert file.read_bytes() != before


def found(file: Path, *, writes: bool) -> int:
    """How many letters of Ann a connector finds."""
    url = f"sqlite:///{file}"
    with open_source(read_data_map(MAP), read_url=url, write_url=url if writes else None) as connector:
        return sum(len(page.records) for page in connector.pages("letters", ANN))


def test_who_may_write_takes_it_back_before_reading(file: Path, engine: sa.Engine) -> None:
    before = everything(engine)
    engine.dispose()
    die_while_writing(file)
    assert found(file, writes=True)
    assert everything(engine) == before


def test_who_only_reads_is_told_that_the_file_can_not_be_read_until_somebody_takes_it_back(
    file: Path, engine: sa.Engine
) -> None:
    engine.dispose()
    die_while_writing(file)
    with pytest.raises(SourceUnavailableError, match="SQLITE_READONLY_ROLLBACK"):
        found(file, writes=False)
    with engine.connect() as connection:
        connection.execute(sa.text("SELECT 1 FROM members"))
    assert found(file, writes=False)


def test_a_change_that_is_being_written_is_waited_for_by_nobody_who_reads(file: Path, engine: sa.Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("UPDATE members SET name = 'Nobody'")
        assert Path(f"{file}-journal").exists()
        assert found(file, writes=True)
        connection.commit()
    with engine.connect() as connection:
        names = connection.scalars(sa.text("SELECT DISTINCT name FROM members")).all()
    assert names == ["Nobody"]
