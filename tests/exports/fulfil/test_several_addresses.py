"""Whoever has several addresses in a table of their own is answered, and deleted, for all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from exports.fulfil import choosing
from exports.models import DataSource
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.states import State
from tests.exports.fulfil.test_replaying_what_was_kept import replay
from tests.exports.house import NOW, House, files_of, fresh, json_lines, person, rows
from tests.exports.sources.forum import ANN, BOB, ROWS, fill, left, map_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


@pytest.fixture
def forum(house: House, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A forum, in which the person of the house has the address of the one who is named, by whom alone they ask."""
    path = house.database("forum")
    engine = sa.create_engine(f"sqlite:///{path}")
    fill(engine, **{request.param: str(person().email)})
    for kind in ("READ", "WRITE"):
        monkeypatch.setenv(f"FORUM_{kind}_URL", f"sqlite:///{path}")
    DataSource.set_up(
        map_of(), read_url_variable="FORUM_READ_URL", write_url_variable="FORUM_WRITE_URL", position=9, at=NOW
    )
    yield engine
    engine.dispose()


def gathered(case: Case) -> dict[str, list[int]]:
    """The keys of what was gathered of the forum."""
    return {name: sorted(int(str(row["id"])) for row in rows(case, "forum", name)) for name in ROWS}


@pytest.mark.parametrize("forum", ["ann"], indirect=True)
def test_an_answer_holds_all_addresses_and_what_hangs_on_them(house: House, forum: Engine) -> None:
    case = house.closed(Right.KNOW_SPECIFIC)
    assert gathered(case) == {name: ANN[name] for name in ROWS}
    (place,) = (name for name in files_of(case) if name.endswith("forum/user_emails.jsonl"))
    addresses = {record["email"] for record in json_lines(files_of(case)[place])}
    assert addresses == {str(person().email), "ann@work.example"}


@pytest.mark.parametrize("forum", ["ann"], indirect=True)
def test_a_deletion_takes_all_and_a_replay_takes_it_again(house: House, forum: Engine) -> None:
    before, backup = left(forum), house.database("forum").read_bytes()
    house.closed(Right.DELETE)
    after = {name: [key for key in before[name] if key not in ANN[name]] for name in ROWS}
    assert left(forum) == after
    forum.dispose()
    house.database("forum").write_bytes(backup)
    said, why = replay("forum")
    assert (left(forum), why) == (after, "")
    assert "by hand" not in said


@pytest.mark.parametrize("forum", ["family"], indirect=True)
def test_of_two_members_with_one_address_the_chosen_one_is_answered_for(house: House, forum: Engine) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    house.work()
    assert fresh(case).state == State.GATHERING
    candidates = {tuple(json.loads(one.details)["key"]): one.number for one in choosing.candidates_of(case)}
    assert candidates.keys() == {(2,), (3,)}
    house.move(case, "choose_records", source="forum", records=str(candidates[2,]), reason="Bob wrote.")
    house.work()
    assert gathered(fresh(case)) == {name: BOB[name] for name in ROWS}
