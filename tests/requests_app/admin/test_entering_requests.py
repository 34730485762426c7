"""Requests that came by telephone, post or e-mail, entered by staff."""

from __future__ import annotations

import uuid
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client

from dsar.ledger import chains
from requests_app.admin.desk import today
from requests_app.law.words import DutyKind
from requests_app.models import Channel, Submission
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

ADD = "/admin/requests_app/submission/add/"


@pytest.fixture
def analyst(desk: Desk) -> Client:
    return desk.client(Role.ANALYST)


def form(desk: Desk, **changes: object) -> dict[str, object]:
    return {
        "intake_key": uuid.uuid4(),
        "organisation": desk.organisation.pk,
        "channel": "phone",
        "received_on": today().isoformat(),
        "residence": "US-CA",
        "language": "en",
        "rights": ["know_specific", "delete"],
        "name": "Ann O'Hara",
        "email": "Ann.O'Hara@Club.example",
        "look_back": "twelve_months",
        **changes,
    }


@pytest.mark.parametrize("channel", ["phone", "post", "email"])
def test_a_request_is_entered_and_starts_unverified(desk: Desk, analyst: Client, channel: str) -> None:
    answer = analyst.post(ADD, form(desk, channel=channel), follow=True)
    submission = Submission.objects.get()
    assert f"Request {submission.reference} received." in answer.content.decode()
    assert submission.channel == channel
    assert submission.confirmed_at is None
    assert {case.state for case in submission.cases.all()} == {State.VERIFYING}
    received = chains.history(submission.cases.first().chain).first()  # type: ignore[union-attr]
    assert received is not None
    assert received.actor == f"staff:{desk.staff[Role.ANALYST].pk}"


def test_every_date_counts_from_the_day_on_which_a_letter_arrived(desk: Desk, analyst: Client) -> None:
    arrived_on = today() - timedelta(days=3)
    analyst.post(ADD, form(desk, channel="post", rights=["delete"], received_on=arrived_on.isoformat()))
    submission = Submission.objects.get()
    assert submission.received_on == arrived_on
    due = submission.cases.get().duties.get(kind=DutyKind.ANSWER)
    assert due.due_on == arrived_on + timedelta(days=45)
    received = chains.history(submission.cases.get().chain).first()
    assert received is not None
    assert received.facts["received_on"] == arrived_on.isoformat()


def test_sent_twice_it_is_received_once(desk: Desk, analyst: Client) -> None:
    sent = form(desk)
    assert analyst.post(ADD, sent)["Location"] == analyst.post(ADD, sent)["Location"]
    assert Submission.objects.count() == 1


def test_the_form_carries_a_key_of_its_own(desk: Desk, analyst: Client) -> None:
    assert (
        text_of(analyst, ADD).partition('name="intake_key"')[2][:60]
        != (text_of(analyst, ADD).partition('name="intake_key"')[2][:60])
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "nowhere"}, "Please give an e-mail address such as name@example.com."),
        ({"email": "josé@example.com"}, "enter another, or go by post."),
        ({"rights": ["correct"]}, "Please choose what is wrong."),
        ({"residence": ""}, "This field is required."),
        ({"received_on": "2999-01-01"}, "This day is still to come"),
        ({"received_on": "2019-12-31"}, "One of these rights is not offered"),
        ({"received_on": "0001-01-01"}, "One of these rights is not offered"),
        ({"received_on": "yesterday"}, "Please give a day such as 2026-11-23"),
        ({"rights": []}, "This field is required."),
        ({"channel": Channel.WEB}, "Select a valid choice. web is not one of the available choices."),
    ],
)
def test_a_fault_is_said_and_the_rest_is_kept(
    desk: Desk, analyst: Client, changes: dict[str, object], sentence: str
) -> None:
    answer = analyst.post(ADD, form(desk, **changes))
    assert answer.status_code == 422
    page = unescape(answer.content.decode())
    assert sentence in page
    assert 'value="Ann O\'Hara"' in page
    assert not Submission.objects.exists()


def test_the_list_shows_what_arrived_without_what_it_says(desk: Desk, analyst: Client) -> None:
    reference = desk.file(details="The jacket was red.").reference
    page = text_of(analyst, "/admin/requests_app/submission/")
    assert reference in page
    assert "California" in page
    assert "Hara" not in page
    assert "jacket" not in page


def test_the_list_is_searched_by_reference(desk: Desk, analyst: Client) -> None:
    one, other = desk.file().reference, desk.file().reference
    page = text_of(analyst, f"/admin/requests_app/submission/?q={one}")
    assert one in page
    assert other not in page.replace(f"?q={one}", "")


def test_a_submission_leads_to_its_cases(desk: Desk, analyst: Client) -> None:
    submission = desk.file()
    answer = analyst.get(f"/admin/requests_app/submission/{submission.pk}/change/")
    assert answer["Location"] == f"/admin/requests_app/case/?q={submission.reference}"


def test_an_unknown_submission_is_refused(analyst: Client) -> None:
    assert analyst.get(f"/admin/requests_app/submission/{uuid.UUID(int=1)}/change/").status_code == 403


ANOTHER = {"requester_name": "Ada Agent", "requester_email": "ada@agents.example"}


def test_a_request_for_somebody_else_is_entered_with_who_asks(desk: Desk, analyst: Client) -> None:
    analyst.post(ADD, form(desk, requester="agent", **ANOTHER))
    submission = Submission.objects.get()
    assert (submission.requester, submission.contact_name) == ("agent", "Ada Agent")


def test_staff_read_why_a_parent_can_t_ask(desk: Desk, analyst: Client) -> None:
    answer = analyst.post(ADD, form(desk, requester="parent", born_on="2000-01-01", **ANOTHER))
    assert "A parent asks for a child below 13" in answer.content.decode()
    assert not Submission.objects.exists()
