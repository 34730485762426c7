"""The desk on what only people decide: the answer written, the cases linked, inquiries counted apart."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

QUEUE = "/admin/requests_app/case/"


@pytest.fixture
def analyst(desk: Desk) -> Client:
    return desk.client(Role.ANALYST)


def filed(desk: Desk, right: Right, **changes: str) -> Case:
    """A case of this right, as it was received."""
    return desk.file(right, **changes).cases.get()


def plain(client: Client, path: str) -> str:
    """A page as text without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", text_of(client, path)).split())


def test_an_answer_is_written_shown_before_it_is_approved_and_kept_with_its_proof(desk: Desk, analyst: Client) -> None:
    case = filed(desk, Right.COMPLAINT, details="You still write to me.")
    url = f"{QUEUE}{case.pk}/move/write_answer/"
    assert "You still write to me." in text_of(analyst, url)
    posted = {"version": case.version, "text": "We have stopped it.", "proof": "Ticket 4711."}
    analyst.post(url, posted)
    page = plain(analyst, f"{QUEUE}{case.pk}/change/")
    assert "The answer that goes out when it is approved We have stopped it." in page
    assert "Answer written , analyst" in page
    assert "Ticket 4711." in page
    approving = plain(analyst, f"{QUEUE}{case.pk}/move/approve/")
    assert "We have stopped it." in approving


def test_a_balancing_is_asked_of_an_objection_alone(desk: Desk, analyst: Client) -> None:
    objection, complaint = filed(desk, Right.OBJECT), filed(desk, Right.COMPLAINT)
    assert 'name="balancing"' in text_of(analyst, f"{QUEUE}{objection.pk}/move/refuse/")
    assert 'name="balancing"' not in text_of(analyst, f"{QUEUE}{complaint.pk}/move/refuse/")


def test_inquiries_are_a_list_of_their_own_and_count_in_no_other(desk: Desk, analyst: Client) -> None:
    inquiry, complaint = filed(desk, Right.INQUIRY), filed(desk, Right.COMPLAINT)
    ours, other = inquiry.submission.reference, complaint.submission.reference
    for query, found in {"": False, "?group=us": False, "?kind=inquiry": True, f"?q={ours}": True}.items():
        assert (ours in plain(analyst, QUEUE + query)) is found, query
    assert ours in plain(analyst, f"{QUEUE}?right=inquiry&group=all")
    assert other not in plain(analyst, f"{QUEUE}?kind=inquiry")
    first_page = text_of(analyst, "/admin/")
    counted = dict(re.findall(r"<b>(\d+)</b><span>([^<]+)</span>", first_page)[::-1])
    assert {label: number for number, label in counted.items()}["Waiting for us"] == "1"
    assert "?kind=inquiry" in first_page


def test_linked_cases_lead_to_each_other(desk: Desk, analyst: Client) -> None:
    about = filed(desk, Right.OPT_OUT_SALE_SHARE)
    complaint = filed(desk, Right.COMPLAINT, about_reference=about.submission.reference)
    desk.work()
    assert about.submission.reference in plain(analyst, f"{QUEUE}{complaint.pk}/change/")
    page = text_of(analyst, f"{QUEUE}{about.pk}/change/")
    assert f'href="{QUEUE}{complaint.pk}/change/"' in page
    assert complaint.submission.reference in page


def test_staff_enter_a_complaint_with_the_reference_that_it_is_about(desk: Desk, analyst: Client) -> None:
    typed = {
        "intake_key": "0c9b8b8e-5a3a-4f6e-8d4c-0f6f4d1f7a11",
        "organisation": desk.organisation.pk,
        "channel": "phone",
        "received_on": NOW.date().isoformat(),
        "residence": "US-CA",
        "language": "en",
        "rights": ["complaint"],
        "name": "Ann O'Hara",
        "email": "ann@club.example",
        "look_back": "twelve_months",
        "about_reference": "no reference",
        "details": "They sold it.",
    }
    answer = analyst.post("/admin/requests_app/submission/add/", typed)
    assert "Please give the reference as our letters write it" in answer.content.decode()
    answer = analyst.post("/admin/requests_app/submission/add/", {**typed, "about_reference": ""})
    assert answer.status_code == 302
    assert Case.objects.get().state == State.DECIDING


def test_a_closed_case_shows_why_what_is_made_on_closed_ones_is_shut(desk: Desk, analyst: Client) -> None:
    page = plain(analyst, f"{QUEUE}{desk.case_in(State.CLOSED).pk}/change/")
    assert "Enter an appeal… Only what was refused, in whole or in part, can be appealed." in page
