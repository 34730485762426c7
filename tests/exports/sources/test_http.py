"""A company's service is asked by a signed contract: exact rows, nothing of others, and no way into our own network."""

from __future__ import annotations

import json
import socket
import time
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from exports.sources.connector import Action, Connector, Correction, Mode
from exports.sources.contents import RowDigests
from exports.sources.datamap import DataMapError, read_data_map
from exports.sources.datamap.choosing import loosened
from exports.sources.errors import (
    BrokenDataError,
    ChangeRefusedError,
    DataChangedError,
    NotSetUpError,
    NoWriteAccessError,
    OnlyByHandError,
    PlaceGoneError,
    SourceError,
    SourceUnavailableError,
)
from exports.sources.http import HttpConnector, exchange
from exports.sources.since import Since
from requests_app.law.words import Right
from tests.exports.sources.plans import plan_of
from tests.exports.sources.service import (
    CALLBACK,
    EMAIL,
    KEY,
    LOCAL,
    MAP,
    ORDERS,
    Reply,
    Service,
    Trick,
    always,
    answered,
    opened,
    records,
)

# What is found


def test_the_rows_of_the_person_are_found_and_nothing_of_others(service: Service, club: Connector) -> None:
    assert records(club, "members") == [{"email": "Ann@Club.example", "name": "Ann", "phone": "(415) 555-0101"}]
    assert records(club, "orders") == [{"id": f"o{number}", "price": "1.1"} for number in range(7)]
    assert club.presence("orders", EMAIL, since=Since(date(2014, 1, 1), UTC)).rows == 3
    assert club.presence("members", {"email": ["nobody@club.example"]}).rows == 0
    assert club.presence("members", {"email": [""], "member_no": ["1"]}).rows == 0
    assert club.subjects(EMAIL) == 1
    assert all("member_no" not in question["identifiers"] for _path, question, _headers in service.asked)


def test_pages_follow_the_cursor_and_go_on_behind_a_key(club: Connector) -> None:
    pages = list(club.pages("orders", EMAIL, mode=Mode.PLAN, size=3))
    assert [page.keys for page in pages] == [[("o0",), ("o1",), ("o2",)], [("o3",), ("o4",), ("o5",)], [("o6",)]]
    rest = club.pages("orders", EMAIL, mode=Mode.PLAN, after=("o4",))
    assert [page.keys for page in rest] == [[("o5",), ("o6",)]]
    with pytest.raises(PlaceGoneError, match="no longer has the row behind which to go on"):
        list(club.pages("orders", EMAIL, after=("gone",)))


@pytest.mark.parametrize(
    ("points", "met"),
    [
        ({"email": "ANN@club.example", "phone": "415 555 0101"}, {"email", "phone"}),
        ({"email": "bob@club.example", "phone": "415 555 0101"}, {"email"}),
        ({"phone": "4155550101"}, {"phone"}),
        ({"email": "", "phone": "", "name": "Ann"}, set()),
    ],
)
def test_points_count_if_they_meet_in_one_record(club: Connector, points: dict[str, str], met: set[str]) -> None:
    assert club.probe(points).kinds == met


def test_a_record_in_which_the_point_that_found_it_does_not_stand_proves_nothing(service: Service) -> None:
    ways = (
        "{by: email, column: email, compare: email}",
        "{by: email}",
        "- {by: phone, column: phone, compare: digits}",
    )
    club = opened(service, *ways, "")
    points = {"email": "ann@club.example", "phone": "4155550101"}
    assert club.probe(points).kinds == {"email", "phone"}
    service.tricks = [always(*told(ROW | {"email": "x@club.example", "phone": "4155550101"}))]
    assert club.probe(points).kinds == set()


def test_a_row_of_somebody_else_stops_the_search(service: Service, club: Connector) -> None:
    others = {"id": 2, "email": "bob@club.example", "name": "Bob", "phone": None, "opted_out": False}
    service.tricks = [always(*answered({"records": [others], "next": None}))]
    with pytest.raises(BrokenDataError, match="club: members, answer 1, record 0 is a row of somebody else") as caught:
        records(club, "members")
    assert "bob" not in str(caught.value)


# What goes wrong


def busy(status: int, **headers: str) -> Trick:
    return always(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"ann@club.example")


def slow(_service: Service, _path: str, _question: dict[str, Any]) -> None:
    time.sleep(0.4)


@pytest.mark.parametrize("trick", [busy(500), busy(429), busy(503, Retry_After="0"), busy(503, Retry_After="soon")])
def test_a_busy_service_is_asked_again(service: Service, club: Connector, trick: Trick) -> None:
    service.tricks = [trick, trick]
    assert len(records(club, "members")) == 1
    assert len({headers["dsar-request"] for _path, _question, headers in service.asked}) == 1, "one question, one id"


