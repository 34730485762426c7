"""Deleting: exactly what was planned and approved, once, children first; what changed since is not touched."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import yaml

from exports import findings
from exports.fulfil import acts, what_went
from exports.models import Act, DataMapVersion, DataSource, Part, RunState
from exports.sources.connector import Deletion, DeletionPlan
from exports.sources.contents import NAME
from exports.sources.errors import ChangeRefusedError, SourceUnavailableError
from exports.sources.sql import SqlConnector
from requests_app.events import EventKind
from requests_app.guards import MoveShut
from requests_app.law.words import Right
from requests_app.law.yearly import Ended
from requests_app.models import Case
from requests_app.move import InputRefused
from requests_app.services import metrics
from requests_app.states import State
from tests.exports.house import APPROVER, NOW, House, facts_of, fresh, person, remap, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

CUSTOMER = 7  # the one with rows in every table


def count(house: House, table: str, column: str = "customer_id") -> int:
    """The person's rows of a table of the shop."""
    return int(str(house.sql("shop", f"SELECT count(*) FROM {table} WHERE {column} = ?", CUSTOMER)[0][0]))


def everybody_else(house: House) -> list[list[tuple[object, ...]]]:
    """All rows of other people."""
    return [
        house.sql("shop", f"SELECT * FROM {table} WHERE customer_id != ? ORDER BY 1", CUSTOMER)
        for table in ("addresses", "devices", "wishlist_items", "loyalty_entries", "reviews")
    ]


def proofs(case: Case) -> dict[str, dict[str, tuple[str, int]]]:
    """What was done, by source and collection: action and rows."""
    return {
        act.source.slug: {name: (entry["action"], entry["rows"]) for name, entry in act.proof.items()}
        for act in Act.objects.filter(case=case).select_related("source")
    }


def test_the_persons_rows_go_and_nobody_elses(house: House) -> None:
    others = everybody_else(house)
    case = house.closed(Right.DELETE)
    assert (case.state, case.outcome) == (State.CLOSED, "partly_fulfilled")
    for table in ("addresses", "devices", "wishlist_items", "loyalty_entries", "reviews", "avatars"):
        assert count(house, table) == 0, table
    assert everybody_else(house) == others
    (left,) = house.sql("shop", "SELECT name, email, phone FROM customers WHERE id = ?", CUSTOMER)
    assert left == ("[deleted]", None, None)


def test_what_the_law_wants_kept_is_kept_on_its_ground(house: House) -> None:
    before = count(house, "orders")
    case = house.closed(Right.DELETE)
    assert count(house, "orders") == before > 0
    kept = {item.collection.name: (item.rows, item.code) for item in what_went.kept_by_deletion(case)}
    assert kept.keys() == {"orders", "order_lines", "payments"}
    assert {code for _rows, code in kept.values()} == {"ca_105d8_legal_obligation"}
    assert proofs(case)["shop"]["orders"] == ("keep", kept["orders"][0])


def test_a_record_that_is_withheld_stays_where_it_is_on_its_ground(house: House) -> None:
    before = count(house, "addresses")
    case = house.deciding(Right.DELETE)
    part = Part.objects.get(run__case=case, collection="addresses")
    finding = {"finding": f"{part.pk}:0", "code": "ca_105d1_transaction"}
    with pytest.raises(InputRefused, match="deleted or kept as a whole"):
        house.move(case, "withhold", field="street", **finding)
    house.move(case, "withhold", field="", **finding)
    house.move(case, "approve", APPROVER)
    house.work()
    assert fresh(case).outcome == "partly_fulfilled"
    assert before > 1
    assert count(house, "addresses") == 1
    assert proofs(case)["shop"]["addresses"] == ("delete", before - 1)
    (letter,) = case.submission.messages.filter(letter="deleted")
    told = " ".join(letter.text.split())
    assert "Addresses: 1 record kept." in told
    assert "Civ. Code 1798.105(d)(1)" in told


def test_the_event_tells_counts_and_no_key(house: House) -> None:
    case = house.closed(Right.DELETE)
    facts = facts_of(case, EventKind.ACT_DONE)
    assert [fact["source"] for fact in facts] == ["web_log", "shop"], "what was found through others goes first"
    assert facts[0].keys() == {"source", "act", "done", "kept", "left"}
    proof = Act.objects.get(case=case, source__slug="shop").proof
    assert str(person().email) not in str(proof)


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO devices SELECT 'new', 7, platform, first_seen_at FROM devices WHERE customer_id = 7 LIMIT 1",
        "DELETE FROM wishlist_items WHERE customer_id = 7",
        "UPDATE devices SET customer_id = 8 WHERE customer_id = 7",
    ],
)
def test_rows_that_are_not_those_approved_are_not_touched_and_a_person_decides_again(house: House, change: str) -> None:
    case = house.deciding(Right.DELETE)
    house.sql("shop", change)
    before = everybody_else(house), [count(house, table) for table in ("addresses", "orders", "reviews")]
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "data_changed_since_approval"
    assert (everybody_else(house), [count(house, table) for table in ("addresses", "orders", "reviews")]) == before
    assert "shop" not in proofs(case)


