"""Gathering: every source in its order, page by page, sealed."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from dsar.demo.people import Chosen
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import retry
from exports import findings
from exports.models import DataSource, Part, RunState, SourceRun
from exports.sources.contents import NAME
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import IdentifierStatus, LookBack
from requests_app.services import closing, people
from requests_app.states import State
from tests.exports.house import NOW, House, facts_of, fresh, parts_of, person, remap, rows, run_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

FORBIDDEN = ("password_hash", "driver_licence_no", "pbkdf2$")


def load_anew(source: str, *changes: str) -> None:
    """Take the map of a source in once more, with changes: what stands there, and what is to stand there instead."""
    known = DataSource.objects.get(slug=source)
    text = known.map_version.text
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    DataSource.set_up(
        text,
        read_url_variable=known.read_url_variable,
        write_url_variable=known.write_url_variable,
        position=known.position,
        at=NOW,
    )


PROCESSOR = ("role: controller", "role: {processor_for: Brightpath Media LLC}")


def test_the_rows_of_the_person_are_found_in_every_source_and_no_others(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    (customer,) = house.sql("shop", "SELECT id, email FROM customers WHERE account_no = ?", Chosen.EVERYWHERE)
    reviews = house.sql("shop", "SELECT product_id, stars, body FROM reviews WHERE customer_id = ?", customer[0])
    found = [(row["product_id"], row["stars"], row["body"]) for row in rows(case, "shop", "reviews")]
    assert sorted(found, key=str) == sorted(reviews, key=str)
    assert [row["email"] for row in rows(case, "shop", "customers")] == [customer[1]]
    assert case.state == State.DECIDING


def test_sources_are_walked_in_their_order_one_after_the_other(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    assert Job.objects.filter(kind="gather_source").count() == 1
    house.work()
    assert [facts["source"] for facts in facts_of(case, EventKind.SOURCE_DONE)] == ["shop", "web_log"]


def test_identifiers_are_carried_on_to_later_sources_with_where_they_come_from(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    subject = fresh(case).submission.subject
    assert subject is not None
    carried = subject.identifiers.filter(kind="device_id", status=IdentifierStatus.DERIVED)
    known = {row["device_id"] for row in rows(case, "shop", "devices")}
    assert len(known) == 2
    assert {identifier.value for identifier in carried} == known
    assert {identifier.provenance for identifier in carried} == {"shop.devices"}
    assert {row["device_id"] for row in rows(case, "web_log", "page_views")} == known


def test_without_a_word_only_the_last_twelve_months_are_looked_at(house: House) -> None:
    everything = house.deciding(Right.KNOW_SPECIFIC)
    year = house.deciding(Right.KNOW_SPECIFIC, look_back=LookBack.TWELVE_MONTHS)
    views = rows(year, "web_log", "page_views")
    assert 0 < len(views) < len(rows(everything, "web_log", "page_views"))
    assert min(str(view["viewed_at"]) for view in views) >= "2025-11-23"


def test_an_old_device_leads_to_what_was_collected_yesterday_and_is_not_told_itself(house: House) -> None:
    gives = "    gives: [{kind: device_id, column: device_id}]\n"
    remap("shop", gives, f"{gives}    received_at: first_seen_at\n")
    house.sql("shop", "UPDATE devices SET first_seen_at = '2019-01-01 00:00:00'")
    case = house.deciding(Right.KNOW_SPECIFIC, look_back=LookBack.TWELVE_MONTHS)
    assert "devices" not in {part.collection for part in run_of(case, "shop").parts.all()}
    assert run_of(case, "web_log").counts["web_devices"] == 2
    assert rows(case, "web_log", "page_views")


def test_categories_are_counted_and_no_value_is_kept(house: House) -> None:
    case = house.deciding(Right.KNOW_CATEGORIES)
    run = run_of(case, "shop")
    assert not Part.objects.filter(run__case=case).exists()
    assert run.mode == "presence"
    assert run.counts["customers"] == 1
    assert run.held["customers"]["password_hash"] == 1


def test_categories_of_what_only_a_found_device_leads_to_are_counted_too(house: House) -> None:
    case = house.deciding(Right.KNOW_CATEGORIES)
    content = run_of(house.deciding(Right.KNOW_SPECIFIC, who=person(Chosen.EVERYWHERE)), "web_log").counts
    assert run_of(case, "web_log").counts == content
    assert content["web_devices"] == 2
    assert run_of(case, "web_log").held["page_views"]["ip_address"] > 0
    assert not Part.objects.filter(run__case=case).exists()


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.DELETE, Right.KNOW_CATEGORIES])
def test_where_nothing_was_found_is_counted_where_it_was_looked_for_alone(house: House, right: Right) -> None:
    house.sql("shop", "DELETE FROM devices")
    house.sql("shop", "DELETE FROM reviews")
    case = house.deciding(right)
    shop, web_log = run_of(case, "shop"), run_of(case, "web_log")
    assert shop.counts.keys() == {found.name for found in shop.data_map().collections}
    assert (shop.counts["devices"], shop.counts["reviews"], shop.counts["customers"]) == (0, 0, 1)
    assert web_log.counts == {}, "no device leads there"
    assert facts_of(case, EventKind.SOURCE_DONE)[0]["counts"] == shop.counts


def test_a_collection_to_which_nothing_leads_counts_not_as_searched(house: House) -> None:
    house.sql("shop", "DELETE FROM devices")
    by_device = "reached: [{by: device_id, column: device_id}]\n    received_at: viewed_at"
    load_anew("web_log", by_device, by_device.replace("by: device_id, column: device_id", "by: email, column: path"))
    for right in (Right.KNOW_SPECIFIC, Right.KNOW_CATEGORIES):
        assert run_of(house.deciding(right), "web_log").counts == {"page_views": 0}


def test_in_categories_an_old_device_still_leads_to_what_was_collected_yesterday(house: House) -> None:
    gives = "    gives: [{kind: device_id, column: device_id}]\n"
    remap("shop", gives, f"{gives}    received_at: first_seen_at\n")
    house.sql("shop", "UPDATE devices SET first_seen_at = '2019-01-01 00:00:00'")
    case = house.deciding(Right.KNOW_CATEGORIES, look_back=LookBack.TWELVE_MONTHS)
    assert run_of(case, "web_log").counts["web_devices"] == 2


def test_a_plan_holds_keys_and_of_what_may_go_digests(house: House) -> None:
    case = house.deciding(Right.DELETE)
    assert [set(row) for row in rows(case, "shop", "orders")] == [{"id"}] * len(rows(case, "shop", "orders"))
    assert next(set(row) for row in rows(case, "web_log", "ad_segments")) == {"device_id", "segment", NAME}


def test_a_plan_notes_what_is_kept_past_its_time(house: House) -> None:
    house.sql("shop", "UPDATE orders SET placed_at = '2019-11-22 23:00:00' WHERE customer_id = 7")
    kept = house.sql("shop", "SELECT count(*) FROM orders WHERE customer_id = 7")[0][0]
    assert run_of(house.deciding(Right.DELETE), "shop").past_keeping == {"orders": kept}
    assert run_of(house.deciding(Right.KNOW_SPECIFIC), "shop").past_keeping == {}


def test_a_correction_looks_at_the_one_field_that_it_is_about(house: House) -> None:
    case = house.deciding(Right.CORRECT, correct_field="shop.customers.phone", correct_value="+1 530 555 0123")
    assert rows(case, "shop", "customers") == [{"id": 7, "phone": person().phone}]
    assert set(run_of(case, "shop").counts) == {"customers"}
    assert run_of(case, "web_log").counts == {}


def test_a_field_that_only_a_found_device_leads_to_is_found_for_a_correction(house: House) -> None:
    load_anew("web_log", "title: {en: First seen", "correctable: true, title: {en: First seen")
    field = {"correct_field": "web_log.web_devices.first_seen_at", "correct_value": "2020-01-01 00:00:00"}
    case = house.deciding(Right.CORRECT, **field)
    known = {row["device_id"] for row in rows(house.deciding(Right.KNOW_SPECIFIC), "shop", "devices")}
    assert {row["device_id"] for row in rows(case, "web_log", "web_devices")} == known
    assert run_of(case, "shop").counts == {"devices": len(known)}
    assert not run_of(case, "shop").parts.exists()
    assert set(run_of(case, "web_log").counts) == {"web_devices"}


def test_what_may_never_be_disclosed_is_in_no_file_of_ours(house: House) -> None:
    know, delete = house.deciding(Right.KNOW_SPECIFIC), house.deciding(Right.DELETE)
    (secret,) = house.sql(
        "shop", "SELECT password_hash, driver_licence_no FROM customers WHERE account_no = ?", Chosen.EVERYWHERE
    )
    for part in Part.objects.filter(run__case__in=[know, delete]):
        text = b"".join(piece.lines for piece in findings.pieces(part)).decode()
        assert not [found for found in (*FORBIDDEN, *map(str, secret)) if found in text]
    assert run_of(know, "shop").never_disclosed_kinds() == {
        "account_password",
        "driver_licence_number",
        "financial_account_number",
    }


def test_what_we_hold_for_others_is_theirs_to_answer_for(house: House) -> None:
    load_anew("web_log", *PROCESSOR)
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert (run_of(case, "web_log").state, run_of(case, "web_log").counts) == (RunState.DONE, {})


def test_what_we_hold_for_others_is_not_even_opened(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    load_anew("shop", *PROCESSOR)
    house.sql("shop", "UPDATE customers SET email = ? WHERE account_no = ?", person().email, Chosen.SAME_NAME)
    house.move(case, "start_gathering")
    house.work()
    assert (run_of(case, "shop").state, run_of(case, "shop").counts) == (RunState.DONE, {})
    assert fresh(case).state == State.DECIDING


def test_two_people_are_never_mixed_and_the_next_source_goes_on(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.sql("shop", "UPDATE customers SET email = ? WHERE account_no = ?", person().email, Chosen.SAME_NAME)
    house.move(case, "start_gathering")
    house.work()
    assert (run_of(case, "shop").state, run_of(case, "shop").error) == (RunState.FAILED, "WhichOfThese")
    assert not run_of(case, "shop").parts.exists()
    assert run_of(case, "web_log").state == RunState.DONE


@pytest.mark.parametrize("variable", ["DEMO_SHOP_READ_URL"])
def test_a_source_without_its_variable_fails_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    monkeypatch.delenv(variable)
    house.move(case, "start_gathering")
    house.work()
    assert run_of(case, "shop").error == "NotConfigured"


def test_a_source_that_is_not_built_as_its_map_says_fails_at_once(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.sql("shop", "ALTER TABLE wishlist_items RENAME TO wishes")
    house.move(case, "start_gathering")
    house.work()
    assert run_of(case, "shop").error == "MapDoesNotFit"


def test_once_the_map_is_corrected_the_same_job_searches_by_it(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.sql("shop", "ALTER TABLE wishlist_items RENAME TO wishes")
    house.move(case, "start_gathering")
    house.work()
    load_anew("shop", "table: wishlist_items", "table: wishes")
    retry(Job.objects.get(state=JobState.FAILED, kind="gather_source"), at=timezone.now())
    house.work()
    assert fresh(case).state == State.DECIDING
    assert run_of(case, "shop").counts["wishlist_items"] > 0
    assert run_of(case, "shop").map_version == DataSource.objects.get(slug="shop").map_version


def test_what_was_found_by_the_faulty_map_is_set_aside(house: House) -> None:
    whole = house.deciding(Right.KNOW_SPECIFIC)
    key = "    table: reviews\n    key: "
    load_anew("shop", f"{key}[id]", f"{key}[customer_id]")
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    house.work()
    assert run_of(case, "shop").error == "MapDoesNotFit"
    assert run_of(case, "shop").parts.exists()
    case = fresh(case)
    people.derive_identifier(case, "device_id", "of-somebody-else", "shop.reviews", at=timezone.now())
    load_anew("shop", f"{key}[customer_id]", f"{key}[id]")
    retry(Job.objects.get(state=JobState.FAILED, kind="gather_source"), at=timezone.now())
    house.work()
    assert run_of(case, "shop").counts == run_of(whole, "shop").counts
    assert "of-somebody-else" not in people.identifiers_of(case)["device_id"]
    assert rows(case, "shop", "reviews") == rows(whole, "shop", "reviews")
    assert rows(case, "shop", "customers") == rows(whole, "shop", "customers")


def test_nothing_more_is_gathered_for_a_request_that_was_taken_back(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    closing.withdraw(case.pk, at=timezone.now())
    house.work()
    assert fresh(case).state == State.CLOSED
    assert not Part.objects.filter(run__case=case).exists()
    assert set(SourceRun.objects.filter(case=case).values_list("state", flat=True)) == {RunState.WAITING}
    assert not Job.objects.exclude(state=JobState.DONE).exists()


def test_another_round_has_runs_of_its_own_and_alone_counts(house: House) -> None:
    case = house.deciding(Right.KNOW_SPECIFIC)
    before = {part.pk for part in Part.objects.filter(run__case=case)}
    house.move(case, "gather_again")
    house.work()
    runs = findings.current_runs(fresh(case))
    assert [run.round for run in runs] == [2, 2]
    assert not before & {part.pk for run in runs for part in run.parts.all()}


def test_a_part_is_at_most_as_long_as_agreed_and_says_where_the_next_begins(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Part, "MOST_RECORDS", 4)
    case = house.deciding(Right.KNOW_SPECIFIC)
    parts = parts_of(case, "shop", "order_lines")
    assert [part.records for part in parts] == [4, 4, 4, 1]
    assert [part.number for part in parts] == [1, 2, 3, 4]
    last = [record for _number, record in findings.read(parts[0])][-1]
    assert json.loads(parts[0].last_key) == [last["order_id"], last["line_no"]]


def test_files_are_sealed_and_their_names_say_nothing(house: House) -> None:
    house.deciding(Right.KNOW_SPECIFIC)
    found = [path for path in (house.data / "findings").rglob("*") if path.is_file()]
    assert found
    email, name = str(person().email).encode(), person().name.encode()
    for path in found:
        content = path.read_bytes()
        assert email not in content
        assert name not in content
        assert person().account_no not in str(path)
