"""``./run`` on machines that lack something: what is missing is installed by root, told to anyone else."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEEDED = ("dirname", "date", "uname", "mktemp", "sleep", "rm", "mkdir", "cat", "grep")


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


def run(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    shell = shutil.which("dash") or "/bin/sh"
    return subprocess.run(
        [shell, str(machine / "run"), *arguments],
        cwd="/",
        env={"PATH": str(machine / "bin")},
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