@pytest.mark.parametrize(
    ("change", "changed", "column"),
    [
        ("UPDATE reviews SET body = 'Take this down!' WHERE customer_id = 7", {"reviews": 3}, "reviews.body"),
        ("UPDATE customers SET name = 'Victoria Again' WHERE id = 7", {"customers": 1}, "customers.name"),
    ],
)
def test_rows_that_hold_something_else_since_the_approval_are_not_touched_but_shown_again(
    house: House, change: str, changed: dict[str, int], column: str
) -> None:
    case = house.deciding(Right.DELETE)
    house.sql("shop", change)
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    (facts,) = facts_of(case, EventKind.HAND_BACK)
    assert (facts["because"], facts["changed"]) == ("data_changed_since_approval", changed)
    assert facts["columns"] == [column]
    assert "shop" not in proofs(case)
    assert count(house, "reviews") == 3
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert count(house, "reviews") == 0


@pytest.mark.parametrize(
    ("slug", "old", "new", "gives_it"),
    [
        (
            "shop",
            "      - {by: email, column: contact_email, compare: email}\n",
            "    gives: [{kind: email, column: contact_email}]\n",
            "UPDATE support_tickets SET contact_email = ? WHERE customer_id = 7",
        ),
        (
            "web_log",
            "    reached: [{by: device_id, column: device_id}]\n    received_at: viewed_at\n",
            "    gives: [{kind: email, column: path}]\n",
            "UPDATE page_views SET path = ?",
        ),
    ],
)
def test_what_a_source_or_a_later_one_gives_leads_to_no_row_that_nobody_planned(
    house: House, slug: str, old: str, new: str, gives_it: str
) -> None:
    house.sql(
        "shop", "INSERT INTO newsletter_subscribers (email, subscribed_at) VALUES ('second@post.example', '2025-01-01')"
    )
    house.sql(slug, gives_it, "second@post.example")
    remap(slug, old, old + new)
    case = house.closed(Right.DELETE)
    assert facts_of(case, EventKind.HAND_BACK) == []
    assert (case.state, case.outcome) == (State.CLOSED, "partly_fulfilled")
    left = house.sql("shop", "SELECT count(*) FROM newsletter_subscribers WHERE email = 'second@post.example'")
    assert left == [(1,)], "it was not searched by that, and nobody approved it"


def test_what_nothing_is_deleted_of_may_change_since_the_approval(house: House) -> None:
    case = house.deciding(Right.DELETE)
    house.sql("shop", "UPDATE orders SET status = 'disputed' WHERE customer_id = 7")
    house.sql("shop", "UPDATE customers SET sale_opt_out = 1, password_hash = 'changed' WHERE id = 7")
    house.approve(case)
    assert fresh(case).state == State.CLOSED


def test_a_plan_holds_keys_and_digests_and_nothing_that_the_person_wrote(house: House) -> None:
    case = house.deciding(Right.DELETE)
    run = run_of(case, "shop")
    assert run.held["reviews"].keys() == {"id"}
    (part,) = run.parts.filter(collection="reviews")
    rows = [dict(record) for _number, record in findings.read(part)]
    assert [row.keys() for row in rows] == [{"id", NAME}] * 3
    (kept,) = run.parts.filter(collection="orders")
    assert all(record.keys() == {"id"} for _number, record in findings.read(kept)), "nothing of it goes"
    other = house.deciding(Right.DELETE)
    (again,) = run_of(other, "shop").parts.filter(collection="reviews")
    assert [record["id"] for _number, record in findings.read(again)] == [row["id"] for row in rows]
    digests = [record[NAME] for _number, record in findings.read(again)]
    assert set(digests).isdisjoint(row[NAME] for row in rows), "another case has another secret"