@pytest.mark.parametrize(
    ("after", "seconds"),
    [("120", 120), ("a date in an hour", 3600), ("", None)],
)
def test_a_long_wait_is_left_to_the_job(service: Service, club: Connector, after: str, seconds: int | None) -> None:
    if after.startswith("a date"):
        after = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    service.tricks = [busy(429, Retry_After=after)] * 3
    with pytest.raises(SourceUnavailableError, match="answers 429") as caught:
        records(club, "members")
    assert len(service.asked) == (1 if seconds else 3)
    waited = caught.value.wait
    assert (waited is None) if seconds is None else (waited is not None and abs(waited.seconds - seconds) < 60)


@pytest.mark.slow
def test_a_service_that_is_slow_or_down_is_unavailable(service: Service) -> None:
    service.tricks = [slow] * 3
    with pytest.raises(SourceUnavailableError, match="too slow"):
        records(opened(service, timeout=timedelta(seconds=0.1)), "members")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SourceUnavailableError, match="can't be reached"):
            records(opened(service, read_url=url), "members")


def test_a_service_that_does_not_know_the_signature_is_unavailable(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUB_SIGNING_KEY", KEY.upper())
    with pytest.raises(SourceUnavailableError, match="401: it does not know our signature"):
        records(opened(service), "members")
    monkeypatch.setenv("CLUB_SIGNING_KEY", "short")
    with pytest.raises(NotSetUpError, match="CLUB_SIGNING_KEY"):
        opened(service)


ROW = {"id": 1, "email": "ann@club.example", "name": "Ann", "phone": None, "opted_out": False}


def told(*rows: object, **more: object) -> Reply:
    return answered({"records": list(rows), "next": None, **more})


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ((200, {"Content-Type": "text/html"}, b"<p>ann@club.example"), "is not plain application/json"),
        ((200, JSON, b'{"records": [ann@club.example'), "the answer is no JSON"),
        ((200, JSON, b'{"records": "\xff"}'), "not in UTF-8"),
        ((200, JSON, b'{"records": [], "records": [], "next": null}'), "a name twice"),
        ((200, JSON, b"[]"), "no object"),
        ((200, {**JSON, "Content-Encoding": "gzip"}, b"{}"), "not plain"),
        ((200, {**JSON, "Content-Length": "9000000000"}, b"{}"), "broke off"),
        (answered({"records": []}), "has 'records' and 'next'"),
        (told(ROW, more=1), "has 'records' and 'next'"),
        (told("ann@club.example"), "record 0 lacks email, id"),
        (told({"id": 1}), "record 0 lacks email, name"),
        (told(ROW | {"secret": "ann@club.example"}), "columns that were not asked for"),
        (told(ROW | {"id": None}), "a key is made of single values"),
        (told(ROW, next=7), "'next' is a new text"),
        (told(*[ROW] * 1001), "at most 1000"),
        (told(ROW, ROW), "record 1 has come before"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "sends us elsewhere"),
        ((404, {}, b"ann@club.example"), "answers 404"),
        ((409, {}, b""), "answers 409 to a question"),
        ((202, {"Location": "https://elsewhere.example/poll"}, b""), "fetched from another server"),
        ((202, {"Location": "http://127.0.0.1:1/poll"}, b""), "fetched from another server"),
        ((200, {"Content-Type": "application/json\x00 x" * 9000}, b""), "no HTTP"),
    ],
)
def test_what_breaks_the_contract_is_named_and_not_quoted(
    service: Service, club: Connector, reply: Reply, sentence: str
) -> None:
    service.tricks = [always(*reply)] * 3
    with pytest.raises(SourceError, match=sentence) as caught:
        records(club, "members")
    assert "ann" not in str(caught.value)
    assert service.url not in str(caught.value)


def test_a_cursor_that_comes_back_is_no_endless_walk(service: Service, club: Connector) -> None:
    service.tricks = [always(*answered({"records": [], "next": "2"}))] * 3
    with pytest.raises(BrokenDataError, match="'next' is a new text"):
        records(club, "members")


@pytest.mark.parametrize("changed", [{}, {"price": 3}], ids=["the same", "changed since"])
def test_a_record_that_comes_again_pages_later_stops_the_search(
    service: Service, club: Connector, changed: dict[str, object]
) -> None:
    """An order that moves gives one row twice and loses another: to drop it would hide that one is missing."""
    service.orders.insert(6, ORDERS[1] | changed)
    for ask in (lambda: records(club, "orders"), lambda: club.presence("orders", EMAIL)):
        with pytest.raises(BrokenDataError, match=r"^club: orders, answer 4, record 0 has come before: a service"):
            ask()
    rest = club.pages("orders", EMAIL, mode=Mode.PLAN, after=("o4",))
    with pytest.raises(BrokenDataError, match="has come before"):
        list(rest)


