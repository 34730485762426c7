"""What surrounds a correction, as the desk reads it: the earlier denial, and the person's statement."""

from __future__ import annotations

import pytest
from time_machine import TimeMachineFixture

from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services import statements
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk
from tests.requests_app.admin.test_case_page import page_of
from tests.requests_app.factories import days

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

TEXT = "I never had asthma. The clinic mixed up two charts."


def asked(desk: Desk) -> Case:
    """Ann wants her name corrected, and has proved who she is."""
    return desk.case_in(State.REVIEWING, Right.CORRECT, correct_field="club.members.name", correct_value="Anne O'Hara")


def refused(desk: Desk) -> Case:
    """A correction that was refused as accurate."""
    inputs = {"code": "ca_106_accurate", "explanation": "Your bank confirmed it.", "reason": "Looked at."}
    return desk.move(asked(desk), "refuse", **inputs)


def test_the_desk_reads_a_statement_and_is_told_on_the_first_page_when_to_pass_it_on(
    desk: Desk, time_machine: TimeMachineFixture
) -> None:
    case = refused(desk)
    statements.file_statement(case.pk, number=1, text=TEXT, is_to_pass_on=True, at=NOW)
    shown = page_of(desk, case)
    assert TEXT in shown
    assert "the person may change it until 2026-11-30" in shown
    assert "The person asks us to pass it on." in shown
    assert "to be passed on now" not in shown
    time_machine.move_to(NOW + days(8))
    assert "Statements to pass on" in desk.client(Role.ANALYST).get("/admin/").content.decode()
    assert "to be passed on now" in page_of(desk, case)


def test_the_desk_is_shown_the_earlier_case_beside_the_decision(desk: Desk) -> None:
    first = refused(desk)
    again = asked(desk)
    for shown in (
        page_of(desk, again),
        desk.client(Role.ANALYST).get(f"/admin/requests_app/case/{again.pk}/move/refuse/").content.decode(),
    ):
        assert "the same value was denied on 2026-11-23" in shown
        assert first.submission.reference in shown
        assert "until 2027-05-22" in shown
        assert "11 CCR 7023(g)" in shown
        assert "from memory" in shown
    assert "the same value was denied" not in page_of(desk, first)
