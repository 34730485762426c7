"""After a deletion the source is asked again: what is left is explained, or told to people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from exports.admin.attention import _troubles
from exports.models import Act, ErasedRow
from exports.reports.case_report import report_html
from exports.sources.sql import SqlConnector
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.states import State
from tests.exports import loyalty_cards
from tests.exports.fulfil.test_choosing import MINE, THEIRS, choose, family, stopped  # noqa: F401 - a fixture
from tests.exports.house import House, facts_of, fresh, person, remap

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def act_in(case: Case, source: str) -> Act:
    return Act.objects.filter(case=case, source__slug=source).latest("round")


@pytest.fixture
def left_behind(house: House, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A deletion; while it is carried out, the person's address comes in once more."""
    case = house.deciding(Right.DELETE)
    delete: Callable[..., object] = SqlConnector.delete

    def and_more(connector: SqlConnector, *arguments: object, **more: object) -> object:
        done = delete(connector, *arguments, **more)
        if connector.datamap.source == "shop":
            house.sql("shop", "INSERT INTO newsletter_subscribers SELECT * FROM put_by")
        return done

    hers = "SELECT * FROM newsletter_subscribers WHERE lower(email) = lower(?)"
    house.sql("shop", "CREATE TABLE put_by AS SELECT * FROM newsletter_subscribers WHERE 0")
    house.sql("shop", f"INSERT INTO put_by {hers}", person().email)
    assert house.sql("shop", "SELECT count(*) FROM put_by")[0][0] == 1
    with monkeypatch.context() as patch:
        patch.setattr(SqlConnector, "delete", and_more)
        house.approve(case)
    return fresh(case)


def test_a_second_gathering_finds_nothing_but_what_is_explained(house: House) -> None:
    case = house.closed(Right.DELETE)
    for source in ("shop", "web_log"):
        act = act_in(case, source)
        assert act.looked_again
        assert not act.left_behind
    assert act_in(case, "shop").looked_again["addresses"] == {"left": 0, "unexpected": 0}
    assert [facts["left"] for facts in facts_of(case, EventKind.ACT_DONE)] == [{}, {}]
    assert "looked again" in report_html(case)


def test_what_is_still_found_goes_back_to_a_person_who_sees_why(left_behind: Case) -> None:
    assert left_behind.state == State.DECIDING
    assert facts_of(left_behind, EventKind.HAND_BACK)[0]["because"] == "still_found"
    assert facts_of(left_behind, EventKind.ACT_DONE)[-1]["left"] == {"newsletter_subscribers": 1}
    assert act_in(left_behind, "shop").left_behind == {"newsletter_subscribers": 1}
    (trouble,) = [found for found in _troubles(left_behind) if found.code == "still_found"]
    assert "a second look into the source still finds rows" in trouble.to_do
    assert "looked again: still found" in report_html(left_behind)


def test_to_approve_again_without_doing_anything_ends_nothing(house: House, left_behind: Case) -> None:
    house.approve(left_behind)
    assert fresh(left_behind).state == State.DECIDING
    assert facts_of(left_behind, EventKind.LOOKED_AGAIN)[0]["left"] == {"newsletter_subscribers": 1}


def test_what_was_deleted_by_hand_since_is_seen_at_the_next_approval(
    house: House, request: pytest.FixtureRequest
) -> None:
    loyalty_cards.handed_out(house, by="orders")  # which are kept, still lead to the cards, and need them
    house.sql("shop", "UPDATE orders SET guest_email = ? WHERE card_id = ?", person().email, loyalty_cards.OWN)
    left_behind = request.getfixturevalue("left_behind")
    house.sql("shop", "DELETE FROM newsletter_subscribers WHERE email IN (SELECT email FROM put_by)")
    house.approve(left_behind)
    assert fresh(left_behind).state == State.CLOSED
    assert facts_of(left_behind, EventKind.LOOKED_AGAIN)[0]["left"] == {}


def test_gathered_again_it_is_deleted_as_well_and_looked_for_by_what_led_there_before(
    house: House, left_behind: Case
) -> None:
    house.move(left_behind, "gather_again")
    house.work()
    house.approve(left_behind)
    assert fresh(left_behind).state == State.CLOSED
    assert not act_in(left_behind, "shop").left_behind
    gone = "SELECT * FROM newsletter_subscribers WHERE email IN (SELECT email FROM put_by)"
    assert house.sql("shop", gone) == []
    assert [facts["left"] for facts in facts_of(left_behind, EventKind.LOOKED_AGAIN)] == [{}]


