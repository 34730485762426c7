"""Gathering: every source in its order, page by page, sealed; what dies goes on where it was."""

from __future__ import annotations

import json
from datetime import timedelta
from threading import Event
from time import sleep
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from dsar.demo.people import Chosen
from dsar.jobs import pausing
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.polling import Worker
from dsar.jobs.queue import retry
from dsar.jobs.running import Run
from exports import findings
from exports.fulfil import gather
from exports.models import DataSource, Part, RunState, SourceRun
from exports.sources.connector import SourceUnavailableError
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case, Derivation, IdentifierStatus, LookBack
from requests_app.services import closing, people
from requests_app.states import State
from tests.exports.house import NOW, House, facts_of, fresh, parts_of, person, run_of
from tests.requests_app.at_once import at_once, only_on_postgres

pytestmark = pytest.mark.django_db(databases="__all__")

FORBIDDEN = ("password_hash", "driver_licence_no", "pbkdf2$")


def rows(case: Case, source: str, collection: str) -> list[findings.Record]:
    """Everything gathered of a collection."""
    return [record for part in parts_of(case, source, collection) for _number, record in findings.read(part)]


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


def failing(monkeypatch: pytest.MonkeyPatch, at_page: int) -> None:
    """The worker dies before it writes this page's row down, once."""
    keep, pages = gather._keep, iter(range(1, 1000))

    def keep_or_die(*arguments: object) -> None:
        if next(pages) == at_page:
            raise SourceUnavailableError("pulled out")
        keep(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(gather, "_keep", keep_or_die)


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
    assert len(rows(year, "shop", "devices")) == 2, "an old device still leads to what was collected yesterday"


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


def test_in_categories_an_old_device_still_leads_to_what_was_collected_yesterday(house: House) -> None:
    house.sql("shop", "UPDATE devices SET first_seen_at = '2019-01-01 00:00:00'")
    case = house.deciding(Right.KNOW_CATEGORIES, look_back=LookBack.TWELVE_MONTHS)
    assert run_of(case, "web_log").counts["web_devices"] == 2


def test_a_plan_holds_keys_only(house: House) -> None:
    case = house.deciding(Right.DELETE)
    assert [set(row) for row in rows(case, "shop", "orders")] == [{"id"}] * len(rows(case, "shop", "orders"))
    assert next(set(row) for row in rows(case, "web_log", "ad_segments")) == {"device_id", "segment"}


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
        text = b"".join(line for piece in findings.pieces(part) for line in piece.lines).decode()
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


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
def test_a_worker_that_dies_between_pages_loses_nothing_and_doubles_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    monkeypatch.setattr(Part, "MOST_RECORDS", 4)
    whole = house.deciding(Right.KNOW_SPECIFIC)
    failing(monkeypatch, nth)
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert case.state == State.GATHERING
    house.later()
    assert fresh(case).state == State.DECIDING
    for source in ("shop", "web_log"):
        assert run_of(case, source).counts == run_of(whole, source).counts
        assert run_of(case, source).held == run_of(whole, source).held
        for collection in run_of(case, source).counts:
            assert rows(case, source, collection) == rows(whole, source, collection)


def test_gathering_that_is_paused_between_pages_goes_on_where_it_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Part, "MOST_RECORDS", 4)
    whole = house.deciding(Right.KNOW_SPECIFIC)
    keep, kept = gather._keep, iter(range(1, 1000))

    def keep_and_pause(*arguments: object) -> None:
        keep(*arguments)  # type: ignore[arg-type]
        if next(kept) == 2:
            pausing.pause(by="staff:1", at=timezone.now())

    monkeypatch.setattr(gather, "_keep", keep_and_pause)
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert (case.state, run_of(case, "shop").parts.count()) == (State.GATHERING, 2)
    pausing.resume()
    house.work()
    assert fresh(case).state == State.DECIDING
    assert run_of(case, "shop").counts == run_of(whole, "shop").counts


