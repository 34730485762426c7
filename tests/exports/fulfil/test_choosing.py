"""Which of these? Two people behind one address: nothing is gathered before a choice, and nothing but that after."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from dsar.demo.people import Chosen
from exports.fulfil import choosing
from exports.models import Act, Candidate, Part, RecordChoice, RunState
from exports.reports import case_report
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.states import State
from tests.exports.house import APPROVER, House, facts_of, fresh, person, rows, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

MINE, THEIRS = 7, 8  # numbers of customers
OF_CUSTOMER = ("addresses", "devices", "wishlist_items", "loyalty_entries", "reviews", "avatars", "orders")
EXACT = {
    "addresses": ("street", "postcode", "kind"),
    "orders": ("order_no",),
    "reviews": ("product_id", "body"),
    "devices": ("device_id",),
    "wishlist_items": ("product_id",),
    "loyalty_entries": ("points", "reason"),
}
WHY = "The telephone number is that of the request."


@pytest.fixture
def family(house: House) -> House:
    """Two customers share an address, by which a guest has ordered, too; the other one has rows of every kind."""
    address = person().email
    house.sql("shop", "UPDATE customers SET email = ? WHERE id = ?", address, THEIRS)
    for table in ("addresses", "wishlist_items", "loyalty_entries", "reviews"):
        columns = [str(row[1]) for row in house.sql("shop", f"PRAGMA table_info({table})")]
        taken = ", ".join(
            str(THEIRS) if name == "customer_id" else f"{name} + 900000" if name == "id" else name for name in columns
        )
        house.sql("shop", f"INSERT OR IGNORE INTO {table} SELECT {taken} FROM {table} WHERE customer_id = {MINE}")
    house.sql("shop", "INSERT INTO devices VALUES ('theirs', ?, 'ios', '2026-01-01 00:00:00')", THEIRS)
    first = "SELECT min(id) FROM orders WHERE customer_id != ? AND placed_at >= '2022-01-01'"
    house.sql("shop", f"UPDATE orders SET customer_id = ? WHERE id = ({first})", THEIRS, MINE)
    return house


def stopped(house: House, right: Right) -> Case:
    """A case that stops at the question."""
    case = house.reviewing(right)
    house.move(case, "start_gathering")
    house.work()
    return fresh(case)


def number_of(case: Case, customer: int) -> str:
    """The number on the page of a customer."""
    (found,) = [one for one in choosing.candidates_of(case) if json.loads(one.details)["key"] == [customer]]
    return str(found.number)


def choose(house: House, case: Case, *customers: int) -> Case:
    """Choose these customers; the workers go on."""
    records = ",".join(number_of(case, customer) for customer in customers) or "0"
    house.move(case, "choose_records", source="shop", records=records, reason=WHY)
    house.work()
    return fresh(case)


def whole_shop(house: House) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the shop, by table."""
    tables = [str(name) for (name,) in house.sql("shop", "SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: house.sql("shop", f"SELECT * FROM {name} ORDER BY 1, 2") for name in tables}


def held(house: House, table: str, customer: int) -> list[tuple[object, ...]]:
    """A customer's rows of a table, by what tells them apart; of orders those since 2022, which are asked for."""
    since = " AND placed_at >= '2022-01-01'" if table == "orders" else ""
    names = ", ".join(EXACT[table])
    return sorted(house.sql("shop", f"SELECT {names} FROM {table} WHERE customer_id = ?{since}", customer))


def gathered(case: Case, table: str) -> list[tuple[object, ...]]:
    """The same of what was gathered."""
    return sorted(tuple(row[name] for name in EXACT[table]) for row in rows(case, "shop", table))


def ids(house: House, table: str, customer: int) -> set[object]:
    """What a customer's rows of a table are known by."""
    return {row[0] for row in house.sql("shop", f"SELECT * FROM {table} WHERE customer_id = ?", customer)}


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.DELETE])
def test_of_two_people_at_once_nothing_is_gathered_planned_or_touched_until_somebody_chose(
    family: House, right: Right
) -> None:
    before = whole_shop(family)
    case = stopped(family, right)
    with pytest.raises(MoveShut, match="Open only while the case is deciding; it is gathering"):
        family.approve(case)
    assert whole_shop(family) == before
    assert case.state == State.GATHERING
    assert (run_of(case, "shop").state, run_of(case, "shop").error) == (RunState.FAILED, "WhichOfThese")
    assert not Part.objects.filter(run__case=case, run__source__slug="shop").exists()
    assert [one.chosen for one in choosing.candidates_of(case)] == [None, None]


