"""``./run`` on machines that lack something: what is missing is installed by root, told to anyone else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEEDED = ("dirname", "date", "uname", "mktemp", "sleep", "rm", "mkdir", "cat", "grep", "cmp", "cp", "chmod")
# A Python that notes what it is asked for; FAULTY names a word of what it fails at.
PYTHON = """
echo "$@" >> "${0%/*}/asked"
case " $* " in
    *" ${FAULTY:-nothing} "*) exit 1 ;;
    *" -m venv "*) rm -rf .venv && mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    *" manage.py "*) echo "told $DSAR_ENV_FILE" ;;
esac
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A copy of the script, in a folder with a space in its name, and a PATH of bare necessities, without Python."""
    folder = tmp_path / "a copy"
    (folder / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "run", folder)
    for name in NEEDED:
        (folder / "bin" / name).symlink_to(shutil.which(name) or name)
    return folder


def program(machine: Path, name: str, body: str) -> None:
    path = machine / "bin" / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def run(
    machine: Path, *arguments: str, user: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("dash") or "/bin/sh"
    return subprocess.run(
        [shell, str(machine / "run"), *arguments],
        cwd="/",
        env={"PATH": str(machine / "bin"), **environment},
        user=user,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_tells_of_every_command(machine: Path) -> None:
    done = run(machine, "help")
    (offered,) = re.findall(r"^    ([a-z |]+)\) \"\$COMMAND\"", (ROOT / "run").read_text(), re.MULTILINE)
    assert done.returncode == 0
    assert {f"./run {command.strip()}" for command in offered.split("|")} | {"./run test"} <= {
        " ".join(line.split()[:2]) for line in done.stdout.splitlines()
    }


def test_an_unknown_command_is_refused_with_the_help(machine: Path) -> None:
    done = run(machine, "dmeo")
    assert done.returncode == 2
    assert done.stderr.endswith("There is no ./run dmeo.\n")


def test_who_may_not_install_is_told_the_exact_line(machine: Path) -> None:
    program(machine, "apt-get", "exit 99")
    program(machine, "id", "echo 1000")
    done = run(machine, "demo")
    assert done.returncode == 2
    assert "sudo apt-get install -y --no-install-recommends python3 python3-venv" in done.stderr
    assert "libpango-1.0-0" in done.stderr


def test_where_there_is_no_apt_the_line_for_macos_is_told(machine: Path) -> None:
    done = run(machine, "demo")
    assert done.returncode == 2
    assert "brew install python pango" in done.stderr


def test_root_installs_what_is_missing_and_shows_the_line(machine: Path) -> None:
    program(machine, "apt-get", 'echo "$@" >> "${0%/*}/asked"')
    program(machine, "id", "echo 0")
    done = run(machine, "demo")
    update, install = (machine / "bin" / "asked").read_text().splitlines()
    assert (update, install.split()[:3]) == ("update", ["install", "-y", "--no-install-recommends"])
    assert f"Running: apt-get {install}" in done.stderr
    assert done.returncode == 2  # this apt-get brought no Python


def test_an_apt_get_that_fails_is_shown(machine: Path) -> None:
    program(machine, "apt-get", "echo No space left on device; exit 100")
    program(machine, "id", "echo 0")
    done = run(machine, "demo")
    assert done.returncode == 2
    assert "No space left on device" in done.stderr


# ---- .venv and the file with the settings


@pytest.fixture
def made(machine: Path) -> Path:
    """The machine has a Python, and the packages are installed already."""
    program(machine, "python3", PYTHON)
    (machine / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(machine / "bin" / "python3", machine / ".venv" / "bin" / "python")
    (machine / "requirements").mkdir()
    for name in ("demo", "test"):
        (machine / "requirements" / f"{name}.txt").write_text(f"what {name} needs\n")
        shutil.copy(machine / "requirements" / f"{name}.txt", machine / ".venv" / f"installed-{name}.txt")
    return machine


def asked(place: Path) -> str:
    """What a Python was asked for."""
    return (place / "asked").read_text() if (place / "asked").exists() else ""


def test_help_writes_nothing(machine: Path) -> None:
    assert run(machine, "help").returncode == 0
    assert {path.name for path in machine.iterdir()} == {"bin", "run"}


def test_installed_packages_are_left_as_they_are(made: Path) -> None:
    assert run(made, "manage", "check").returncode == 0
    assert "-m pip" not in asked(made / ".venv" / "bin")
    assert "-m venv" not in asked(made / "bin")


def test_a_venv_without_pip_is_made_anew(made: Path) -> None:
    """It was half made when somebody pressed Ctrl-C, or made by uv, which is gone."""
    program(made, "../.venv/bin/python", 'if [ "$2" = pip ]; then exit 1; fi')
    (made / "requirements" / "demo.txt").write_text("something new\n")
    assert run(made, "manage", "check").returncode == 0
    assert "-m venv --clear .venv" in asked(made / "bin")
    assert "-m pip install --require-hashes" in asked(made / ".venv" / "bin")
    assert (made / ".venv" / "installed-demo.txt").read_text() == "something new\n"


def test_an_installation_that_was_stopped_is_not_taken_for_done(made: Path) -> None:
    (made / "requirements" / "demo.txt").write_text("something new\n")
    assert run(made, "manage", "check", FAULTY="install").returncode == 2
    assert not list((made / ".venv").glob("installed-*"))


def test_secrets_are_made_at_the_usual_place_only(made: Path) -> None:
    done = run(made, "manage", "check", DSAR_ENV_FILE="/etc/dsar/enviroment")
    assert done.returncode == 2
    assert "there is no file /etc/dsar/enviroment" in done.stderr
    assert "first_run" not in asked(made / ".venv" / "bin")
    run(made, "manage", "check")
    assert f"-m dsar.first_run {made}/var/environment" in asked(made / ".venv" / "bin")


def test_manage_works_in_the_environment_of_the_demo_and_says_so(made: Path) -> None:
    file = made / "var" / "demo" / "environment"
    file.parent.mkdir(parents=True)
    file.touch()
    done = run(made, "manage", "verify_audit")
    assert done.stdout == f"told {file}\n"
    assert f"Settings: {file}" in done.stderr
    own = made / "own"
    own.touch()
    assert run(made, "manage", "verify_audit", DSAR_ENV_FILE=str(own)).stdout == f"told {own}\n"


@pytest.fixture
def open_to_all() -> Iterator[Path]:
    """A folder that others may enter; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="dsar-run-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("command", ["demo", "quick"])
def test_what_root_has_made_is_told_with_the_line_that_gives_it_back(
    command: str, made: Path, open_to_all: Path
) -> None:
    program(made, "id", "echo somebody")
    copy = Path(shutil.copytree(made, open_to_all / "a copy", symlinks=True))
    done = run(copy, command, user="nobody")
    assert done.returncode == 2
    assert f"sudo chown -R somebody '{copy}/.venv' '{copy}/var'" in done.stderr
    shutil.rmtree(copy / ".venv")
    done = run(copy, command, user="nobody")
    assert f"{copy} can't be written to" in done.stderr
    assert run(copy, "help", user="nobody").returncode == 0
