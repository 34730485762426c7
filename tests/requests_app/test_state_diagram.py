"""The page about the state machine is made from the code, and says when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from requests_app.law.words import Route
from requests_app.management.commands import state_diagram
from requests_app.moves import MOVES
from requests_app.states import STATE_MOVES, allowed_pairs


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page, somewhere else."""
    monkeypatch.setattr(state_diagram, "PAGE", tmp_path / "state-machine.md")
    return tmp_path / "state-machine.md"


def test_the_page_in_the_docs_is_the_one_that_the_code_makes() -> None:
    call_command("state_diagram", check=True)


def test_a_page_that_is_missing_or_stale_is_told_with_exit_code_one(page: Path) -> None:
    with pytest.raises(CommandError, match="stale") as missing:
        call_command("state_diagram", check=True)
    assert missing.value.returncode == 1
    page.write_text("old")
    with pytest.raises(CommandError, match="manage state_diagram"):
        call_command("state_diagram", check=True)
    assert page.read_text() == "old"


def test_what_was_written_is_not_stale(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("state_diagram")
    assert capsys.readouterr().out == f"Written: {page}\n"
    call_command("state_diagram", check=True)


def test_every_pair_is_an_arrow_of_its_route() -> None:
    for route in Route:
        picture = state_diagram.picture(route)
        for pair in allowed_pairs():
            assert (f"    {pair.source} --> {pair.target}: " in picture) is (
                (pair.source, pair.target, route) in allowed_pairs()
            )


def test_every_move_has_a_row_with_who_makes_it_and_what_happens() -> None:
    rows = [line.strip("| ").split(" | ") for line in state_diagram.table().splitlines()]
    by_slug = {row[0]: row for row in rows[2:]}
    assert set(by_slug) == set(STATE_MOVES) | set(MOVES)
    assert {len(row) for row in rows} == {len(state_diagram.COLUMNS)}
    assert by_slug["withdraw"][4] == "the person"
    assert by_slug["finish"][4:] == ["the system", "", "", "Answered and told."]
    assert by_slug["refuse_opt_out"][3:5] == ["direct", "approver"]
    assert by_slug["extend"][2] == "stays"
    assert by_slug["accept_proof"][2] == "full: reviewing; decide only: deciding"
    assert by_slug["confirm"][4] == "the person"
    assert by_slug["refuse"][6] == "ground, explanation to the person, reason, balancing"
    assert by_slug["extend"][5] == "One extension, while the first period runs, where a law of the case has one (G7)."