def test_what_is_shown_is_enough_to_decide_and_not_more(family: House) -> None:
    case = stopped(family, Right.KNOW_SPECIFIC)
    mine, theirs = sorted(
        (choosing.shown(one) for one in choosing.candidates_of(case)), key=lambda one: len(one.led_by), reverse=True
    )
    assert mine.led_by == ("account_number", "email")
    assert theirs.led_by == ("email",)
    assert dict(mine.points)["phone"] == "yes"
    assert dict(theirs.points)["phone"] == "no"
    assert dict(theirs.points)["email"] == "yes"
    assert dict(theirs.points)["account_number"] == "no"
    known = person()
    assert known.email
    told = json.dumps([one.masked for one in (mine, theirs)], ensure_ascii=False)
    assert f"{known.email[0]}…@{known.email.partition('@')[2]}" in told
    (other,) = family.sql(
        "shop", "SELECT email, name, phone, account_no, birth_date FROM customers WHERE id = ?", THEIRS
    )
    secrets = [known.email, known.name, known.phone, known.account_no, *other]
    assert not [secret for secret in secrets if secret and str(secret) in told]


def test_nothing_of_the_records_stands_in_clear_in_our_database(family: House) -> None:
    case = stopped(family, Right.KNOW_SPECIFIC)
    choose(family, case, MINE)
    for row in [*Candidate.objects.values(), *RecordChoice.objects.values()]:
        clear = str({name: value for name, value in row.items() if not isinstance(value, bytes)})
        assert person().account_no not in clear
        assert "…" not in clear
        assert WHY not in clear
        assert person().account_no.encode() not in bytes(row.get("details_sealed") or b"")
    (facts,) = facts_of(case, EventKind.CHOOSE_RECORDS)
    assert facts.keys() == {"source", "candidates", "chosen", "keys"}
    assert (facts["candidates"], facts["chosen"]) == (2, 1)


def test_only_what_belongs_to_the_chosen_record_is_gathered(family: House) -> None:
    case = choose(family, stopped(family, Right.KNOW_SPECIFIC), MINE)
    assert case.state == State.DECIDING
    assert [row["account_no"] for row in rows(case, "shop", "customers")] == [Chosen.EVERYWHERE]
    for table in EXACT:
        assert gathered(case, table) == held(family, table, MINE), table
    assert rows(case, "shop", "newsletter_subscribers") == [], "found by nothing but what both share"
    assert {row["device_id"] for row in rows(case, "web_log", "web_devices")} == ids(family, "devices", MINE)


def test_of_two_accounts_of_one_person_everything_is_gathered(family: House) -> None:
    case = choose(family, stopped(family, Right.KNOW_SPECIFIC), MINE, THEIRS)
    assert len(rows(case, "shop", "customers")) == 2
    for table in EXACT:
        assert not set(held(family, table, MINE) + held(family, table, THEIRS)) - set(gathered(case, table)), table
    assert len(rows(case, "shop", "newsletter_subscribers")) == 1


def test_none_of_these_is_a_result(family: House) -> None:
    case = choose(family, stopped(family, Right.KNOW_SPECIFIC))
    assert case.state == State.DECIDING
    assert (run_of(case, "shop").state, run_of(case, "shop").counts) == (RunState.DONE, {})
    assert {"source": "shop", "counts": {}} in facts_of(case, EventKind.SOURCE_DONE)
    assert facts_of(case, EventKind.CHOOSE_RECORDS)[0]["keys"] == []
    report = case_report.report_html(case)
    assert "none of 2 records chosen by staff 1" in report
    assert "nothing found" in report


