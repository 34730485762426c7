"""docs/laws.md tells what the packs hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from requests_app.law import packs
from tests.law.us_table import STATES, State

PAGE = Path(__file__).parents[2] / "docs" / "laws.md"
ROWS = {
    cells[0].strip("`"): cells
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}


def test_the_page_has_one_row_for_every_pack() -> None:
    assert sorted(ROWS) == sorted(packs.all_packs())


@pytest.mark.parametrize("law", packs.all_packs())
def test_a_row_says_since_when_the_law_applies_and_how_sure_that_is(law: str) -> None:
    pack = packs.law_pack(law)
    assert ROWS[law][2] == pack.since.isoformat()
    assert ROWS[law][-1] == pack.sureness


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.law)
def test_a_row_of_a_state_tells_what_the_tests_say_of_it(state: State) -> None:
    days, *more = state.appeal or ("none",)
    appeal = f"{days} ({more[0]})" if more else str(days)
    assert ROWS[state.law][1:-1] == [
        packs.law_pack(state.law).short_title.en,
        state.in_force,
        state.rights,
        f"{state.days} ({state.extended})",
        str(state.free),
        appeal,
        state.signal or "no",
    ]
