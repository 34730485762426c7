"""Whole cases whose sources answer garbage, or slowly, or die on the way: each comes to its end, visibly, and once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from django.test import override_settings
from django.utils import timezone
from pytest_django import Settings

from dsar.demo.databases import make_database
from dsar.demo.people import Chosen
from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from dsar.jobs.queue import retry
from exports.admin import attention
from exports.models import Act, DataSource, RunState, Telling
from exports.sources.http import calls
from exports.sources.sql import SqlConnector
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.exports.csv_text import records_of
from tests.exports.fulfil import whole_company
from tests.exports.house import ANALYST, House, facts_of, files_of, fresh, json_lines, person, run_of
from tests.exports.sources import small_company
from tests.exports.sources.databases import empty_database
from tests.exports.sources.service import KEY, MAP, Reply, Service, answered, running
from tests.exports.sources.small_company import everything
from tests.exports.sources.test_breaking_off import dying_before

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

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
    house: House, service: Service
) -> None:
    case = house.reviewing(Right.KNOW_SPECIFIC)
    house.move(case, "start_gathering")
    for attempt, answer in enumerate((slowly, lambda: CUT_OFF), start=1):
        at_the_second_page(service, answer)
        with override_settings(SOURCE_TIMEOUT=timedelta(seconds=0.1)):
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


@pytest.fixture
def club(house: House, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """A club on PostgreSQL, walked after the company's databases: the person is one of its members."""
    url = empty_database("postgresql", "dying", house.folder, request)
    make_database(url, small_company.tables, whole_company.club_of([person(Chosen.SAME_NAME), person()]))
    monkeypatch.setenv("CLUB_URL", url)
    DataSource.set_up(
        small_company.MAP, read_url_variable="CLUB_URL", write_url_variable="CLUB_URL", position=9, at=timezone.now()
    )
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()


@pytest.mark.services  # SQLite's file has no server that could die
def test_a_database_that_dies_between_two_tables_is_told_and_once_it_is_back_all_is_deleted_there_and_once(
    house: House, club: sa.Engine
) -> None:
    case = house.deciding(Right.DELETE)
    before = everything(club)
    with dying_before("letters", club, "postgresql") as written:
        house.approve(case)
        while Job.objects.filter(kind="carry_out", state=JobState.WAITING).exists():
            house.later()
    assert written[:2] == ["stamps", "letters"]
    assert everything(club) == before, "nothing by half"
    assert fresh(case).state == State.CARRYING_OUT
    shown = attention.attention(fresh(case), ANALYST)
    assert shown is not None
    assert [trouble.what for trouble in shown.context["troubles"]] == ["Could not be carried out in: club."]
    try_again(house)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "partly_fulfilled")
    after, whose = everything(club), person().id
    assert after["letters"] == [row for row in before["letters"] if row[1] != whose]
    assert after["stamps"] == [row for row in before["stamps"] if row[0] // 10 != whose]
    assert after["invoices"] == before["invoices"]
    assert [row for row in after["members"] if row[0] != whose] == [row for row in before["members"] if row[0] != whose]
    assert [row[2] for row in after["members"] if row[0] == whose] == ["[gone]"]
    assert sorted(str(fact["source"]) for fact in facts_of(case, EventKind.ACT_DONE)) == ["club", "shop", "web_log"]


def test_a_service_that_dies_between_two_tables_is_shown_to_a_person_and_the_rest_goes_with_the_next_approval(
    house: House, service: Service
) -> None:
    """By the contract it does all or nothing; this one has no transaction, and breaks it."""
    case = house.deciding(Right.DELETE)
    others = [row for row in service.orders if row["of"] != 1], service.members[1:]

    def die_after_the_orders(asked: Service, path: str, question: dict[str, Any]) -> Reply | None:
        if not path.endswith("/delete"):
            asked.tricks.append(die_after_the_orders)
            return None
        asked.delete({"collections": [one for one in question["collections"] if one["name"] == "orders"]})
        return CUT_OFF

    service.tricks = [die_after_the_orders]
    house.approve(case)
    house.later()
    assert fresh(case).state == State.DECIDING
    assert facts_of(case, EventKind.HAND_BACK)[0]["because"] == "may_be_done_in_part"
    shown = attention.attention(fresh(case), ANALYST)
    assert shown is not None
    assert "may have done a part of it" in shown.context["troubles"][0].to_do
    house.move(case, "gather_again")
    house.work()
    house.approve(case)
    assert (fresh(case).state, fresh(case).outcome) == (State.CLOSED, "partly_fulfilled")
    assert (service.orders, service.members[1:]) == others
    assert service.members[0]["name"] == "gone"
    orders = [
        {one["name"]: len(one["keys"]) for one in question["collections"]}
        for path, question, _headers in service.asked
        if path.endswith("/delete")
    ]
    assert orders == [{"members": 1, "orders": 7}, {"members": 1}]
    (letter,) = case.messages.filter(letter=Letter.DELETED)
    assert "- Members: 1 record no longer names you." in letter.text
    assert "- An earlier attempt was interrupted" in letter.text, "nobody knows what it did"
    kept = facts_of(case, EventKind.ACT_DONE)[1]["kept"]
    assert f"- Orders: {kept['orders']} records kept." in letter.text, "the second round finds less of what is kept"
