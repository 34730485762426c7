"""A service that was not heard to its end is asked for what is missing, and for nothing else, by the next attempt."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from time_machine import TimeMachineFixture

from dsar.jobs import pausing
from dsar.jobs.models import Job
from dsar.jobs.queue import retry
from dsar.jobs.running import Outcome, execute
from exports import findings
from exports.fulfil import collecting, gather
from exports.models import DataSource, PageTaken, Part, SourceRun
from exports.sources.http.calls import Caller
from requests_app import ports
from requests_app.law.words import Right
from requests_app.models import LookBack
from requests_app.states import State
from tests.exports.sources.service import KEY, ORDERS, Reply, Service, Trick, always, answered, running
from tests.exports.sources.service import MAP as SERVICE_MAP
from tests.requests_app.company import SAM, Company
from tests.requests_app.factories import AT, case_in

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

MAIL = SAM["email"]
ALL = [f"o{number}" for number in range(7)]
KEPT = "on_delete: {keep: {ground: ca_105d8_legal_obligation, years: 2, counted_from: at}}"
MAP = SERVICE_MAP.replace("on_delete: delete", KEPT)


@pytest.fixture
def service(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path, time_machine: TimeMachineFixture
) -> Iterator[Service]:
    """The only source there is: one member is the person, with seven orders on four pages."""
    time_machine.move_to(AT, tick=False)
    with running() as service:
        service.members[0]["email"] = MAIL
        service.orders = [dict(order, at="2023-01-01") for order in ORDERS[:7]]
        settings.SOURCE_HOSTS, settings.DATA_DIR = frozenset({"127.0.0.1"}), tmp_path
        monkeypatch.setenv("CLUB_SIGNING_KEY", KEY)
        monkeypatch.setenv("CLUB_URL", service.url)
        DataSource.set_up(MAP, read_url_variable="CLUB_URL", write_url_variable="CLUB_URL", position=1, at=AT)
        yield service


def gathering(right: Right, look_back: LookBack = LookBack.EVERYTHING) -> Job:
    """The job that looks into it for a case, which came so far without any source."""
    systems, work = ports.systems(), ports.work()
    company = Company()
    ports.fill(systems=company, work=company)
    case = case_in(State.GATHERING, right, look_back=look_back)
    ports.fill(systems=systems, work=work)
    gather.begin(case)
    return Job.objects.get(kind="gather_source")


def attempt(job: Job, at: datetime = AT) -> Outcome:
    """One attempt, whenever it is due."""
    job.refresh_from_db()
    return execute(job.pk, clock=lambda: max(job.run_at, at))


def by_mail(service: Service, _path: str, question: dict[str, Any]) -> Reply:
    """As it would answer, with cursors that tell whose rows they lead to."""
    start = (question["cursor"] or "").rpartition(" ")[2]
    answer = service.lookup(question | {"cursor": start})
    return answered(answer | {"next": answer["next"] and f"{MAIL} {answer['next']}"})


def so_many(calls: int) -> list[Trick]:
    """The quota of one attempt."""
    return [*[by_mail] * calls, always(429, {"Retry-After": "3600"}, b"")]


def asked_for_orders(service: Service) -> list[str | None]:
    return [question["cursor"] for _path, question, _headers in service.asked if question["collection"] == "orders"]


def orders_found() -> list[str]:
    parts = Part.objects.filter(collection="orders").order_by("number")
    return [str(record["id"]) for part in parts for _number, record in findings.read(part)]


@pytest.mark.parametrize("right", [Right.KNOW_SPECIFIC, Right.KNOW_CATEGORIES, Right.DELETE])
def test_a_service_with_a_quota_is_gathered_in_as_many_attempts_as_it_has_pages(
    service: Service, caplog: pytest.LogCaptureFixture, right: Right
) -> None:
    caplog.set_level(logging.DEBUG)
    job, refused = gathering(right), 0
    for _attempt in range(4):
        service.tricks = so_many(2)
        assert attempt(job) is Outcome.TRY_AGAIN
        refused += not service.tricks
        kept = [bytes(page.place_sealed or b"") + bytes(page.key_digests) for page in PageTaken.objects.all()]
        assert kept
        assert MAIL.encode() not in b"".join(kept)
    service.tricks = so_many(2)
    assert attempt(job) is Outcome.DONE, "in each attempt one call tells who is meant, and one gives a page"
    assert len(service.asked) - refused == 5 + 1 + 4
    run = SourceRun.objects.get()
    assert (run.counts, run.held["orders"]["id"]) == ({"members": 1, "orders": 7}, 7)
    assert run.past_keeping == ({"orders": 7} if right == Right.DELETE else {})
    assert orders_found() == ([] if right == Right.KNOW_CATEGORIES else ALL)
    assert MAIL not in caplog.text
    assert not PageTaken.objects.exists()


def test_pages_before_the_look_back_are_gone_through_as_well_in_however_many_attempts(service: Service) -> None:
    service.orders = [dict(ORDERS[0], id=f"o{number}") for number in range(20)]
    job = gathering(Right.KNOW_SPECIFIC, LookBack.TWELVE_MONTHS)
    for _attempt in range(10):
        service.tricks = so_many(2)
        assert attempt(job) is Outcome.TRY_AGAIN
        assert Job.objects.get(pk=job.pk).attempts == 1
    for tries in (2, 3):
        service.tricks = so_many(1)
        assert attempt(job) is Outcome.TRY_AGAIN
        assert Job.objects.get(pk=job.pk).attempts == tries, "it came no further"
    service.tricks = [by_mail] * 2
    assert attempt(job) is Outcome.DONE
    assert SourceRun.objects.get().counts == {"members": 1, "orders": 0}


def test_a_worker_that_dies_after_a_page_goes_on_at_the_next(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = collecting._keep

    def keep_or_die(kept: Any, collection: Any, page: Any, number: int, *more: Any) -> None:
        if number == 3:
            raise MemoryError
        keep(kept, collection, page, number, *more)

    job = gathering(Right.KNOW_SPECIFIC)
    with monkeypatch.context() as patched:
        patched.setattr(Part, "MOST_RECORDS", 2)
        patched.setattr(collecting, "_keep", keep_or_die)
        attempt(job)
    assert orders_found() == ALL[:4]
    service.asked.clear()
    assert attempt(job) is Outcome.DONE
    assert asked_for_orders(service) == ["4", "6"]
    assert [question["collection"] for _path, question, _headers in service.asked].count("members") == 1
    assert orders_found() == ALL


class Slow:
    """Each call takes 100 seconds by the job's clock; what was written down before each for orders is noted."""

    def __init__(self, service: Service, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
        service.orders = [dict(order, id=f"o{number}") for number, order in enumerate(service.orders * 3)]
        self.job, self.now = job, AT
        self.kept: list[int] = []
        self.paused_at = 0  # the call for orders in which somebody pauses all work
        ask = Caller.ask

        def ask_slowly(caller: Caller, path: str, question: Any) -> Any:
            self.waits(question)
            return ask(caller, path, question)

        monkeypatch.setattr(Caller, "ask", ask_slowly)
        monkeypatch.setattr("dsar.jobs.running.BETWEEN_LOOKS", 0)

    def waits(self, question: Any) -> None:
        if question["collection"] == "orders":
            self.kept.append(PageTaken.objects.filter(collection="orders").count())
            if len(self.kept) == self.paused_at:
                pausing.pause(by="staff:1", at=AT)
        self.now += timedelta(seconds=100)
        self.job.refresh_from_db()
        assert self.job.lease_until is not None
        assert self.job.lease_until > self.now, "nobody takes it for dead"

    def attempt(self) -> Outcome:
        return execute(self.job.pk, clock=lambda: self.now)


@pytest.mark.parametrize(
    ("right", "look_back", "found"),
    [
        (Right.KNOW_SPECIFIC, LookBack.TWELVE_MONTHS, 0),
        (Right.KNOW_SPECIFIC, LookBack.EVERYTHING, 21),
        (Right.KNOW_CATEGORIES, LookBack.EVERYTHING, 21),
    ],
)
def test_of_a_slow_service_each_answer_is_kept_and_a_pause_loses_none(
    service: Service, monkeypatch: pytest.MonkeyPatch, right: Right, look_back: LookBack, found: int
) -> None:
    monkeypatch.setattr("exports.sources.http.lookup.LONGEST_WITHOUT_REST", 0)
    slow = Slow(service, gathering(right, look_back), monkeypatch)
    slow.paused_at = 8
    assert slow.attempt() is Outcome.PAUSED
    assert slow.kept == list(range(8))
    assert PageTaken.objects.filter(collection="orders").count() == 8
    pausing.resume()
    service.asked.clear()
    assert slow.attempt() is Outcome.DONE
    assert asked_for_orders(service) == ["16", "18", "20"]
    assert SourceRun.objects.get().counts == {"members": 1, "orders": found}


def test_while_a_service_is_asked_its_job_is_taken_for_dead_by_nobody_and_stops_if_work_is_paused(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(service, gathering(Right.KNOW_SPECIFIC), monkeypatch)
    slow.paused_at = 8
    assert slow.attempt() is Outcome.PAUSED
    assert slow.kept == [0] * 8, "nothing but the wait was long"


def from_the_beginning(service: Service, _path: str, question: dict[str, Any]) -> Reply:
    """A service that has forgotten the cursor, and does not say so."""
    return answered(service.lookup(question | {"cursor": None}))


@pytest.mark.parametrize("refusal", [always(410, {}, b""), from_the_beginning], ids=["410", "from the beginning"])
def test_a_service_that_refuses_its_old_cursor_is_gathered_exactly_once(service: Service, refusal: Trick) -> None:
    job = gathering(Right.DELETE)
    service.tricks = so_many(4)
    attempt(job)
    service.asked.clear()
    service.tricks = [by_mail, refusal]
    assert attempt(job) is Outcome.DONE
    assert asked_for_orders(service) == [f"{MAIL} 4", None, "2", "4", "6"]
    assert orders_found() == ALL
    assert SourceRun.objects.get().past_keeping == {"orders": 7}


def test_a_service_that_lost_its_cursor_and_the_row_that_was_taken_last_is_searched_anew(service: Service) -> None:
    job = gathering(Right.DELETE)
    service.tricks = so_many(4)
    attempt(job)
    assert orders_found() == ALL[:4]
    del service.orders[3]
    service.tricks = [by_mail, always(410, {}, b"")]
    assert attempt(job) is Outcome.TRY_AGAIN
    run = SourceRun.objects.get()
    assert (orders_found(), run.counts, run.past_keeping, run.records) == ([], {}, {}, 0)
    assert attempt(job) is Outcome.DONE
    run.refresh_from_db()
    assert orders_found() == [*ALL[:3], *ALL[4:]]
    assert (run.counts, run.past_keeping) == ({"members": 1, "orders": 6}, {"orders": 6})


def test_a_service_that_loses_its_place_again_and_again_is_given_up_as_one_that_brings_nothing(
    service: Service,
) -> None:
    job, outcomes = gathering(Right.DELETE), list[Outcome]()
    while Outcome.FAILED not in outcomes:
        service.begin()
        service.members[0]["email"], service.orders = MAIL, service.orders[:7]
        service.tricks = so_many(4)
        outcomes.append(attempt(job))
        del service.orders[3]
        service.tricks = [by_mail, always(410, {}, b"")]
        outcomes.append(attempt(job))
        assert len(outcomes) <= 10
    assert SourceRun.objects.get().error == "PlaceGone"


def test_an_attempt_that_only_goes_over_what_is_held_counts_towards_giving_up(service: Service) -> None:
    job = gathering(Right.KNOW_SPECIFIC)
    service.tricks = so_many(4)
    attempt(job)
    service.tricks = [by_mail, always(410, {}, b""), *so_many(1)]
    assert attempt(job) is Outcome.TRY_AGAIN
    assert Job.objects.get(pk=job.pk).attempts == 2


def test_a_service_whose_old_cursor_brings_rubbish_is_searched_anew_once_a_person_says_so(service: Service) -> None:
    job = gathering(Right.KNOW_SPECIFIC)
    service.tricks = so_many(4)
    attempt(job)
    service.tricks = [by_mail, always(*answered({"rows": []}))]
    assert attempt(job) is Outcome.FAILED
    assert SourceRun.objects.get().error == "BrokenData"
    service.asked.clear()
    retry(job, at=AT)
    assert attempt(job) is Outcome.DONE
    assert asked_for_orders(service)[0] is None
    assert orders_found() == ALL