def test_an_answer_that_is_too_big_is_not_taken(
    service: Service, club: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "MOST_BYTES", 100_000)
    service.tricks = [always(*told(ROW | {"name": "x" * 200_000}))]
    with pytest.raises(BrokenDataError, match="longer than 16 MB"):
        records(club, "members")


def test_a_service_is_told_where_to_say_that_an_answer_is_ready(service: Service, club: Connector) -> None:
    club.presence("members", EMAIL)
    assert {headers.get("dsar-callback") for _path, _question, headers in service.asked} == {CALLBACK}


def test_an_answer_that_takes_time_is_fetched_where_the_service_says(service: Service, club: Connector) -> None:
    later = always(202, {"Location": "/privacy/lookup?ticket=7"}, b"")
    service.tricks = [later, always(202, {}, b""), always(*told(ROW))]
    assert [row["name"] for row in records(club, "members")] == ["Ann"]
    assert [path for path, _question, _headers in service.asked] == [
        "/privacy/lookup",
        *["/privacy/lookup?ticket=7"] * 2,
    ]
    service.tricks = [always(202, {"Retry-After": "3600"}, b"")]
    with pytest.raises(SourceUnavailableError, match="still preparing") as caught:
        records(club, "members")
    assert caught.value.wait == timedelta(hours=1)


# What is changed


def test_a_deletion_changes_the_planned_rows_and_no_others(service: Service, club: Connector) -> None:
    plan, begun = plan_of(club, EMAIL, {"orders": {("o3",)}}, members=Action.DEIDENTIFY, orders=Action.DELETE), []
    done = club.delete(plan, before_commit=lambda: begun.append(True))
    assert [(item.name, item.rows, item.spared) for item in done.collections] == [("members", 1, 0), ("orders", 6, 1)]
    assert [order["id"] for order in service.orders] == ["o3", "x1"]
    assert [(member["name"], member["email"]) for member in service.members] == [
        ("gone", "gone"),
        ("Bob", "bob@club.example"),
    ]
    assert begun
    assert club.delete(plan, repeated=True).found_done
    with pytest.raises(DataChangedError):
        club.delete(plan)


def test_a_deletion_whose_answer_was_lost_is_found_done_though_what_it_deidentified_is_still_found(
    service: Service,
) -> None:
    club = opened(service, "email: random, name: {constant: gone}, phone", "email: keep, name: {constant: gone}, phone")
    plan = plan_of(club, EMAIL, members=Action.DEIDENTIFY, orders=Action.DELETE)
    club.delete(plan)
    assert ([member["name"] for member in service.members], len(service.orders)) == (["gone", "Bob"], 1)
    assert club.delete(plan, repeated=True).found_done
    service.members[0]["name"] = "Ann"
    with pytest.raises(DataChangedError):
        club.delete(plan, repeated=True)


def test_rows_that_changed_since_are_not_touched(service: Service, club: Connector) -> None:
    plan = plan_of(club, EMAIL, orders=Action.DELETE)
    service.orders.pop(0)
    with pytest.raises(DataChangedError, match="orders are not those that were planned"):
        club.delete(plan)
    assert len(service.orders) == 7


def test_rows_that_hold_something_else_by_now_are_not_ordered_to_go(service: Service, club: Connector) -> None:
    digests, actions = RowDigests(b"of the case"), {"members": Action.DEIDENTIFY, "orders": Action.DELETE}
    plan = plan_of(club, EMAIL, {"orders": {("o3",)}}, digests, **actions)
    changed, spared = service.orders[0], next(order for order in service.orders if order["id"] == "o3")
    was = dict(changed)
    changed |= {"price": "999.99"}
    spared |= {"price": "999.99"}
    with pytest.raises(DataChangedError) as told:
        club.delete(plan)
    assert (told.value.changed, told.value.columns) == ({"orders": 1}, ["orders.price"])
    assert len(service.orders) == 8
    changed |= was
    assert [item.rows for item in club.delete(plan).collections] == [1, 6]


def in_order(*_question: object) -> None:
    """The look whether the rows are still the person's is answered as it should be."""


def orders_of(service: Service) -> list[str]:
    """What was asked of the service but to look something up."""
    return [path for path, _question, _headers in service.asked if path != "/privacy/lookup"]


def test_rows_that_changed_hands_are_not_ordered_to_be_corrected(service: Service, club: Connector) -> None:
    service.members[0]["email"] = "somebody.else@club.example"
    with pytest.raises(DataChangedError, match="rows of members are not this person's any more"):
        club.correct([Correction("members", [((1,), "Ann")], "name", "Anna")], EMAIL)
    assert not orders_of(service)


