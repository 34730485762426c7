"""Many verified requests, one click: gathering starts for each that is ready; for the others the page says why not."""

from __future__ import annotations

from html import unescape

import pytest

from dsar.ledger import chains
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services import together
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]
QUEUE = "/admin/requests_app/case/"


def start(desk: Desk, role: Role, *cases: Case) -> str:
    """Choose the cases in the queue and start them; the page that follows."""
    posted = {"action": "start_together", "_selected_action": [str(case.pk) for case in cases]}
    return unescape(desk.client(role).post(QUEUE, posted, follow=True).content.decode())


def states(*cases: Case) -> list[str]:
    return [Case.objects.get(pk=case.pk).state for case in cases]


def test_each_chosen_case_starts_by_its_own_move(desk: Desk) -> None:
    cases = [desk.case_in(State.REVIEWING, right) for right in (Right.DELETE, Right.PORTABILITY)]
    page = start(desk, Role.ANALYST, *cases)
    assert "Gathering began for 2 cases" in page
    assert states(*cases) == [State.GATHERING, State.GATHERING]
    actor = f"staff:{desk.staff[Role.ANALYST].pk}"
    assert [chains.history(case.chain).get(kind="start_gathering").actor for case in cases] == [actor, actor]


def test_a_case_that_is_not_verified_is_left_out_with_the_reason_and_the_others_start(desk: Desk) -> None:
    unproved, ready = desk.case_in(State.VERIFYING), desk.case_in(State.REVIEWING, Right.DELETE)
    page = start(desk, Role.ANALYST, unproved, ready)
    assert "Gathering began for 1 case" in page
    assert "1 case is left out" in page
    assert unproved.submission.reference in page
    assert "it is verifying" in page
    assert states(unproved, ready) == [State.VERIFYING, State.GATHERING]


def test_nobody_but_the_desk_is_offered_it_or_can_do_it(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING)
    assert 'value="start_together"' in desk.client(Role.ANALYST).get(QUEUE).content.decode()
    assert 'value="start_together"' not in desk.client(Role.AUDITOR).get(QUEUE).content.decode()
    start(desk, Role.AUDITOR, case)
    assert states(case) == [State.REVIEWING]


def test_too_many_at_once_are_refused_and_none_starts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [desk.case_in(State.REVIEWING, right) for right in (Right.DELETE, Right.PORTABILITY)]
    monkeypatch.setattr(together, "MOST", 1)
    assert "At most 1 cases are dealt with in one go, and 2 were chosen." in start(desk, Role.ANALYST, *cases)
    assert states(*cases) == [State.REVIEWING, State.REVIEWING]
