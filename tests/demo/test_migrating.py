"""The demo's databases are migrated once for each state of the code."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dsar.demo import migrating


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one file."""
    file = tmp_path / "code" / "dsar" / "models.py"
    file.parent.mkdir(parents=True)
    file.write_text("one = 1\n")
    monkeypatch.setattr(migrating, "ROOT", tmp_path / "code")
    return file


@pytest.fixture
def make(code: Path, tmp_path: Path) -> Callable[[], list[str]]:
    """Make the databases of a demo; gives the names of the tables in both, and notes in them how often was migrated."""
    migrated = []

    def make_databases() -> list[str]:
        demo = tmp_path / f"demo-{len(list(tmp_path.iterdir()))}"
        demo.mkdir()
        paths = [demo / "main.sqlite3", demo / "keys.sqlite3"]

        def migrate() -> None:
            migrated.append("")
            for path in paths:
                with closing(sqlite3.connect(path)) as database:
                    database.execute("PRAGMA journal_mode=wal")
                    database.execute(f"CREATE TABLE {path.stem}_{len(migrated)} (id)")

        migrating.make_databases(paths, migrate, kept=tmp_path / "kept")
        return [name for path in paths for name in _tables(path)]

    return make_databases


def _tables(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [name for (name,) in database.execute("SELECT name FROM sqlite_master")]


def test_the_second_demo_copies_what_the_first_has_migrated(make: Callable[[], list[str]]) -> None:
    assert [make(), make()] == [["main_1", "keys_1"], ["main_1", "keys_1"]]


def test_changed_code_migrates_anew_and_the_older_copies_go(
    make: Callable[[], list[str]], code: Path, tmp_path: Path
) -> None:
    make()
    code.write_text("one = 2\n")
    assert [make(), make()] == [["main_2", "keys_2"], ["main_2", "keys_2"]]
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_what_a_stopped_demo_left_half_kept_is_not_used(make: Callable[[], list[str]], tmp_path: Path) -> None:
    make()
    (whole,) = (tmp_path / "kept").iterdir()
    whole.rename(whole.with_suffix(".new"))
    assert make() == ["main_2", "keys_2"]