def test_a_choice_holds_in_later_rounds_and_can_be_changed(family: House) -> None:
    case = choose(family, stopped(family, Right.KNOW_SPECIFIC), THEIRS)
    assert gathered(case, "orders") == held(family, "orders", THEIRS)
    family.move(case, "gather_again")
    family.work()
    again = fresh(case)
    assert (again.state, again.gathering_round) == (State.DECIDING, 2)
    assert len(rows(again, "shop", "customers")) == 1
    changed = choose(family, again, MINE)
    assert (changed.state, changed.gathering_round) == (State.DECIDING, 3)
    assert [row["account_no"] for row in rows(changed, "shop", "customers")] == [Chosen.EVERYWHERE]
    assert [facts["chosen"] for facts in facts_of(case, EventKind.CHOOSE_RECORDS)] == [1, 1]


def test_a_record_that_came_since_is_asked_about(family: House) -> None:
    case = choose(family, stopped(family, Right.KNOW_SPECIFIC), MINE)
    family.sql("shop", "UPDATE customers SET email = ? WHERE id = 9", person().email)
    family.move(case, "gather_again")
    family.work()
    assert run_of(case, "shop").error == "WhichOfThese"
    assert sorted(str(one.chosen) for one in choosing.candidates_of(case)) == ["False", "None", "True"]
    assert choose(family, case, MINE).state == State.DECIDING


def test_a_number_means_one_record_though_another_one_went_and_a_third_came(family: House) -> None:
    case = choose(family, stopped(family, Right.KNOW_SPECIFIC), MINE)
    numbers = {number_of(case, MINE), number_of(case, THEIRS)}
    gone, _stays = sorted((MINE, THEIRS), key=lambda customer: number_of(case, customer))
    family.sql("shop", "UPDATE customers SET email = NULL, account_no = account_no || 'x' WHERE id = ?", gone)
    family.sql("shop", "UPDATE customers SET email = ? WHERE id = 9", person().email)
    family.move(case, "gather_again")
    family.work()
    assert run_of(case, "shop").error == "WhichOfThese"
    assert number_of(case, 9) not in numbers
    assert {number_of(case, MINE), number_of(case, THEIRS)} == numbers
    choose(family, case, 9)
    chosen = [one for one in choosing.candidates_of(case) if one.chosen]
    assert [json.loads(one.details)["key"] for one in chosen] == [[9]]


def test_a_choice_made_while_a_worker_notes_the_records_stays(family: House, monkeypatch: pytest.MonkeyPatch) -> None:
    case = choose(family, stopped(family, Right.KNOW_SPECIFIC), MINE)
    family.sql("shop", "UPDATE customers SET email = ? WHERE id = 9", person().email)
    tell, calls = choosing.told_of, iter(range(9))

    def decided_meanwhile(*about: Any) -> dict[str, Any]:
        if next(calls) == 0:
            Candidate.objects.filter(case=case).update(chosen=False)
        return tell(*about)

    monkeypatch.setattr(choosing, "told_of", decided_meanwhile)
    family.move(case, "gather_again")
    family.work()
    assert [one.chosen for one in choosing.candidates_of(case)] == [False, False, None]


def test_doubles_that_were_joined_in_the_source_need_no_choice(family: House) -> None:
    case = stopped(family, Right.KNOW_SPECIFIC)
    family.sql("shop", "UPDATE customers SET email = NULL WHERE id = ?", THEIRS)
    choose(family, case, MINE)
    assert fresh(case).state == State.DECIDING
    other = stopped(family, Right.KNOW_SPECIFIC)
    assert other.state == State.DECIDING
    assert not choosing.candidates_of(other).exists()


