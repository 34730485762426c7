"""The page of holds: placed, renewed, released and imported by the roles that may; each look is noted."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dsar.ledger.models import Event
from requests_app.law.words import Right
from requests_app.models import Hold
from requests_app.roles import Role
from requests_app.services import hold_lists
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

HOLDS = "/admin/requests_app/hold/"
ANN = {
    "do": "place",
    "kind": "law_enforcement",
    "matter": "Case 7",
    "identifier_kind": "email",
    "identifier": "ann.o'hara@club.example",
}


def test_a_hold_is_placed_renewed_and_released_and_shown_on_the_case(desk: Desk) -> None:
    analyst, approver = desk.client(Role.ANALYST), desk.client(Role.APPROVER)
    assert "There is no hold." in text_of(analyst, HOLDS)
    assert analyst.post(HOLDS, ANN).status_code == 302
    page = text_of(analyst, HOLDS)
    assert "from 2026-11-23 until 2027-02-21" in page
    assert 'value="release"' not in page
    case = desk.case_in(State.DECIDING, Right.DELETE)
    shown = text_of(analyst, reverse("admin:requests_app_case_change", args=[case.pk]))
    assert "law-enforcement hold, Case 7" in shown
    assert "records are kept from this deletion by a hold alone" in shown
    row = Hold.objects.get().pk
    assert approver.post(HOLDS, {"do": "renew", "row": row}).status_code == 302
    assert "until 2027-05-22" in text_of(approver, HOLDS)
    analyst.post(HOLDS, {"do": "release", "row": row})
    assert "An approver releases a hold." in text_of(analyst, HOLDS)
    approver.post(HOLDS, {"do": "release", "row": row})
    assert "released" in text_of(approver, HOLDS)
    assert Event.objects.filter(kind="seen.holds").count() >= 4


def test_what_can_not_be_placed_is_said_and_nothing_is_touched(desk: Desk) -> None:
    client = desk.client(Role.ANALYST)
    answer = client.post(HOLDS, {**ANN, "kind": "legal", "ends": "2026-11-22"})
    assert answer.status_code == 422
    assert "would have ended on 22 November 2026" in answer.content.decode()
    assert client.post(HOLDS, {"do": "renew", "row": "x", "ends": "soon"}).status_code == 302
    assert "Please give a day" in text_of(client, HOLDS)
    client.post(HOLDS, {"do": "nothing"})
    assert "There is no such step." in text_of(client, HOLDS)
    desk.client(Role.AUDITOR).post(HOLDS, ANN)
    assert not Hold.objects.exists()


def test_a_file_is_taken_whole_or_its_bad_lines_are_named(desk: Desk) -> None:
    client, head = desk.client(Role.ANALYST), ",".join(hold_lists.COLUMNS)
    good, bad = "legal,Docket 1,club,,,2026-11-01,,told", "legal,Docket 1,mall,,,2026-11-01,,told"

    def post(*lines: str) -> tuple[int, str]:
        file = SimpleUploadedFile("holds.csv", "\n".join((head, *lines)).encode())
        answer = client.post(HOLDS, {"do": "import", "file": file})
        return answer.status_code, answer.content.decode()

    status, page = post(good, bad)
    assert (status, Hold.objects.count()) == (422, 0)
    assert "Line 3:" in page
    assert "Known are: club" in page
    page = post(bad, good, *(good.replace("told", "yes") for _line in range(3)), good, bad.replace("mall", "pier"))[1]
    assert page.count("The column “told” says") == 1  # a mistake of every line is read once
    assert "Lines 4-6:" in page
    assert "Lines 2, 8:" in page
    assert client.post(HOLDS, {"do": "import"}).status_code == 422
    assert post(good)[0] == post(good)[0] == 302
    assert Hold.objects.count() == 1
    assert "On the list already: 1." in text_of(client, HOLDS)
