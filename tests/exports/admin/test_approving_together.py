"""Many deletions approved from the queue: chosen, shown, confirmed, and told case by case."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services import together
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

QUEUE = "/admin/requests_app/case/"
WAITING = f"{QUEUE}?group=approval&right=delete"
TOGETHER = f"{QUEUE}approve-together/"
OFFERED = "Approve together…"


def choose(client: Client, *cases: Case) -> str:
    """Choose cases in the queue, and the action."""
    posted = {"action": "approve_together", "_selected_action": [str(case.pk) for case in cases]}
    answer = client.post(QUEUE, posted, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def confirm(client: Client, page: str) -> str:
    """Send the form of the preview as it is."""
    cases = re.findall(r'name="case" value="([^"]+)"', page)
    answer = client.post(TOGETHER, {"case": cases}, follow=True)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_an_approver_chooses_sees_confirms_and_is_told_case_by_case(desk: Desk) -> None:
    good, changed, not_ready = (
        desk.case_in(State.DECIDING, Right.DELETE),
        desk.case_in(State.DECIDING, Right.DELETE),
        desk.case_in(State.REVIEWING, Right.DELETE),
    )
    approver = desk.client(Role.APPROVER)
    queue = unescape(text_of(approver, WAITING))
    assert OFFERED in queue
    assert good.submission.reference in queue
    assert not_ready.submission.reference not in queue
    page = choose(approver, good, changed, not_ready)
    assert "What the approval of 2 cases does" in page
    assert "1 case is left out" in page
    assert "Open only while the case is" in page
    assert "Club" in page
    desk.move(changed, "extend", reason="It takes longer.")
    page = confirm(approver, page)
    assert "1 case was approved" in page
    assert "Somebody else changed this case" in page
    good.refresh_from_db()
    changed.refresh_from_db()
    assert (good.state, changed.state) == (State.CARRYING_OUT, State.DECIDING)
    desk.work()
    good.refresh_from_db()
    assert good.state in {State.CLOSED, State.CARRYING_OUT}


def test_a_go_that_can_not_be_made_is_answered_with_a_sentence(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = desk.case_in(State.VERIFYING, Right.DELETE), desk.case_in(State.VERIFYING, Right.DELETE)
    approver = desk.client(Role.APPROVER)
    page = choose(approver, one)
    assert "None of the chosen cases can be approved in one go." in page
    assert 'name="case"' not in page
    monkeypatch.setattr(together, "MOST", 1)
    assert "At most 1 cases are dealt with in one go, and 2 were chosen. Choose fewer." in choose(approver, one, two)
    for nonsense in ("", "x", "x:1", f"{one.pk}:", f"{one.pk}:-1", f"{one.pk}:1{'0' * 30}"):
        answer = approver.post(TOGETHER, {"case": nonsense}, follow=True)
        assert "Choose at least one case." in answer.content.decode()
    assert approver.get(TOGETHER).status_code == 405


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AUDITOR, Role.ADMINISTRATOR])
def test_nobody_but_an_approver_approves_together(desk: Desk, role: Role) -> None:
    case = desk.case_in(State.VERIFYING, Right.DELETE)
    client = desk.client(role)
    assert OFFERED not in unescape(client.get(QUEUE).content.decode())
    assert client.post(TOGETHER, {"case": f"{case.pk}:{case.version}"}).status_code == 403
