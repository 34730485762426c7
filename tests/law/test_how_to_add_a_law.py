"""docs/how-to-add-a-law.md, followed: the law that stands in the page is added to a folder of packs, and asked."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from requests_app.law import packs
from requests_app.law.calendars import WEEKDAYS_ONLY
from requests_app.law.duties import duties
from requests_app.law.packs import LawPack
from requests_app.law.words import DutyKind, Right

PAGE = (Path(__file__).parents[2] / "docs" / "how-to-add-a-law.md").read_text(encoding="utf-8")
FILE = re.search(r"`requests_app/law/packs/(\w+\.toml)`:", PAGE)[1]  # type: ignore[index]
NOW = date(2026, 11, 23)


BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def blocks(kind: str) -> list[str]:
    """What stands in the page between fences of this kind."""
    return [text for fence, text in BLOCKS if fence == kind]


(TOML,), (JSON,), (FAULT,) = blocks("toml"), blocks("json"), blocks("")
COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packs with the law of the page, from which the laws are read."""
    packs_folder = tmp_path / "packs"
    packs_folder.mkdir()
    for slug in ("ccpa", packs.HOUSE):
        (packs_folder / f"{slug}.toml").write_bytes((packs.FOLDER / f"{slug}.toml").read_bytes())
    (packs_folder / FILE).write_text(TOML, encoding="utf-8")
    (tmp_path / "situations.json").write_text(JSON, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(packs, "FOLDER", packs_folder)
    return packs_folder


@pytest.fixture
def laws(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, LawPack]:
    """The packs of that folder, as the program reads them when it starts."""
    read = packs.read_folder(folder)
    monkeypatch.setattr(packs, "all_packs", lambda: read)
    return read


def printed(command: str) -> str:
    """What a command of the page prints."""
    out = io.StringIO()
    assert command.startswith("./run manage law "), command
    call_command(*shlex.split(command)[2:], stdout=out)
    return out.getvalue()


def test_the_page_names_every_act_of_the_command(laws: Mapping[str, LawPack]) -> None:
    assert {shlex.split(command)[3] for command in COMMANDS} == {"check", "show", "diff", "solve"}
    assert all(printed(command) for command in COMMANDS)


@pytest.mark.slow
def test_the_law_is_proved_and_shown(laws: Mapping[str, LawPack]) -> None:
    check, show, diff, _solve = COMMANDS
    assert "freedonia" in printed(check)
    assert "3 packs can be used." in printed(check)
    shown = printed(show)
    assert "Freedonian Data Act (freedonia)" in shown
    assert "20 calendar days" in shown
    assert "BEGINS LATER" in shown
    changed = printed(diff)
    assert changed.index("- 20 calendar days") < changed.index("+ 14 calendar days")


def test_a_misspelt_citation_gives_the_fault_that_the_page_tells(folder: Path) -> None:
    start = TOML.index("[[rights]]")
    broken = TOML[:start] + TOML[start:].replace("citation", "citaton", 1)
    (folder / FILE).write_text(broken, encoding="utf-8")
    with pytest.raises(CommandError) as fault:
        call_command("law", "check")
    assert f"{fault.value}\n" == FAULT
    assert fault.value.returncode == 1


def test_the_situations_are_answered_as_the_page_expects(laws: Mapping[str, LawPack]) -> None:
    expected: list[dict[str, Any]] = json.loads(JSON)
    for case, solved in zip(expected, json.loads(printed(COMMANDS[-1])), strict=True):
        assert solved["id"] == case["id"]
        assert {key: solved["answer"].get(key) for key in case["expect"]} == case["expect"]
        assert any("Data Act" in sentence for sentence in solved["working"])


def test_its_duties_are_counted_and_it_is_the_law_of_who_lives_there(laws: Mapping[str, LawPack]) -> None:
    (law,) = packs.laws_for("XF", Right.DELETE, NOW)
    assert law.slug == "freedonia"
    assert packs.laws_for("US-CA", Right.DELETE, NOW) == (laws["ccpa"],)
    assert packs.laws_for("XF", Right.CORRECT, NOW) == (laws[packs.HOUSE],)
    (duty,) = duties(law, Right.DELETE, received_on=NOW, calendar=WEEKDAYS_ONLY, house=packs.house())
    assert (duty.kind, duty.due_on, duty.citation) == (DutyKind.ANSWER, date(2026, 12, 13), "Data Act ss.7-8")