def test_a_deletion_leaves_every_row_of_the_other_as_it_was(family: House) -> None:
    case = choose(family, stopped(family, Right.DELETE), MINE)
    before = whole_shop(family)
    gone = {table: ids(family, table, MINE) for table in OF_CUSTOMER if table != "orders"}
    family.move(case, "approve", APPROVER)
    family.work()
    assert fresh(case).state == State.CLOSED
    after = whole_shop(family)
    for table, known in before.items():
        if table in gone:
            assert after[table] == [row for row in known if row not in family_rows(known, table, gone)], table
        elif table == "customers":
            assert [row for row in after[table] if row[0] != MINE] == [row for row in known if row[0] != MINE]
        elif table not in {"ticket_messages", "support_tickets"}:
            assert after[table] == known, table
    assert all(held(family, table, THEIRS) for table in EXACT)
    assert family.sql("shop", "SELECT name FROM customers WHERE id = ?", MINE) == [("[deleted]",)]
    assert all(ids(family, table, MINE) == set() for table in gone)
    assert Act.objects.get(case=case, source__slug="shop").proof["customers"]["rows"] == 1


def family_rows(known: list[tuple[object, ...]], table: str, gone: dict[str, set[object]]) -> list[tuple[object, ...]]:
    """The rows of a table that were the chosen customer's."""
    return [row for row in known if row[0] in gone[table]]


def test_a_deletion_looks_again_at_the_chosen_records_alone(family: House) -> None:
    case = choose(family, stopped(family, Right.DELETE), MINE)
    family.sql("shop", "UPDATE customers SET email = ? WHERE id = 9", person().email)
    others = [row for row in whole_shop(family)["customers"] if row[0] != MINE]
    family.move(case, "approve", APPROVER)
    family.work()
    assert fresh(case).state == State.CLOSED
    assert [row for row in whole_shop(family)["customers"] if row[0] != MINE] == others


def test_a_correction_is_made_in_the_chosen_record(family: House) -> None:
    case = family.reviewing(Right.CORRECT, correct_field="shop.customers.phone", correct_value="+1 530 555 0123")
    family.move(case, "start_gathering")
    family.work()
    case = choose(family, case, MINE)
    others = [row for row in whole_shop(family)["customers"] if row[0] != MINE]
    family.move(case, "approve", APPROVER)
    family.work()
    assert fresh(case).state == State.CLOSED
    assert family.sql("shop", "SELECT phone FROM customers WHERE id = ?", MINE) == [("+1 530 555 0123",)]
    assert [row for row in whole_shop(family)["customers"] if row[0] != MINE] == others


def test_more_people_than_anybody_can_tell_apart_are_not_offered(family: House) -> None:
    family.sql("shop", "UPDATE customers SET email = ? WHERE id BETWEEN 20 AND 40", person().email)
    case = stopped(family, Right.KNOW_SPECIFIC)
    assert run_of(case, "shop").error == "TwoPeople"
    assert not choosing.candidates_of(case).exists()
    with pytest.raises(MoveShut, match="nothing to choose"):
        family.move(case, "choose_records", source="shop", records="1", reason=WHY)


@pytest.mark.parametrize("records", ["3", "1,9", "x", "1,x", "0,1", "-1", "1;2", "²"])
def test_what_is_no_record_is_refused(family: House, records: str) -> None:
    case = stopped(family, Right.KNOW_SPECIFIC)
    with pytest.raises(InputRefused, match="by their numbers"):
        family.move(case, "choose_records", source="shop", records=records, reason=WHY)


def test_a_source_that_asks_nothing_is_refused(family: House) -> None:
    case = stopped(family, Right.KNOW_SPECIFIC)
    with pytest.raises(InputRefused, match="No source of this name asks"):
        family.move(case, "choose_records", source="web_log", records="1", reason=WHY)


def test_who_chose_does_not_approve_a_deletion(family: House) -> None:
    case = choose(family, stopped(family, Right.DELETE), MINE)
    with pytest.raises(MoveShut, match="Four eyes"):
        family.move(case, "approve")


def test_candidates_go_when_the_content_of_their_case_is_destroyed(family: House) -> None:
    case = choose(family, stopped(family, Right.KNOW_SPECIFIC), MINE)
    family.move(case, "approve", APPROVER)
    family.work()
    assert fresh(case).state == State.CLOSED
    assert choosing.candidates_of(case).count() == 2
    family.later(settings.CONTENT_LIFE + timedelta(hours=1))
    assert not choosing.candidates_of(case).exists()
    assert RecordChoice.objects.get(case=case).reason == WHY, "why it was decided belongs to the record"
