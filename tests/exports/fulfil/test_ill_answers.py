"""Whole cases whose sources answer garbage, or slowly, or die on the way: each comes to its end, visibly, and once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import retry
from exports.models import Act, DataSource, RunState, Telling
from exports.sources.connector import open_source
from exports.sources.http import calls
from exports.sources.sql import SqlConnector
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.states import State
from tests.exports.csv_text import records_of
from tests.exports.house import House, facts_of, files_of, fresh, json_lines, person, run_of
from tests.exports.sources.service import KEY, MAP, Reply, Service, answered, running

pytestmark = pytest.mark.django_db(databases="__all__")

JSON = {"Content-Type": "application/json"}
CUT_OFF = (200, {**JSON, "Content-Length": "9000"}, b'{"rows": {"members"')
PAGE = {"id": "o2", "price": 1.10, "at": "2026-01-01"}
GARBAGE: Mapping[str, tuple[Reply, str]] = {  # what a service answers, and as what it is told to people
    "an error page": ((200, {"Content-Type": "text/html"}, b"<h1>It works!</h1>"), "BrokenData"),
    "no page at all": ((404, {"Content-Type": "text/html"}, b"<h1>Not Found</h1>"), "MapDoesNotFit"),
    "half a JSON": ((200, JSON, b'{"records": [{"id": "o2"'), "BrokenData"),
    "no JSON": ((200, JSON, b"Traceback (most recent call last):"), "BrokenData"),
    "another encoding": ((200, JSON, '{"records": [], "next": "é"}'.encode("latin-1")), "BrokenData"),
    "another type": (answered({"records": {"id": "o2"}, "next": None}), "BrokenData"),
    "rows of another type": (answered({"records": ["o2"], "next": None}), "BrokenData"),
    "a key of another type": (answered({"records": [PAGE | {"id": ["o2"]}], "next": None}), "BrokenData"),
    "no number of JSON": ((200, JSON, b'{"records": [{"id": "o2", "price": NaN}], "next": null}'), "BrokenData"),
    "half a letter": (answered({"records": [PAGE | {"price": "\ud800"}], "next": None}), "BrokenData"),
    "a row of the page before": (answered({"records": [PAGE | {"id": "o1"}, PAGE], "next": "3"}), "BrokenData"),
}


@pytest.fixture
def service(house: House, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Service]:
    """A service of the company, walked after its databases: one member is the person, with seven orders."""
    monkeypatch.setattr(calls, "DELAYS", (0.01,))
    with running() as service:
        service.members[0]["email"] = person().email
        for order in service.orders:
            order["at"] = "2026-01-01"
        settings.SOURCE_HOSTS = frozenset({"127.0.0.1"})
        monkeypatch.setenv("CLUB_SIGNING_KEY", KEY)
        monkeypatch.setenv("CLUB_URL", service.url)
        DataSource.set_up(
            MAP, read_url_variable="CLUB_URL", write_url_variable="CLUB_URL", position=9, at=timezone.now()
        )
        yield service


def at_the_second_page(service: Service, answer: Callable[[], Reply | None]) -> None:
    """The service answers so whenever it is asked for the second page of orders, until it is mended."""

    def trick(asked: Service, _path: str, question: dict[str, Any]) -> Reply | None:
        asked.tricks.append(trick)
        return answer() if question.get("cursor") == "2" else None

    service.tricks = [trick]


def try_again(house: House) -> None:
    """Somebody has the failed job tried again."""
    retry(Job.objects.get(state=JobState.FAILED), at=timezone.now())
    house.work()


def assert_is_whole(case: Case, service: Service) -> None:
    """Every order of the person is in the bundle once, as JSON lines and as CSV, and nothing of others."""
    bundle = files_of(case)
    orders = json_lines(bundle["data/club/orders.jsonl"])
    assert orders == [{"id": row["id"], "price": str(row["price"])} for row in service.orders if row["of"] == 1]
    assert records_of(bundle["data/club/orders.csv"]) == orders
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")


def test_whatever_garbage_a_service_answers_it_is_told_and_once_it_is_mended_nothing_is_lost_or_doubled(
    house: House, service: Service
) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    replies = iter(GARBAGE.values())
    at_the_second_page(service, lambda: next(replies)[0])
    house.move(case, "start_gathering")
    house.work()
    for number, (_reply, error) in enumerate(GARBAGE.values(), start=1):
        run = run_of(case, "club")
        assert (number, run.state, run.error) == (number, RunState.FAILED, error)
        if number == len(GARBAGE):
            service.tricks = []
        try_again(house)
    told = [fact["error"] for fact in facts_of(case, EventKind.SOURCE_FAILED) if fact["source"] == "club"]
    assert told == [error for _reply, error in GARBAGE.values()], "nothing is silent"
    house.approve(case)
    assert_is_whole(case, service)


def slowly() -> None:
    """Answer in the end, when nobody waits any more."""
    time.sleep(0.3)


def test_an_answer_that_comes_slowly_or_breaks_off_is_asked_for_again_by_itself_and_nothing_is_lost_or_doubled(
    house: House, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    for attempt, answer in enumerate((slowly, lambda: CUT_OFF), start=1):
        at_the_second_page(service, answer)
        with monkeypatch.context() as impatient:
            impatient.setitem(open_source.__kwdefaults__, "timeout", timedelta(seconds=0.1))
            house.later()
        job = Job.objects.get(kind="gather_source", state=JobState.WAITING)
        assert (job.attempts, job.error.rpartition(".")[2]) == (attempt, "SourceUnavailableError")
    service.tricks = []
    house.later()
    house.approve(case)
    assert_is_whole(case, service)


@pytest.mark.parametrize("answer", [GARBAGE["an error page"][0], CUT_OFF])
def test_a_deletion_whose_answer_is_garbage_is_told_and_found_done_and_not_ordered_again(
    house: House, service: Service, answer: Reply
) -> None:
    case = house.deciding(Right.DELETE)
    others = [row for row in service.orders if row["of"] != 1], service.members[1:]

    def carry_out_and(asked: Service, path: str, question: dict[str, Any]) -> Reply | None:
        if not path.endswith("/delete"):
            asked.tricks.append(carry_out_and)
            return None
        asked.delete(question)
        return answer

    service.tricks = [carry_out_and]
    house.approve(case)
    assert fresh(case).state == State.CARRYING_OUT, "nobody knows whether it was done"
    job = Job.objects.get(kind="carry_out")
    if job.state == JobState.FAILED:
        assert [fact["sources"] for fact in facts_of(case, EventKind.ACT_FAILED)] == [["club"]]
        try_again(house)
    else:
        house.later()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "partly_fulfilled")
    assert len([path for path, _question, _headers in service.asked if path.endswith("/delete")]) == 1
    assert (service.orders, service.members[1:]) == others
    assert service.members[0]["name"] == "gone"
    assert sorted(str(fact["source"]) for fact in facts_of(case, EventKind.ACT_DONE)) == ["club", "shop", "web_log"]


def test_an_opt_out_whose_second_source_dies_after_the_first_is_set_there_later_and_in_the_first_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppress, asked = SqlConnector.suppress, list[str]()

    def suppress_and_die(connector: SqlConnector, *arguments: Any, **more: Any) -> Mapping[str, int]:
        asked.append(connector.datamap.source)
        if asked == ["shop", "web_log"]:
            house.switch_off("web_log")  # after all was read that leads there
        return suppress(connector, *arguments, **more)

    monkeypatch.setattr(SqlConnector, "suppress", suppress_and_die)
    flag = "SELECT count(*) FROM web_devices WHERE sale_opt_out"
    before = int(str(house.sql("web_log", flag)[0][0]))
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert fresh(case).state == State.CARRYING_OUT
    assert [act.source.slug for act in Act.objects.filter(case=case)] == ["shop"]
    house.switch_on("web_log")
    assert house.sql("web_log", flag) == [(before,)]
    house.later()
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "fulfilled")
    assert asked == ["shop", "web_log", "web_log"]
    assert house.sql("web_log", flag) == [(before + 2,)]
    assert [fact["source"] for fact in facts_of(case, EventKind.ACT_DONE)] == ["shop", "web_log"]
    assert len(facts_of(case, EventKind.RECIPIENT_TOLD)) == Telling.objects.told().filter(case=case).count() == 2
