"""Moves over the API: the same registry and the same sentences as at the desk, made once, and never half."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from time_machine import TimeMachineFixture

from dsar.ledger import chains
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


@pytest.fixture
def analyst(desk: Desk) -> Client:
    return desk.client(Role.ANALYST)


def path(case: Case, slug: str = "") -> str:
    return f"/api/v1/cases/{case.pk}/moves/" + (f"{slug}/" if slug else "")


def make(client: Client, case: Case, slug: str, *, tag: str | None = None, **inputs: str) -> HttpResponse:
    """Post the move with the version that the test saw, or with another tag."""
    headers = {"If-Match": f'"{case.version}"' if tag is None else tag}
    return client.post(path(case, slug), {"inputs": inputs}, content_type="application/json", headers=headers)


def errors(answer: HttpResponse) -> Any:
    return answer.json()["errors"]  # type: ignore[attr-defined]


def is_untouched(case: Case) -> bool:
    now = Case.objects.get(pk=case.pk)
    return (now.state, now.version) == (case.state, case.version)


def test_the_list_tells_of_each_move_what_it_asks_for_and_why_it_is_shut(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    answer = analyst.get(path(case))
    told = answer.json()
    moves = {move["slug"]: move for move in told["moves"]}
    assert (told["reference"], told["state"], told["version"]) == (
        case.submission.reference, State.REVIEWING, case.version
    )  # fmt: skip
    assert answer["ETag"] == f'"{case.version}"'
    assert moves["start_gathering"]["is_open"]
    assert moves["approve"]["shut_because"] == "Open only while the case is deciding; it is reviewing."
    assert [wanted["name"] for wanted in moves["ask_clarification"]["inputs"]] == ["question"]
    assert moves["refuse"]["inputs"][0]["choices"]


def test_the_list_says_nothing_of_the_person(desk: Desk, analyst: Client) -> None:
    page = analyst.get(path(desk.case_in(State.DECIDING))).content.decode()
    assert "Ann" not in page
    assert "club.example" not in page.lower()


def test_a_move_is_made_as_at_the_desk_and_gives_the_new_version(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    answer = make(analyst, case, "ask_clarification", question="Which of your two accounts?")
    now = Case.objects.get(pk=case.pk)
    assert answer.json() == {"reference": case.submission.reference, "state": "clarifying", "version": now.version}
    assert answer["ETag"] == f'"{now.version}"'
    event = chains.history(case.chain).get(kind="ask_clarification")
    assert event.actor == f"staff:{desk.staff[Role.ANALYST].pk}"


def test_a_second_post_of_the_same_version_does_nothing(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    first, second = (make(analyst, case, "start_gathering") for _twice in range(2))
    assert (first.status_code, second.status_code) == (200, 412)
    assert "Somebody else changed this case" in errors(second)["request"][0]
    assert chains.history(case.chain).filter(kind="start_gathering").count() == 1


def test_an_extension_after_the_first_period_is_refused_with_the_rule(
    desk: Desk, time_machine: TimeMachineFixture
) -> None:
    case = desk.case_in(State.REVIEWING)
    time_machine.move_to(NOW + timedelta(days=46))
    analyst = desk.client(Role.ANALYST)  # the session of six weeks ago has ended
    answer = make(analyst, case, "extend", reason="Two systems are being moved.")
    assert answer.status_code == 409
    assert "1798.130" in errors(answer)["request"][0]
    assert is_untouched(case)


def test_a_ground_on_the_wrong_right_is_refused_with_the_rule(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING, Right.DELETE)
    answer = make(analyst, case, "refuse", code="ca_7023g_repeat", reason="The same as before.")
    assert answer.status_code == 400
    assert "7023(g)" in errors(answer)["code"][0]
    assert is_untouched(case)


@pytest.mark.parametrize(
    ("slug", "body", "tag", "code", "told"),
    [
        ("start_gathering", {}, None, 428, {"If-Match": "Say in If-Match which version"}),
        ("start_gathering", {}, '"99999"', 412, {"request": "Somebody else changed this case"}),
        ("start_gathering", {}, "W/abc", 412, {"request": "Somebody else changed this case"}),
        ("start_gathering", {"inputs": {"colour": "red"}}, "", 400, {"colour": "does not ask for that"}),
        ("start_gathering", {"input": {}}, "", 400, {"input": "input is not known here: give any of inputs."}),
        ("start_gathering", {"inputs": "all"}, "", 400, {"inputs": "Expected a dictionary"}),
        ("start_gathering", ["a list"], "", 400, {"request": "Expected a dictionary"}),
        ("refuse", {"inputs": {"reason": "Bad faith."}}, "", 400, {"code": "Please fill this in."}),
        ("refuse", {"inputs": {"code": "ca_999"}}, "", 400, {"code": ""}),
        ("approve", {}, "", 409, {"request": "Open only while the case is deciding; it is reviewing."}),
        ("reopen", {"inputs": {}}, "", 409, {"request": ""}),
        ("fly", {}, "", 404, {"move": "There is no such move."}),
    ],
)
def test_what_can_not_be_done_is_told_and_nothing_is_changed(  # noqa: PLR0917 - a table
    desk: Desk, analyst: Client, slug: str, body: object, tag: str | None, code: int, told: dict[str, str]
) -> None:
    """An empty tag stands for the right one, None for none at all."""
    case = desk.case_in(State.REVIEWING)
    headers = {} if tag is None else {"If-Match": tag or f'"{case.version}"'}
    answer = analyst.post(path(case, slug), body, content_type="application/json", headers=headers)
    assert answer.status_code == code
    for name, part in told.items():
        assert part in errors(answer)[name][0]
    assert is_untouched(case)


@pytest.mark.parametrize("role", [Role.SOURCE_OWNER, None])
def test_who_sees_no_cases_reads_and_moves_none(desk: Desk, role: Role | None) -> None:
    client = desk.client(role) if role else Client()
    case = desk.case_in(State.REVIEWING)
    for answer in (client.get(path(case)), make(client, case, "start_gathering")):
        assert answer.status_code == 403
        assert "Sign in at the desk" in errors(answer)["request"][0] or "credentials" in errors(answer)["request"][0]
    assert is_untouched(case)


def test_an_auditor_reads_and_moves_nothing(desk: Desk) -> None:
    client, case = desk.client(Role.AUDITOR), desk.case_in(State.REVIEWING)
    assert not any(move["is_open"] for move in client.get(path(case)).json()["moves"])
    assert make(client, case, "start_gathering").status_code == 409
    assert is_untouched(case)


def test_a_foreign_page_can_not_make_a_move_with_somebodys_session(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING)
    client = Client(enforce_csrf_checks=True)
    client.force_login(desk.staff[Role.ANALYST])
    answer = make(client, case, "start_gathering")
    assert answer.status_code == 403
    assert "CSRF" in errors(answer)["request"][0]
    assert is_untouched(case)


def test_a_case_that_is_none_is_not_found(analyst: Client, desk: Desk) -> None:
    nothing = "/api/v1/cases/00000000-0000-0000-0000-000000000000/moves/"
    assert analyst.get(nothing).status_code == 404
    assert analyst.post(f"{nothing}approve/", {}, content_type="application/json").status_code == 404
