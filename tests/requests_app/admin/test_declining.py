"""The desk notes the "no" of somebody below 16 who was asked to opt in: no request, and nothing of it in a log."""

from __future__ import annotations

import pytest
from django.test import Client

from dsar.ledger import chains
from requests_app.models import OptInDeclined, Submission
from requests_app.roles import Role
from requests_app.services.history import local_day
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

PAGE = "/admin/requests_app/submission/declined/"
YOUNG = {"email": "kim@example.com", "born_on": "2012-05-01"}


@pytest.fixture
def analyst(desk: Desk) -> Client:
    return desk.client(Role.ANALYST)


def note(desk: Desk, client: Client, **typed: object) -> tuple[int, str]:
    """Post the form; status and text of the page that follows."""
    answer = client.post(PAGE, {"organisation": desk.organisation.pk, **YOUNG, **typed}, follow=True)
    return answer.status_code, answer.content.decode()


def test_it_is_noted_once_and_says_from_when_on_they_may_be_asked(desk: Desk, analyst: Client) -> None:
    assert PAGE in text_of(analyst, "/admin/requests_app/submission/add/")
    status, text = note(desk, analyst, account_number="10017")
    assert status == 200
    assert "Noted. They may not be asked again before 2027-11-23" in text
    kept = list(OptInDeclined.objects.order_by("kind"))
    assert [row.kind for row in kept] == ["account_number", "email"]
    assert not Submission.objects.exists()
    chain = chains.history(chains.access_chain(local_day(kept[0].declined_at)))
    event = chain.get(kind="noted.opt_in_declined")
    assert event.actor.startswith("staff:")
    assert event.facts["ask_again_from"] == "2027-11-23"
    assert "kim" not in event.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"email": " "}, "Give an e-mail address or an account number."),
        ({"email": "kim at example"}, "Enter a valid email address."),
        ({"born_on": ""}, "Give the day of birth: this is about people below 16."),
        ({"born_on": "2001-01-01"}, "From 16 on nobody is asked to opt in."),
        ({"born_on": "2030-01-01"}, "This day is still to come"),
        ({"born_on": "soon"}, "Enter a valid date."),
        ({"organisation": "x"}, "Select a valid choice."),
    ],
)
def test_what_stands_against_it_is_told_at_its_field_and_nothing_is_noted(
    desk: Desk, analyst: Client, typed: dict[str, object], said: str
) -> None:
    status, text = note(desk, analyst, **typed)
    assert status == 422
    assert said in text
    assert not OptInDeclined.objects.exists()


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_enters_no_requests_notes_none(desk: Desk, role: Role) -> None:
    assert desk.client(role).get(PAGE).status_code == 403