def test_a_plan_from_before_rows_had_digests_is_carried_out(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(SqlConnector, "looks_at_contents", False)
        case = house.deciding(Right.DELETE)
    house.sql("shop", "UPDATE reviews SET body = 'Take this down!' WHERE customer_id = 7")
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert count(house, "reviews") == 0


def test_after_a_hand_back_what_was_found_anew_is_deleted_where_it_was_done_already_too(house: House) -> None:
    case = house.deciding(Right.DELETE)
    (device,) = house.sql("shop", "SELECT device_id FROM devices WHERE customer_id = 7 LIMIT 1")
    house.sql("shop", "DELETE FROM wishlist_items WHERE customer_id = 7")
    house.approve(case)
    assert proofs(case).keys() == {"web_log"}
    house.sql("web_log", "INSERT INTO ad_segments VALUES (?, 'back again', '2026-11-23 18:00:00')", device[0])
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert fresh(case).state == State.CLOSED
    assert house.sql("web_log", "SELECT * FROM ad_segments WHERE device_id = ?", device[0]) == []
    assert Act.objects.filter(case=case, source__slug="web_log").count() == 2


@pytest.mark.parametrize("number", ["random", "keep"])  # by which what was de-identified is still found
def test_a_worker_that_dies_after_the_source_committed_does_it_once_and_tells_it_all(
    house: House, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    remap("shop", "account_no: random", f"account_no: {number}")
    case = house.deciding(Right.DELETE)
    planned = {name: rows for name, rows in run_of(case, "shop").counts.items() if rows}
    note, calls = acts._note_deletion, iter(range(10))

    def note_or_die(*arguments: object) -> Act:
        if next(calls) == 1:
            raise OSError
        return note(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(acts, "_note_deletion", note_or_die)
    house.approve(case)
    assert proofs(case).keys() == {"web_log"}
    assert count(house, "reviews") == 0, "the source has committed"
    house.later(timedelta(minutes=1))
    assert fresh(case).state == State.CLOSED
    assert {name: rows for name, (_action, rows) in proofs(case)["shop"].items()} == planned
    assert len(facts_of(case, EventKind.ACT_DONE)) == 2


def moves_away(house: House) -> None:
    """The shop's records name the person in another way from now on."""
    house.sql("shop", "UPDATE customers SET email = 'new@post.example', account_no = 'X-1' WHERE id = 7")
    house.sql("shop", "UPDATE orders SET guest_email = NULL WHERE customer_id IS NULL")
    house.sql("shop", "DELETE FROM newsletter_subscribers WHERE email LIKE '%victoria%'")
    house.sql("shop", "DELETE FROM support_tickets WHERE contact_email LIKE '%victoria%'")


def test_what_no_attempt_has_reached_is_never_found_done(house: House) -> None:
    case = house.deciding(Right.DELETE)
    house.switch_off("shop")
    house.approve(case)
    house.switch_on("shop")
    moves_away(house)
    house.later(timedelta(minutes=1))
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "data_changed_since_approval"
    assert "shop" not in proofs(case)
    assert count(house, "reviews") > 0


def test_what_changed_after_a_try_whose_answer_was_lost_is_told_with_its_columns(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = SqlConnector.delete

    def lost(
        connector: SqlConnector, plan: DeletionPlan, *, before_commit: Callable[[], None], **_more: object
    ) -> Deletion:
        if connector.datamap.source != "shop":
            return delete(connector, plan)
        before_commit()
        raise SourceUnavailableError("the line was cut")

    case = house.deciding(Right.DELETE)
    with monkeypatch.context() as patched:
        patched.setattr(SqlConnector, "delete", lost)
        house.approve(case)
    house.sql("shop", "UPDATE reviews SET body = 'Take this down!' WHERE customer_id = 7")
    house.later()
    (facts,) = facts_of(case, EventKind.HAND_BACK)
    assert (facts["because"], facts["changed"]) == ("may_be_done_in_part", {"reviews": 3})
    assert facts["columns"] == ["reviews.body"]


def test_what_a_source_undid_in_its_last_moment_is_not_found_done_after_the_next_approval(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete = SqlConnector.delete

    def refused(
        connector: SqlConnector, plan: DeletionPlan, *, before_commit: Callable[[], None], **_more: object
    ) -> Deletion:
        if connector.datamap.source != "shop":
            return delete(connector, plan)
        before_commit()
        raise ChangeRefusedError

    case = house.deciding(Right.DELETE)
    with monkeypatch.context() as patched:
        patched.setattr(SqlConnector, "delete", refused)
        house.approve(case)
    moves_away(house)
    house.approve(case)
    assert fresh(case).state == State.DECIDING
    assert "shop" not in proofs(case)


def test_a_source_that_is_done_is_left_alone_while_another_is_tried_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.deciding(Right.DELETE)
    deleted = []
    delete = SqlConnector.delete

    def noted(connector: SqlConnector, *arguments: object, **more: object) -> object:
        deleted.append(connector.datamap.source)
        return delete(connector, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(SqlConnector, "delete", noted)
    house.switch_off("shop")
    house.approve(case)
    assert proofs(case).keys() == {"web_log"}
    house.switch_on("shop")
    house.later(timedelta(minutes=1))
    assert fresh(case).state == State.CLOSED
    assert deleted.count("web_log") == 1


def test_a_source_that_can_only_be_read_stops_no_deletion_where_nothing_is_to_be_deleted_in_it(house: House) -> None:
    DataSource.objects.filter(slug="web_log").update(write_url_variable="")
    for table in ("page_views", "ad_segments", "web_devices"):
        house.sql("web_log", f"DELETE FROM {table}")
    case = house.closed(Right.DELETE)
    assert case.state == State.CLOSED
    assert proofs(case)["web_log"] == {}


def test_a_waived_source_is_not_touched(house: House) -> None:
    case = house.reviewing(Right.DELETE)
    house.switch_off("web_log")
    house.move(case, "start_gathering")
    house.work()
    house.move(case, "waive_source", source="web_log", reason="It is gone for good.")
    house.switch_on("web_log")
    house.move(case, "approve", APPROVER)
    house.work()
    assert run_of(case, "web_log").state == RunState.WAIVED
    assert proofs(case).keys() == {"shop"}
    assert house.sql("web_log", "SELECT count(*) FROM web_devices")[0][0]


def nobody_in_the_shop(house: House) -> None:
    """The shop knows the person no more."""
    house.sql("shop", "UPDATE customers SET email = NULL, account_no = 'X-1' WHERE id = 7")
    house.sql("shop", "UPDATE orders SET guest_email = NULL WHERE customer_id IS NULL")
    for table in ("newsletter_subscribers", "support_tickets"):
        house.sql(
            "shop", f"DELETE FROM {table} WHERE {'email' if 'news' in table else 'contact_email'} LIKE '%victoria%'"
        )


def without_recipients() -> None:
    """No register names anybody."""
    for source in DataSource.objects.all():
        data_map = yaml.safe_load(source.map_version.text)
        data_map["recipients"] = []
        source.map_version = DataMapVersion.accept(yaml.safe_dump(data_map, allow_unicode=True), at=NOW)
        source.save()


def test_nobody_known_is_nothing_to_delete(house: House) -> None:
    house.sql("web_log", "DELETE FROM page_views")
    case = house.reviewing(Right.DELETE)
    nobody_in_the_shop(house)
    house.move(case, "start_gathering")
    house.work()
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert proofs(case) == {"shop": {}, "web_log": {}}


@pytest.mark.parametrize("recipients", [True, False])
def test_where_nothing_is_found_and_a_source_is_left_out_nothing_is_said_to_be_deleted(
    house: House, recipients: bool
) -> None:
    if not recipients:
        without_recipients()
    case = house.reviewing(Right.DELETE)
    nobody_in_the_shop(house)
    house.switch_off("web_log")
    house.move(case, "start_gathering")
    house.work()
    house.move(case, "waive_source", source="web_log", reason="It is gone for good.")
    house.approve(case)
    assert fresh(case).outcome == ("partly_fulfilled" if recipients else "refused")
    letter = " ".join(case.messages.get(letter="deleted" if recipients else "refusal").text.split())
    assert "- We found no data about you." in letter
    assert "Website log could not be searched" in letter
    assert "everything else" not in letter
    assert ("We told these recipients" in letter) == recipients
    (report,) = metrics.of_year(house.organisation, 2026, at=NOW).laws
    assert report.of_rights[Right.DELETE].ended == {Ended.IN_PART if recipients else Ended.OTHER_GROUND: 1}


def test_a_ground_that_does_not_fit_shuts_the_approval(house: House) -> None:
    source = DataSource.objects.get(slug="shop")
    text = source.map_version.text.replace("ca_105d8_legal_obligation", "ca_145m_employee")
    source.map_version = DataMapVersion.accept(text, at=NOW)
    source.save()
    case = house.deciding(Right.DELETE)
    with pytest.raises(MoveShut, match="that can't be used here\\. The ground ca_145m_employee is none since"):
        house.approve(case)
    assert fresh(case).state == State.DECIDING


def test_the_plan_notes_what_goes_first_by_the_foreign_keys_of_the_source(house: House) -> None:
    case = house.deciding(Right.DELETE)
    order = run_of(case, "shop").deletion_order
    names = [name for name, _before in order]
    for place, (name, before) in enumerate(order):
        assert all(names.index(parent) > place for parent in before if parent in names), name
    assert any(columns for _name, before in order for columns in before.values())
    gathered = house.deciding(Right.KNOW_SPECIFIC)
    assert run_of(gathered, "shop").deletion_order == []
