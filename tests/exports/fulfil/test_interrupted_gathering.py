"""Gathering that is interrupted: workers that die, sources that are down or waived, work that is paused."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from time import sleep
from typing import Any

import pytest
import sqlalchemy as sa
from django.db import OperationalError, transaction
from django.utils import timezone

from dsar.jobs import pausing
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.polling import Worker
from dsar.jobs.queue import retry
from dsar.jobs.running import Outcome, execute
from exports.fulfil import collecting, source_runs
from exports.models import Part, RunState, SourceRun
from exports.sources.errors import SourceUnavailableError
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Derivation
from requests_app.states import State
from tests.exports.house import House, facts_of, fresh, person, remap, rows, run_of
from tests.requests_app.at_once import at_once, only_on_postgres

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def failing(monkeypatch: pytest.MonkeyPatch, at_page: int) -> None:
    """The worker dies before it writes this page's row down, once."""
    keep, pages = collecting._keep, iter(range(1, 1000))

    def keep_or_die(*arguments: object) -> None:
        if next(pages) == at_page:
            raise SourceUnavailableError("pulled out")
        keep(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(collecting, "_keep", keep_or_die)


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


def test_a_commit_that_fails_writes_no_page_down_and_counts_none_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Part, "MOST_RECORDS", 4)
    whole = house.deciding(Right.KNOW_SPECIFIC)
    note_held, calls = source_runs.note_held, iter(range(1, 1000))

    def fail_once(source_run: SourceRun) -> None:
        if next(calls) == 1:
            raise OperationalError("the disk was full")
        note_held(source_run)

    monkeypatch.setattr(source_runs, "note_held", fail_once)
    case = house.deciding(Right.KNOW_SPECIFIC)
    house.later()
    assert fresh(case).state == State.DECIDING
    for source in ("shop", "web_log"):
        assert run_of(case, source).counts == run_of(whole, source).counts
        assert run_of(case, source).held == run_of(whole, source).held


def test_gathering_that_is_paused_between_pages_goes_on_where_it_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Part, "MOST_RECORDS", 4)
    whole = house.deciding(Right.KNOW_SPECIFIC)
    keep, kept = collecting._keep, iter(range(1, 1000))

    def keep_and_pause(*arguments: object) -> None:
        keep(*arguments)  # type: ignore[arg-type]
        if next(kept) == 2:
            pausing.pause(by="staff:1", at=timezone.now())

    monkeypatch.setattr(collecting, "_keep", keep_and_pause)
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert (case.state, run_of(case, "shop").parts.count()) == (State.GATHERING, 2)
    pausing.resume()
    house.work()
    assert fresh(case).state == State.DECIDING
    assert run_of(case, "shop").counts == run_of(whole, "shop").counts


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.KNOW_CATEGORIES])
def test_while_a_database_is_slow_in_each_statement_nobody_takes_its_job_for_dead(
    house: House, monkeypatch: pytest.MonkeyPatch, right: Right
) -> None:
    monkeypatch.setattr("dsar.jobs.running.BETWEEN_LOOKS", 0)
    case = house.reviewing(right)
    house.move(case, "start_gathering")
    job, now = Job.objects.get(kind="gather_source", state=JobState.WAITING), timezone.now()

    def takes_long(*_statement: object) -> None:
        nonlocal now
        now += timedelta(minutes=5)
        job.refresh_from_db()
        assert job.lease_until is not None
        assert job.lease_until > now

    sa.event.listen(sa.Engine, "after_cursor_execute", takes_long)
    try:
        assert execute(job.pk, clock=lambda: now) is Outcome.DONE
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", takes_long)


def test_who_goes_on_searches_by_what_the_one_that_died_searched_by(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribed = "INSERT INTO newsletter_subscribers (email, subscribed_at) VALUES (?, '2025-01-01')"
    house.sql("shop", subscribed, "second@post.example")
    house.sql("shop", "UPDATE support_tickets SET contact_email = 'second@post.example' WHERE customer_id = 7")
    by_address = "      - {by: email, column: contact_email, compare: email}\n"
    remap("shop", by_address, f"{by_address}    gives: [{{kind: email, column: contact_email}}]\n")
    failing(monkeypatch, 8)  # at the newsletter, behind the tickets
    case = house.deciding(Right.KNOW_SPECIFIC)
    assert (case.state, run_of(case, "shop").counts["support_tickets"]) == (State.GATHERING, 3)
    assert "newsletter_subscribers" not in run_of(case, "shop").counts
    house.later()
    assert fresh(case).state == State.DECIDING
    assert [row["email"] for row in rows(case, "shop", "newsletter_subscribers")] == [person().email]


def test_a_worker_that_dies_between_collections_counts_none_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = house.deciding(Right.KNOW_CATEGORIES)
    count, calls = collecting._count, iter(range(1, 1000))

    def count_or_die(*arguments: object) -> None:
        if next(calls) == 3:
            raise SourceUnavailableError("pulled out")
        count(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(collecting, "_count", count_or_die)
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
    count = collecting._count

    def count_late(*arguments: Any) -> None:
        """While the second source is being counted, the first one is tried again, and found."""
        monkeypatch.setattr(collecting, "_count", count)
        house.switch_on("shop")
        retry(Job.objects.get(state=JobState.FAILED, kind="gather_source"), at=timezone.now())
        Worker().run_until_idle()
        count(*arguments)

    monkeypatch.setattr(collecting, "_count", count_late)
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
            source_runs.update(run, counts={"customers": 1})
        return "written"

    assert at_once(waive, write) == ["NoLongerWanted", "waived"]
    assert (run_of(case, "shop").state, run_of(case, "shop").counts) == (RunState.WAIVED, {})


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