def test_a_worker_that_dies_between_collections_counts_none_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = house.deciding(Right.KNOW_CATEGORIES)
    count, calls = gather._count, iter(range(1, 1000))

    def count_or_die(*arguments: object) -> None:
        if next(calls) == 3:
            raise SourceUnavailableError("pulled out")
        count(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(gather, "_count", count_or_die)
    case = house.deciding(Right.KNOW_CATEGORIES)
    house.later()
    assert fresh(case).state == State.DECIDING
    assert run_of(case, "shop").counts == run_of(whole, "shop").counts
    assert run_of(case, "shop").held == run_of(whole, "shop").held


def test_a_source_that_is_down_is_tried_again_and_then_given_up_with_an_event(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.switch_off("shop")
    house.move(case, "start_gathering")
    house.work()
    job = Job.objects.get(kind="gather_source")
    assert (job.state, job.attempts) == (JobState.WAITING, 1)
    for _try in range(8):
        house.later()
    assert (run_of(case, "shop").state, run_of(case, "shop").error) == (RunState.FAILED, "SourceUnavailableError")
    assert facts_of(case, EventKind.SOURCE_FAILED) == [{"source": "shop", "error": "SourceUnavailableError"}]
    assert run_of(case, "web_log").state == RunState.DONE, "the next source goes on"
    assert fresh(case).state == State.GATHERING


def test_a_source_that_is_back_is_searched_and_what_it_gives_leads_to_later_ones_again(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.switch_off("shop")
    house.move(case, "start_gathering")
    for _try in range(9):
        house.later()
    assert run_of(case, "web_log").counts == {}
    house.switch_on("shop")
    retry(Job.objects.get(state=JobState.FAILED, kind="gather_source"), at=timezone.now())
    house.work()
    assert run_of(case, "web_log").counts["web_devices"] == 2
    assert fresh(case).state == State.DECIDING


@pytest.mark.parametrize("right", [Right.KNOW_CATEGORIES, Right.KNOW_SPECIFIC])
def test_a_later_source_that_failed_meanwhile_is_searched_anew_and_its_old_job_does_nothing(
    house: House, right: Right
) -> None:
    case = house.reviewing(right)
    house.switch_off("shop")
    house.switch_off("web_log")
    house.move(case, "start_gathering")
    for _try in range(18):
        house.later()
    shop, web_log = Job.objects.filter(kind="gather_source").order_by("created_at")
    SourceRun.objects.filter(case=case, source__slug="web_log").update(counts={"web_devices": 0})  # half-way
    house.switch_on("shop")
    house.switch_on("web_log")
    retry(shop, at=timezone.now())
    house.work()
    assert run_of(case, "web_log").counts["web_devices"] == 2
    assert fresh(case).state == State.DECIDING
    retry(web_log, at=timezone.now())
    house.work()
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    assert run_of(case, "web_log").counts["web_devices"] == 2


def test_a_later_source_that_a_worker_is_half_through_is_searched_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.reviewing(Right.KNOW_CATEGORIES)
    house.switch_off("shop")
    house.move(case, "start_gathering")
    for _try in range(7):
        house.later()
    count = gather._count

    def count_late(run: Run, source_run: SourceRun, *arguments: Any) -> None:
        """While the second source is being counted, the first one is tried again, and found."""
        monkeypatch.setattr(gather, "_count", count)
        house.switch_on("shop")
        retry(Job.objects.get(state=JobState.FAILED, kind="gather_source"), at=timezone.now())
        Worker().run_until_idle()
        count(run, source_run, *arguments)

    monkeypatch.setattr(gather, "_count", count_late)
    house.later()
    house.work()
    assert run_of(case, "web_log").counts["web_devices"] == 2
    assert [facts["source"] for facts in facts_of(case, EventKind.SOURCE_DONE)] == ["shop", "web_log"]
    assert fresh(case).state == State.DECIDING


def test_a_later_source_that_was_waived_stays_waived(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.switch_off("shop")
    house.move(case, "start_gathering")
    for _try in range(9):
        house.later()
    SourceRun.objects.filter(case=case, source__slug="web_log").update(state=RunState.RUNNING)
    house.move(case, "waive_source", source="web_log", reason="It is gone for good.")
    house.switch_on("shop")
    retry(Job.objects.get(state=JobState.FAILED, kind="gather_source"), at=timezone.now())
    house.work()
    assert (run_of(case, "web_log").state, run_of(case, "web_log").waiver) == (RunState.WAIVED, "It is gone for good.")
    assert fresh(case).state == State.DECIDING


@pytest.mark.slow
@only_on_postgres
@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_worker_that_waited_for_a_waiver_writes_nothing_more(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    run, waived = run_of(case, "shop"), Event()

    def waive() -> str:
        with transaction.atomic():
            house.move(case, "waive_source", source="shop", reason="It is being moved.")
            waived.set()
            sleep(1)  # the worker waits for our lock
        return "waived"

    def write() -> str:
        waived.wait(timeout=30)
        with transaction.atomic():
            gather._update(run, counts={"customers": 1})
        return "written"

    assert at_once(waive, write) == ["NoLongerWanted", "waived"]
    assert (run_of(case, "shop").state, run_of(case, "shop").counts) == (RunState.WAIVED, {})


def test_two_people_are_never_mixed_and_the_next_source_goes_on(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.sql("shop", "UPDATE customers SET email = ? WHERE account_no = ?", person().email, Chosen.SAME_NAME)
    house.move(case, "start_gathering")
    house.work()
    assert (run_of(case, "shop").state, run_of(case, "shop").error) == (RunState.FAILED, "TwoPeople")
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


def test_a_waived_source_gives_nothing_even_if_a_worker_was_half_through(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Part, "MOST_RECORDS", 4)
    failing(monkeypatch, 4)
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert run_of(case, "shop").parts.count() == 3
    house.move(case, "waive_source", source="shop", reason="It is being moved.")
    house.work()
    house.later()
    run = run_of(case, "shop")
    assert (run.state, run.waived_by, run.waiver) == (RunState.WAIVED, "staff:1", "It is being moved.")
    assert (run.counts, run.held, run.records, run.parts.count()) == ({}, {}, 0, 0)
    assert not Derivation.objects.filter(case=case, provenance__startswith="shop.").exists()
    assert fresh(case).state == State.DECIDING


def test_a_waived_source_stays_waived_whatever_becomes_of_its_job(house: House) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.switch_off("shop")
    house.switch_off("web_log")
    house.move(case, "start_gathering")
    house.work()
    house.move(case, "waive_source", source="shop", reason="It is gone for good.")
    house.later(timedelta(minutes=1))
    house.switch_on("shop")
    for _try in range(9):
        house.later()
    assert fresh(case).state == State.GATHERING, "the other source is still open"
    assert (run_of(case, "shop").state, run_of(case, "shop").records) == (RunState.WAIVED, 0)
    assert [facts["source"] for facts in facts_of(case, EventKind.SOURCE_FAILED)] == ["web_log"]


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
