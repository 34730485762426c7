"""The example company's systems: a shop and a web log, each a database of its own, and how the house reaches them."""

from __future__ import annotations

from pathlib import Path

from dsar.demo.shop import build_shop
from dsar.demo.web_log import build_web_log

BUILD = {"shop": build_shop, "web_log": build_web_log}
VARIABLES = {name: f"DEMO_{name.upper()}" for name in BUILD}


def addresses(folder: Path) -> dict[str, str]:
    """The environment variables with which the systems in this folder are read and written."""
    found = {}
    for name, variable in VARIABLES.items():
        found[f"{variable}_READ_URL"] = found[f"{variable}_WRITE_URL"] = f"sqlite:///{folder / name}.sqlite3"
    return found


def build(folder: Path) -> None:
    """Make the databases; about two seconds of work."""
    for name, make in BUILD.items():
        make(folder / f"{name}.sqlite3")
