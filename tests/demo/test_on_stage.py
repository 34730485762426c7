"""How the demo begins and ends; what it plays is tested by ``./run demo --once`` itself."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import environs
import pytest

from dsar.demo import __main__ as demo
from dsar.environment import BASE_DIR, read_environment
from tests.environment import TEST_MASTER_KEY

START = """
import pathlib, sys
from dsar.demo import __main__ as demo
demo.FOLDER = pathlib.Path({!r})
sys.exit(demo.main())
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo's folder, in a place with an odd name."""
    path = tmp_path / "it's a #1? demo"
    monkeypatch.setattr(demo, "FOLDER", path)
    return path


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """An environment of the test's own."""
    own = dict(os.environ)
    monkeypatch.setattr(os, "environ", own)
    return own


def test_two_demos_never_share_a_folder(folder: Path) -> None:
    with demo.locked_folder(), pytest.raises(SystemExit, match=r"Another \./run demo"), demo.locked_folder():
        pytest.fail("the second one got in")
    with demo.locked_folder():
        pass


def test_a_new_demo_begins_in_an_empty_folder_that_is_still_locked(folder: Path, environment: dict[str, str]) -> None:
    with demo.locked_folder():
        (folder / "bundles").mkdir()
        (folder / "dsar.sqlite3").touch()
        demo.prepare_environment(8000)
        assert {path.name for path in folder.iterdir()} == {"lock", "mails", "environment"}
        with pytest.raises(SystemExit), demo.locked_folder():
            pass


def test_the_environment_of_the_demo_is_kept_with_the_secrets_for_later_commands(
    folder: Path, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text(f"DSAR_SECRET_KEY={'s' * 40}\nDSAR_MASTER_KEY={TEST_MASTER_KEY}\n")
    environment["DSAR_ENV_FILE"] = str(secrets)
    with demo.locked_folder():
        demo.prepare_environment(8123)
    kept = folder / "environment"
    assert kept.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(os, "environ", {"DSAR_ENV_FILE": str(kept)})
    found = read_environment(environs.Env(eager=False))
    assert (found.base_url, found.secret_key) == ("http://localhost:8123", "s" * 40)
    assert found.database["NAME"] == str(folder / "dsar.sqlite3")
    assert found.email["EMAIL_FILE_PATH"] == str(folder / "mails")
    assert os.environ["DEMO_SHOP_READ_URL"] == f"sqlite:///{folder}/shop.sqlite3"


def test_a_demo_in_the_environment_of_the_last_one_keeps_its_secrets(folder: Path, environment: dict[str, str]) -> None:
    with demo.locked_folder():
        (folder / "environment").write_text("DSAR_SECRET_KEY=once\n")
        environment["DSAR_ENV_FILE"] = str(folder / "environment")
        demo.prepare_environment(8000)
    assert (folder / "environment").read_text().startswith("DSAR_SECRET_KEY=once\n")


def test_systems_that_could_not_be_built_end_the_demo() -> None:
    building = multiprocessing.get_context("spawn").Process(target=os._exit, args=(3,))
    building.start()
    with pytest.raises(SystemExit, match="could not be built"):
        demo.finish(building)


def test_being_stopped_while_it_serves_is_a_good_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", stop)
    demo.serve_until_stopped(8000)
    assert capsys.readouterr().out.endswith("Stopping.\n")


def test_so_is_being_stopped_by_a_signal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(demo, "STOP", threading.Event())
    was = signal.signal(signal.SIGTERM, demo._stop)
    try:
        monkeypatch.setattr(time, "sleep", lambda _seconds: signal.raise_signal(signal.SIGTERM))
        demo.serve_until_stopped(8000)
    finally:
        signal.signal(signal.SIGTERM, was)
    assert capsys.readouterr().out.endswith("Stopping.\n")


@pytest.mark.slow
def test_being_stopped_halfway_is_a_failure(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", START.format(str(tmp_path / "demo")), "--once", "--port", "0"],
        cwd=BASE_DIR,
        env=os.environ | {"DSAR_DATA_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    while "Databases made" not in (line := process.stdout.readline()):
        assert line, "it ended by itself"
    time.sleep(0.2)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode not in {0, -signal.SIGTERM}
