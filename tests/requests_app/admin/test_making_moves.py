"""Moves through the admin, by HTTP: made once, refused with a reason, and nothing typed is ever lost."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client

from dsar.ledger import chains
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.moves import MOVES
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


@pytest.fixture
def analyst(desk: Desk) -> Client:
    return desk.client(Role.ANALYST)


def path(case: Case, slug: str) -> str:
    return f"/admin/requests_app/case/{case.pk}/move/{slug}/"


def shown(answer: HttpResponse) -> str:
    return unescape(answer.content.decode())


def version_in(page: str) -> int:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return int(found[1])


def test_the_page_says_what_the_move_does_and_asks_for(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    page = unescape(text_of(analyst, path(case, "ask_clarification")))
    assert str(MOVES["ask_clarification"].consequence) in page
    assert "Question to the person" in page
    assert version_in(page) == case.version


def test_a_move_is_made_and_its_event_names_who_made_it(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    posted = {"version": case.version, "question": "Which of your two accounts do you mean?"}
    answer = analyst.post(path(case, "ask_clarification"), posted, follow=True)
    assert "Ask a question: done. The case is now clarifying." in shown(answer)
    case.refresh_from_db()
    assert case.state == State.CLARIFYING
    event = chains.history(case.chain).get(kind="ask_clarification")
    assert event.actor == f"staff:{desk.staff[Role.ANALYST].pk}"


def test_of_a_move_that_leaves_the_case_where_it_stands_nothing_else_is_said(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    to = f"staff:{desk.staff[Role.ANALYST].pk}"
    answer = analyst.post(path(case, "assign"), {"version": case.version, "to": to}, follow=True)
    assert "Assign: done." in shown(answer)
    assert "The case is now" not in shown(answer)


def test_a_move_made_twice_by_one_click_too_many_is_made_once(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    for _click in range(2):
        analyst.post(path(case, "start_gathering"), {"version": case.version})
    case.refresh_from_db()
    assert case.gathering_round == 1
    assert chains.history(case.chain).filter(kind="start_gathering").count() == 1


def test_what_is_left_empty_is_asked_for_and_the_rest_is_kept(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    answer = analyst.post(path(case, "refuse"), {"version": case.version, "code": "", "reason": "Bad faith."})
    assert answer.status_code == 422
    page = shown(answer)
    assert "Please fill this in." in page
    assert "Bad faith." in page
    assert version_in(page) == case.version
    case.refresh_from_db()
    assert case.state == State.REVIEWING


def test_a_case_that_went_on_keeps_what_was_typed_and_shows_what_happened(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    seen = case.version
    desk.move(case, "extend", Role.APPROVER, reason="Many systems.")
    answer = analyst.post(path(case, "ask_clarification"), {"version": seen, "question": "Which of the two?"})
    assert answer.status_code == 409
    page = shown(answer)
    assert "Somebody else changed this case while you were looking at it." in page
    assert "Time extended" in page
    assert "Identity accepted" not in page  # that he had seen
    assert "Which of the two?" in page
    case.refresh_from_db()
    assert case.state == State.REVIEWING
    again = {"version": version_in(page), "question": "Which of the two?"}
    assert analyst.post(path(case, "ask_clarification"), again).status_code == 302


def test_a_move_that_was_shut_meanwhile_can_be_read_but_not_sent(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.REVIEWING)
    seen = case.version
    desk.move(case, "start_gathering")
    answer = analyst.post(path(case, "ask_clarification"), {"version": seen, "question": "Which of the two?"})
    page = shown(answer)
    assert "Which of the two?" in page
    assert "it is gathering" in page
    assert re.search(r'<button type="submit" class="desk-button desk-primary" disabled>', page)


@pytest.mark.parametrize("version", ["", "-1", "nonsense", "99999999999999999999"])
def test_a_forged_version_makes_no_move(desk: Desk, analyst: Client, version: str) -> None:
    case = desk.case_in(State.REVIEWING)
    assert analyst.post(path(case, "start_gathering"), {"version": version}).status_code == 409
    case.refresh_from_db()
    assert case.state == State.REVIEWING


def test_a_shut_move_leads_back_with_reason_and_citation(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.VERIFYING)
    for answer in (
        analyst.get(path(case, "accept_proof"), follow=True),
        analyst.post(path(case, "accept_proof"), {"version": case.version}, follow=True),
    ):
        assert answer.redirect_chain == [(f"/admin/requests_app/case/{case.pk}/change/", 302)]
        assert "Still missing: 3 more data points" in shown(answer)
        assert "11 CCR 7062(c)" in shown(answer)


def test_a_move_that_does_not_exist_is_not_found(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.VERIFYING)
    assert analyst.get(path(case, "withdraw")).status_code == 404


def test_a_move_of_another_right_is_refused(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.VERIFYING)
    answer = analyst.post(path(case, "refuse_opt_out"), {"version": case.version}, follow=True)
    assert "This move does not exist for such a request." in shown(answer)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR, Role.SOURCE_OWNER])
def test_only_analyst_and_approver_make_moves(desk: Desk, role: Role) -> None:
    case = desk.case_in(State.REVIEWING)
    answer = desk.client(role).post(path(case, "start_gathering"), {"version": case.version}, follow=True)
    assert answer.status_code == (200 if role == Role.AUDITOR else 403)
    case.refresh_from_db()
    assert case.state == State.REVIEWING


def test_only_an_approver_refuses_an_opt_out(desk: Desk, analyst: Client) -> None:
    case = desk.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    assert "This needs the role approver." in shown(analyst.get(path(case, "refuse_opt_out"), follow=True))
    assert desk.client(Role.APPROVER).get(path(case, "refuse_opt_out")).status_code == 200


def test_a_deciding_move_shows_what_it_rests_on(desk: Desk) -> None:
    case = desk.case_in(State.DECIDING)
    page = text_of(desk.client(Role.APPROVER), path(case, "approve"))
    for panel in ("panel-duties", "panel-identity", "panel-limit", "panel-sources"):
        assert panel in page
    looks = chains.history("access:2026-11-23").filter(kind="seen.case")
    assert looks.count() == 1
    assert "panel-duties" not in text_of(desk.client(Role.APPROVER), path(case, "ask_clarification"))
    assert looks.count() == 1


def test_approving_goes_all_the_way(desk: Desk) -> None:
    case = desk.case_in(State.DECIDING)
    desk.client(Role.APPROVER).post(path(case, "approve"), {"version": case.version})
    case.refresh_from_db()
    assert case.state == State.CARRYING_OUT
    desk.work()
    case.refresh_from_db()
    assert case.state == State.CLOSED


def test_inputs_may_come_filled_in(desk: Desk, analyst: Client) -> None:
    case = desk.case_in(State.GATHERING)
    assert 'value="club"' in text_of(analyst, f"{path(case, 'waive_source')}?source=club")


@pytest.mark.parametrize(
    ("back", "leads_to"),
    [
        ("/admin/requests_app/case/?group=us", "/admin/requests_app/case/?group=us"),
        ("https://elsewhere.example/admin/", None),
        ("//elsewhere.example/admin/", None),
        ("/case/me/", None),
        ("", None),
    ],
)
def test_the_way_back_stays_on_the_desk(desk: Desk, analyst: Client, back: str, leads_to: str | None) -> None:
    case = desk.case_in(State.REVIEWING)
    answer = analyst.post(path(case, "start_gathering"), {"version": case.version, "back": back})
    assert answer["Location"] == (leads_to or f"/admin/requests_app/case/{case.pk}/change/")


def test_a_move_needs_the_forms_token(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(desk.staff[Role.ANALYST])
    assert strict.post(path(case, "start_gathering"), {"version": case.version}).status_code == 403
