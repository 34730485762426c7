from __future__ import annotations

import base64
import runpy
import stat
import subprocess
import sys

import environs
import pytest

from dsar import first_run
from dsar.environment import read_environment
from dsar.vault.ciphers import MasterKey
from tests.vault.conftest import ROOT


@pytest.fixture
def run(monkeypatch):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["first_run", *arguments])
        with pytest.raises(SystemExit) as end:
            runpy.run_path(first_run.__file__, run_name="__main__")
        return end.value.code

    return run


def test_the_first_run_writes_secrets_that_the_settings_accept(tmp_path, run, monkeypatch):
    path = tmp_path / "new" / "house.env"
    assert run(str(path)) == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    monkeypatch.setattr("os.environ", {"DSAR_ENV_FILE": str(path)})
    found = read_environment(environs.Env(eager=False))
    assert MasterKey(found.master_key)
    assert len(base64.b64decode(path.read_text().split("DSAR_SIGNING_KEY=")[1])) == 32


def test_secrets_that_are_there_are_never_written_over(tmp_path, run, capsys):
    path = tmp_path / "house.env"
    run(str(path))
    before = path.read_text()
    assert run(str(path)) == 0
    assert path.read_text() == before
    assert "stays as it is" in capsys.readouterr().out


def test_two_houses_share_no_secret(tmp_path, run):
    first, second = tmp_path / "first.env", tmp_path / "second.env"
    run(str(first))
    run(str(second))
    assert not set(first.read_text().splitlines()) & set(second.read_text().splitlines())


def test_it_says_how_it_is_used(run, capsys):
    assert run() == 2
    assert "Usage" in capsys.readouterr().err


def test_it_needs_no_django_and_no_settings(tmp_path):
    script = "import sys; from dsar import first_run; first_run.main(sys.argv[1:]); sys.exit('django' in sys.modules)"
    arguments = [sys.executable, "-c", script, str(tmp_path / "house.env")]
    assert subprocess.run(arguments, cwd=ROOT, env={}, check=False).returncode == 0
