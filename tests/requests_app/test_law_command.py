"""``manage.py law``: it prints, needs no database, and says what to do about a wrong file, law or day."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from requests_app.law import packs, presenting

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SITUATION = {
    "id": "one",
    "law": "ccpa",
    "type": "response_deadline",
    "facts": {"request_type": "delete", "received_on": "2026-11-23"},
}


@pytest.fixture(autouse=True)
def _someday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda: date(2026, 11, 23))


def law(*arguments: str) -> str:
    """What the command prints."""
    out = io.StringIO()
    call_command("law", *arguments, stdout=out)
    return out.getvalue()


def told(*arguments: str) -> str:
    """Why the command prints nothing."""
    with pytest.raises(CommandError) as refused:
        law(*arguments)
    assert refused.value.returncode == 1
    return str(refused.value)


def solved(file: Path, what: object) -> Any:
    """The answers to what is written into the file."""
    file.write_text(json.dumps(what), encoding="utf-8")
    return json.loads(law("solve", str(file)))


def test_show_prints_the_law_of_today_or_of_the_day_that_is_named() -> None:
    ccpa = packs.law_pack("ccpa")
    assert law("show", "ccpa") == presenting.show(ccpa, date(2026, 11, 23))
    assert law("show", "ccpa", "--on", "2027-01-01") == presenting.show(ccpa, date(2027, 1, 1))
    assert "As of 1 May 2027:" in law("show", "us_al")  # its first day


def test_check_proves_every_pack_and_diff_tells_what_changes() -> None:
    assert f"{len(packs.all_packs())} packs can be used." in law("check")
    assert "Learn how automated technology" in law("diff", "2026-12-31", "2027-01-01", "--law", "ccpa")


def test_check_tells_the_fault_with_file_key_and_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for slug in ("ccpa", "house"):
        text = (packs.FOLDER / f"{slug}.toml").read_text(encoding="utf-8")
        (tmp_path / f"{slug}.toml").write_text(text.replace("\ncitation =", "\ncitaton =", 1), encoding="utf-8")
    monkeypatch.setattr(packs, "FOLDER", tmp_path)
    assert told("check").endswith("/ccpa.toml: law.citation: missing: write a text in quotes")


def test_solve_prints_a_list_of_answers_with_their_working(tmp_path: Path) -> None:
    (answer,) = solved(tmp_path / "one.json", [SITUATION])
    assert answer["id"] == "one"
    assert answer["answer"]["due"] == "2027-01-07"
    assert any("Civ. Code 1798.130(a)(2)(A)" in sentence for sentence in answer["working"])
    assert set(answer) == {"id", "answer", "working"}


def test_solve_takes_one_situation_alone_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = solved(tmp_path / "one.json", SITUATION)
    monkeypatch.setattr(sys, "stdin", io.StringIO("\ufeff" + json.dumps([SITUATION])))
    assert json.loads(law("solve", "-")) == alone


def test_solve_answers_the_others_when_one_can_t_be(tmp_path: Path) -> None:
    first, second = solved(tmp_path / "two.json", [SITUATION | {"law": "ccpaa", "id": "é\ud800"}, SITUATION])
    assert first == {"id": "é\ud800", "error": "situation.law 'ccpaa' is not known: did you mean 'ccpa'?"}
    assert second["answer"]["due"] == "2027-01-07"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"{", "is no JSON (Expecting property name"),
        (b"\xff", "is no JSON ('utf-8' codec can't decode"),
        (b'{"id": NaN}', "is no JSON (NaN is no value of JSON)"),
        (b"[" * 200_000, "is nested too deeply"),
        (b'"text"', "This is no list of situations: write [{...}, {...}], or one {...}."),
    ],
)
def test_a_file_that_holds_no_situations_says_so(tmp_path: Path, content: bytes, fault: str) -> None:
    file = tmp_path / "situations.json"
    file.write_bytes(content)
    assert fault in told("solve", str(file))


def test_what_can_t_be_read_names_the_cure(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    assert told("solve", str(missing)) == (
        f"{missing} can't be read (No such file or directory): name a JSON file, or - for standard input."
    )
    assert "Is a directory" in told("solve", str(tmp_path))
    assert told("show", "ccpaa").startswith("There is no law 'ccpaa': use one of ccpa,")
    assert told("show", "ccpa", "--on", "soon") == "'soon' is no date: write one such as 2027-01-01."
    assert "applies since 1 January 2020" in told("show", "ccpa", "--on", "2019-12-31")
    assert told("diff", "2027-01-01", "2026-01-01", "--law", "ccpa").endswith("write the earlier day first.")
    assert "required: show|check|diff|solve" in told()


def test_a_pack_that_can_t_be_used_stops_every_command_with_one_line(tmp_path: Path) -> None:
    """Django reads the packs when it starts; the line names file, key and cure, without a traceback."""
    broken = (
        "import sys; from pathlib import Path; from requests_app.law import packs;"
        f"packs.FOLDER = Path({str(tmp_path)!r}); sys.argv = ['manage.py', 'check'];"
        "import runpy; runpy.run_path('manage.py', run_name='__main__')"
    )
    ended = subprocess.run([sys.executable, "-c", broken], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == (f"{tmp_path.name}/house.toml: missing: write what the organisation promises to everybody\n")


def managed(*words: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """What ``manage.py`` does where nobody has set anything."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("DSAR_", "DJANGO_"))}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(
        command, cwd=ROOT, env={**bare, **environment}, input=typed, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("environment", [{}, {"DSAR_TIME_ZONE": "Nowhere"}], ids=["no settings", "wrong ones"])
def test_the_law_answers_where_nothing_is_set(environment: dict[str, str]) -> None:
    ended = managed("law", "solve", "-", typed=json.dumps([SITUATION]), **environment)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)[0]["answer"]["due"] == "2027-01-07"
    ended = managed("law", "show", "ccpb", **environment)
    assert ended.returncode == 1
    assert ended.stderr.startswith("CommandError: There is no law 'ccpb'")


def test_every_other_command_names_the_settings_that_it_lacks_and_the_cure() -> None:
    ended = managed("check")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("Settings that are missing or wrong:\n  DSAR_SECRET_KEY: ")
    assert ended.stderr.endswith(
        "\n`./run manage …` takes the settings of the demo; a house of your own names its file in DSAR_ENV_FILE.\n"
    )