def test_a_change_that_the_service_does_not_allow_or_misreports_is_told(service: Service, club: Connector) -> None:
    held = [((1,), "Ann")]
    service.tricks = [in_order, always(409, {}, b"")]
    with pytest.raises(ChangeRefusedError, match="does not allow"):
        club.correct([Correction("members", held, "name", "Anna")], EMAIL)
    service.tricks = [in_order, always(*answered({"rows": {"members": 2}}))]
    with pytest.raises(BrokenDataError, match="other rows than ordered"):
        club.correct([Correction("members", held, "name", "Anna")], EMAIL)
    service.tricks = [in_order, busy(503)]
    with pytest.raises(SourceUnavailableError):
        club.correct([Correction("members", held, "name", "Anna")], EMAIL)
    assert orders_of(service) == ["/privacy/correct"] * 3, (
        "an order is given once; the job knows whether to give it again"
    )


def test_a_correction_and_an_opt_out_are_carried_out_by_the_service(service: Service, club: Connector) -> None:
    club.correct([Correction("members", [((1,), "Ann")], "name", "Anna")], EMAIL)
    assert club.suppress(Right.OPT_OUT_SALE_SHARE, EMAIL) == {"members": 1}
    assert [(member["name"], member["opted_out"]) for member in service.members] == [("Anna", True), ("Bob", False)]


def test_what_is_deleted_in_place_of_a_correction_goes_to_the_service_as_nothing(
    service: Service, club: Connector
) -> None:
    emptied = Correction("members", [((1,), "Ann")], "name", None)
    club.check_correction(emptied)
    club.correct([emptied], EMAIL)
    assert [member["name"] for member in service.members] == [None, "Bob"]


def test_what_the_service_does_not_offer_is_a_task_for_a_person(service: Service, club: Connector) -> None:
    with pytest.raises(NoWriteAccessError, match="it can only be read"):
        opened(service, write_url=None).delete(plan_of(club, EMAIL, orders=Action.DELETE))
    lean = opened(service, "changes: [delete, ", "changes: [")
    plan = plan_of(lean, EMAIL, orders=Action.DELETE)
    with pytest.raises(OnlyByHandError, match="take the rows of the person out of orders"):
        lean.delete(plan)
    with pytest.raises(OnlyByHandError, match="orders has 7 rows more"):
        lean.delete(plan, repeated=True)
    service.orders = service.orders[-1:]
    assert lean.delete(plan, repeated=True).found_done


# The map, and the contract


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("service: {", "servise: {", "did you mean 'service'"),
        ("signing_key: CLUB_SIGNING_KEY", "signing_key: DSAR_SECRET_KEY", "names an environment variable"),
        ("changes:", "other_keys: [CLUB_SIGNING_KEY], changes:", "and not 'signing_key'"),
        ("changes:", "other_keys: [A, B, C, D], changes:", "at most 3"),
        ("changes:", "changing_key: club, changes:", "names an environment variable"),
        ("changes:", "near_misses: sure, changes:", "true or false"),
        ("[delete, correct", "[delete, corect", "did you mean 'correct'"),
        ("[delete, correct, suppress]", "[delete, suppress]", "lacks correct"),
        ("[delete, correct, suppress]", "[delete, correct]", "lacks suppress"),
        ("key: [id]", "table: members", "knows no key 'table'"),
        ("reached: [{by: email}]", "reached: [{from: members, columns: {of: id}}]", "and no 'from'"),
        ("reached: [{by: email}]", "reached: [{by: email, compare: email}]", "compares no column"),
    ],
)
def test_a_fault_of_the_map_is_named_with_its_line(old: str, new: str, sentence: str) -> None:
    with pytest.raises(DataMapError, match=rf"(?m)^line \d+: .*{sentence}"):
        read_data_map(MAP.replace(old, new, 1))


def test_the_contract_describes_each_call_that_is_made(service: Service, club: Connector) -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to load

    contract = yaml.safe_load(Path("docs/source-contract.yaml").read_text())
    plan = plan_of(club, EMAIL, members=Action.DEIDENTIFY, orders=Action.DELETE)
    club.correct([Correction("members", [((1,), "Ann")], "name", "Anna")], EMAIL)
    club.suppress(Right.OPT_OUT_SALE_SHARE, EMAIL)
    club.delete(plan)
    loose, asked = loosened(club.datamap, {}, EMAIL)
    HttpConnector(loose, read_url=service.url, hosts=LOCAL, callback=CALLBACK).presence("members", asked)
    assert {path for path, _question, _headers in service.asked} == {f"/privacy{path}" for path in contract["paths"]}
    named = {entry["name"].lower() for entry in contract["components"]["parameters"].values()}
    for path, question, headers in service.asked:
        body = contract["paths"][path.removeprefix("/privacy")]["post"]["requestBody"]
        schema = body["content"]["application/json"]["schema"] | {"components": contract["components"]}
        Draft202012Validator(json.loads(json.dumps(schema))).validate(question)
        assert {name for name in headers if name.startswith("dsar-")} == named