def test_a_restored_shop_is_as_after_the_deletion_again(house: House) -> None:
    """But for the random token, which is another one."""
    backup = house.database("shop").read_bytes()
    case = house.closed(Right.DELETE)
    tables = [str(row[0]) for row in house.sql("shop", "SELECT name FROM sqlite_master WHERE type = 'table'")]

    def rows() -> dict[str, list[tuple[object, ...]]]:
        hold = {name: house.sql("shop", f"SELECT * FROM {name} ORDER BY 1, 2") for name in tables}
        columns = [str(row[1]) for row in house.sql("shop", "PRAGMA table_info(customers)")]
        token = columns.index("account_no")
        hold["customers"] = [row[:token] + row[token + 1 :] for row in hold["customers"]]
        return hold

    after, listed = rows(), ErasedRow.objects.count()
    assert listed == sum(
        entry["rows"]
        for act in Act.objects.filter(case=case)
        for entry in act.proof.values()
        if entry["action"] != "keep"
    )
    house.database("shop").write_bytes(backup)
    assert rows() != after
    said = StringIO()
    call_command("deletions", "replay", "shop", stdout=said)
    assert rows() == after
    assert "1 deletions done again" in said.getvalue()


def test_who_subscribed_again_and_uses_the_same_device_again_is_left_to_people_by_a_replay(house: House) -> None:
    device, who = house.sql("shop", "SELECT device_id FROM devices WHERE customer_id = 7")[0][0], person()
    house.closed(Right.DELETE)
    house.later(timedelta(days=30))
    subscribed = "INSERT INTO newsletter_subscribers (email, first_name, subscribed_at) VALUES (?, 'Again', ?)"
    house.sql("shop", subscribed, who.email, "2026-12-20 10:00:00")
    house.sql("shop", "UPDATE customers SET email = ? WHERE id = 8", who.email)  # the account that they have by now
    seen = "INSERT INTO devices (device_id, customer_id, platform, first_seen_at) VALUES (?, 8, 'web', ?)"
    house.sql("shop", seen, device, "2026-12-20 10:00:00")
    said = StringIO()
    with pytest.raises(CommandError, match="Not all could be done"):
        call_command("deletions", "replay", "shop", stdout=said)
    assert "newsletter_subscribers: 1 to look at by hand" in said.getvalue()
    assert "devices: 1 to look at by hand" in said.getvalue()
    assert house.sql("shop", "SELECT first_name FROM newsletter_subscribers WHERE email = ?", who.email) == [("Again",)]
    assert house.sql("shop", "SELECT customer_id FROM devices WHERE device_id = ?", device) == [(8,)]


def test_what_was_left_is_looked_for_among_the_records_that_were_chosen(
    family: House,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two people share an address: of the other one all is there, and is none of what was left."""
    remap("shop", "account_no: random", "account_no: keep")
    case = choose(family, stopped(family, Right.DELETE), MINE)
    theirs = family.sql("shop", "SELECT count(*) FROM reviews WHERE customer_id = ?", THEIRS)
    family.sql("shop", "CREATE TABLE put_by AS SELECT * FROM reviews WHERE customer_id = ? LIMIT 1", MINE)
    family.sql("shop", "UPDATE put_by SET id = 7777777")
    delete: Callable[..., object] = SqlConnector.delete

    def and_more(connector: SqlConnector, *arguments: object, **more: object) -> object:
        done = delete(connector, *arguments, **more)
        if connector.datamap.source == "shop":
            family.sql("shop", "INSERT INTO reviews SELECT * FROM put_by")
        return done

    with monkeypatch.context() as patched:
        patched.setattr(SqlConnector, "delete", and_more)
        family.approve(case)
    assert act_in(case, "shop").left_behind == {"reviews": 1}
    family.move(case, "gather_again")
    family.work()
    family.approve(case)
    assert fresh(case).state == State.CLOSED
    assert family.sql("shop", "SELECT count(*) FROM reviews WHERE customer_id = ?", THEIRS) == theirs
