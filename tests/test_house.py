"""The rules of the house, checked on the code itself."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PACKAGES = ("dsar", "requests_app", "exports")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = {path.stem: path.read_text() for path in (ROOT / "requirements").glob("*.txt")}
EXTRAS = PROJECT["project"]["optional-dependencies"]
WANTED = {
    "base": PROJECT["project"]["dependencies"],
    "demo": PROJECT["project"]["dependencies"] + EXTRAS["demo"],
    "test": PROJECT["project"]["dependencies"] + EXTRAS["demo"] + EXTRAS["test"],
}
LONGEST_FUNCTION = 60
LONGEST_FILE = 500
ONE_BY_NATURE = {Path("exports/bundle/verify.py"): 560}  # handed to people as a program of one file
SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc"}


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def pins(lock: str) -> dict[str, Requirement]:
    """The locked packages by normalised name."""
    lines = (line.rstrip(" \\") for line in lock.splitlines() if line and line[0] not in " #-")
    return {requirement.name.lower().replace("_", "-"): requirement for requirement in map(Requirement, lines)}


@pytest.mark.parametrize("name", WANTED)
def test_the_lock_holds_what_the_project_asks_for(name: str) -> None:
    locked = pins(LOCKS[name])
    for text in WANTED[name]:
        wanted = Requirement(text)
        if wanted.name == "dsar":
            continue
        pin = locked.get(wanted.name.lower())
        assert pin, f"requirements/{name}.txt lacks {wanted.name}: run ./run lock"
        (version,) = pin.specifier
        assert wanted.specifier.contains(version.version), f"{name}.txt has {pin}, wanted {wanted}: run ./run lock"


def test_each_lock_can_be_installed_over_a_smaller_one() -> None:
    base, demo, full = (pins(LOCKS[name]) for name in ("base", "demo", "test"))
    assert base.items() <= demo.items()
    assert {name: pin.specifier for name, pin in demo.items()}.items() <= {
        name: pin.specifier for name, pin in full.items()
    }.items()


def test_locks_name_hashes_and_no_address() -> None:
    for name, lock in LOCKS.items():
        assert "http" not in lock, name
        assert all(line.endswith(" \\") for line in lock.splitlines() if line[0] != " "), name


def test_the_state_machine_is_the_maintained_fork() -> None:
    """Both distributions install the package django_fsm, and the one installed last wins."""
    with pytest.raises(metadata.PackageNotFoundError):
        metadata.version("django-fsm")
    assert metadata.version("django-fsm-2")


@pytest.mark.slow
def test_every_function_can_be_read_at_once() -> None:
    long = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path in sources(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno >= LONGEST_FUNCTION
    ]
    assert not long


def test_every_file_has_one_subject() -> None:
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in sources(*PACKAGES, "tests")}
    assert not [path for path, lines in lengths.items() if lines > ONE_BY_NATURE.get(path, LONGEST_FILE)]


def test_every_module_has_a_name_that_says_something() -> None:
    assert not [
        path for path in sources(*PACKAGES, "tests") if path.stem in SAY_NOTHING or path.parent.name in SAY_NOTHING
    ]


def test_every_module_stands_on_a_floor() -> None:
    """The layers contract names each part of the packages, so that nothing new escapes it."""
    layers = next(c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "layers")["layers"]
    floors = {part.strip(" ()") for layer in layers for part in layer.replace(":", "|").split("|")}
    parts = {
        f"{package}.{path.stem}"
        for package in PACKAGES
        for path in (ROOT / package).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    without_floor = {"__init__", "migrations"}
    assert not {part for part in parts if part.split(".")[1] not in without_floor} - floors
