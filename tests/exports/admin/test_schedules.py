"""The page of retention schedules: what is kept on which ground, and the buttons."""

from __future__ import annotations

import pytest
from django.test import Client

from exports.models import RetentionSchedule
from requests_app.roles import Role
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

SCHEDULES = "/admin/exports/retentionschedule/"
LETTERS = {
    "do": "propose",
    "covers": "club.letters",
    "ground_ccpa": "ca_105d8_legal_obligation",
    "ground_house": "house_legal_obligation",
    "years": "6",
    "counted_from": "",
    "until": "2030-12-31",
}


def press(client: Client, **given: object) -> str:
    assert client.post(SCHEDULES, given).status_code == 302
    return text_of(client, SCHEDULES)


def refused(client: Client, **changes: str) -> str:
    response = client.post(SCHEDULES, {**LETTERS, **changes})
    assert response.status_code == 422
    assert not RetentionSchedule.objects.exists()
    return response.content.decode()


def test_an_analyst_proposes_and_an_approver_accepts(desk: Desk) -> None:
    analyst, approver = desk.client(Role.ANALYST), desk.client(Role.APPROVER)
    assert "There is none: deletions leave" in text_of(analyst, SCHEDULES)
    page = press(analyst, **LETTERS)
    assert "Club: Letters" in page
    assert "6 years, from the request on" in page
    assert "CCPA: Legal obligation to keep" in page
    assert "ca_105d8" not in text_of(desk.client(Role.AUDITOR), SCHEDULES)
    assert "until 2030-12-31" in page
    schedule = RetentionSchedule.objects.get()
    assert schedule.grounds == {"ccpa": "ca_105d8_legal_obligation", "house": "house_legal_obligation"}
    assert "in force" in press(approver, do="accept", row=schedule.pk)
    assert "ended" in press(analyst, do="end", row=schedule.pk)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ground_ccpa": "no_such_ground"}, "Select a valid choice"),
        ({"ground_ccpa": "", "ground_house": ""}, "at least one law"),
        ({"covers": "club.nothing"}, "Select a valid choice"),
        ({"counted_from": "club.members.born"}, "a date of the collection that is kept"),
        ({"years": "0"}, "greater than or equal to 1"),
        ({"until": "soon"}, "valid date"),
    ],
)
def test_what_does_not_fit_is_said_beside_what_was_typed(desk: Desk, changes: dict[str, str], said: str) -> None:
    assert said in refused(desk.client(Role.ANALYST), **changes)


def test_what_may_not_be_is_said(desk: Desk) -> None:
    approver = desk.client(Role.APPROVER)
    press(approver, **LETTERS)
    assert "somebody else has to accept it" in press(approver, do="accept", row=RetentionSchedule.objects.get().pk)
    assert "no such schedule" in press(approver, do="accept", row="x")
    assert "no such step" in press(approver, do="dance")


def test_the_grounds_that_may_be_named_are_listed(desk: Desk) -> None:
    page = text_of(desk.client(Role.ANALYST), SCHEDULES)
    assert "Legal obligation to keep" in page
    assert "Not a California resident" not in page


def test_an_auditor_reads_and_an_administrator_does_not(desk: Desk) -> None:
    assert "Propose a schedule" not in text_of(desk.client(Role.AUDITOR), SCHEDULES)
    assert desk.client(Role.ADMINISTRATOR).get(SCHEDULES).status_code == 403
