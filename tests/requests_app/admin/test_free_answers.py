"""Free answers of other laws: shown at review, never a ground to refuse by themselves."""

from __future__ import annotations

import pytest

from requests_app import guards
from requests_app.law.words import Ground, Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def page_of(desk: Desk, case: Case) -> str:
    return " ".join(text_of(desk.client(Role.ANALYST), f"/admin/requests_app/case/{case.pk}/change/").split())


def test_how_many_were_used_is_shown_at_review(desk: Desk) -> None:
    desk.case_in(State.CLOSED, residence="US-VA")
    page = page_of(desk, desk.case_in(State.REVIEWING, residence="US-VA"))
    assert "1 of 2 used after 2025-11-23 and up to 2026-11-23." in page
    assert "Beyond them a reasonable fee may be asked. That is no ground to refuse." in page


def test_beyond_them_nothing_is_shut_and_no_ground_appears(desk: Desk) -> None:
    for _earlier in range(2):
        desk.case_in(State.CLOSED, residence="US-VA")
    case = desk.case_in(State.REVIEWING, residence="US-VA")
    page = page_of(desk, case)
    assert "2 of 2 used" in page
    assert "used up" in page
    grounds = {item.ground for item in guards.grounds_to_refuse(case)}
    assert Ground.ANSWERED_OFTEN_ENOUGH not in grounds
    assert desk.move(case, "start_gathering").state == State.GATHERING


def test_where_a_law_counts_none_there_is_no_box(desk: Desk) -> None:
    assert "Free answers" not in page_of(desk, desk.case_in(State.REVIEWING, Right.DELETE))
