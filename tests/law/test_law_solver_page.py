"""docs/law-solver.md tells what the command does: its commands run, its example comes out, its table is the code's."""

from __future__ import annotations

import io
import json
import re
import shlex
from pathlib import Path

import pytest
from django.core.management import call_command

from requests_app.law import packs
from requests_app.law.solving import KINDS

PAGE = (Path(__file__).parents[2] / "docs" / "law-solver.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
ASKED, ANSWERED = (json.loads(text) for fence, text in BLOCKS if fence == "json")
COMMANDS = [line for fence, text in BLOCKS if fence == "sh" for line in text.splitlines()]


def printed(command: str) -> str:
    """What a command of the page prints."""
    out = io.StringIO()
    call_command(*shlex.split(command.removeprefix("./run manage ")), stdout=out)
    return out.getvalue()


def test_every_command_of_the_page_runs_and_the_example_comes_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(packs, "read_folder", lambda _folder: packs.all_packs())  # read once is enough here
    Path("situations.json").write_text(json.dumps(ASKED), encoding="utf-8")
    assert [bool(printed(command)) for command in COMMANDS] == [True] * 5
    assert json.loads(printed(COMMANDS[-1])) == ANSWERED


def test_the_table_names_the_facts_and_the_keys_of_every_type() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `")
    ]
    told = {
        name.strip("`"): (re.findall(r"`(\w+)`", facts), re.findall(r"`(\w+)`", keys)) for name, _, facts, keys in rows
    }
    assert told == {name: (list(kind.facts), list(kind.keys)) for name, kind in KINDS.items()}
