"""The page on which somebody chooses among records: masked, for the desk, and every refusal a sentence."""

from __future__ import annotations

from html import unescape

import pytest
import sqlalchemy as sa
from django.test import Client

from dsar.ledger import chains
from exports.fulfil import choosing
from exports.models import Candidate, Part
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.states import State
from tests.exports.sources import small_company
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

ADDRESS = "Ann.O'Hara@Club.example"


@pytest.fixture
def shared(club_url: str) -> None:
    """Bob has Ann's address as well, in other letters: the column is unique by its letters."""
    engine = sa.create_engine(club_url)
    bob = small_company.members.update().where(small_company.members.c.id == 2)
    with engine.begin() as connection:
        connection.execute(bob.values(email=ADDRESS.upper()))
    engine.dispose()


@pytest.fixture
def asking(desk: Desk, shared: None) -> Case:
    """Ann's request, which stops at the question."""
    case = desk.case_in(State.GATHERING)
    desk.work()
    case.refresh_from_db()
    return case


def page(case: Case) -> str:
    """Where somebody chooses."""
    return f"/admin/requests_app/case/{case.pk}/which/"


def test_the_case_page_leads_to_the_question(asking: Case, analyst: Client) -> None:
    text = text_of(analyst, f"/admin/requests_app/case/{asking.pk}/change/")
    assert text.count(page(asking)) >= 2
    assert "Choose whose data the request is about." in text


def test_records_are_shown_masked_and_the_look_is_noted(asking: Case, analyst: Client) -> None:
    text = unescape(text_of(analyst, page(asking)))
    for told in ("A. O.", "B.", "A…@Club.example", "…01", "Since", "2024"):
        assert told in text, told
    for secret in ("Bob", "555-0101", "ANN.O'HARA"):
        assert secret not in text, secret
    assert chains.history(chains.access_chain(asking.received_on())).filter(kind="seen.candidates").exists()


def test_the_chosen_record_is_searched(desk: Desk, asking: Case, analyst: Client) -> None:
    (ann,) = [one.number for one in choosing.candidates_of(asking) if '"key": [1]' in one.details]
    posted = {"version": asking.version, "source": "club", "record": ann, "reason": "Her telephone number."}
    answer = analyst.post(page(asking), posted, follow=True)
    assert "Chosen. The source is searched by that." in answer.content.decode()
    desk.work()
    asking.refresh_from_db()
    assert asking.state == State.DECIDING
    assert Part.objects.get(run__case=asking, collection="members").records == 1
    assert "A person chose 1 of 2 records." in text_of(analyst, f"/admin/requests_app/case/{asking.pk}/change/")
    assert "Her telephone number." in text_of(analyst, page(asking))


def test_none_of_these_is_told_as_a_result(desk: Desk, asking: Case, analyst: Client) -> None:
    posted = {"version": asking.version, "source": "club", "none": "1", "reason": "Neither lives there."}
    analyst.post(page(asking), posted)
    desk.work()
    asking.refresh_from_db()
    text = unescape(text_of(analyst, f"/admin/requests_app/case/{asking.pk}/change/"))
    assert "A person decided that none of the records found is this person's." in text
    assert "Nothing found." in text


@pytest.mark.parametrize(
    ("posted", "sentence"),
    [
        ({}, "Choose a record, or say that it is none of these."),
        ({"record": "7"}, "Name records by their numbers on the page"),
        ({"record": "1", "reason": " "}, "A reason is needed."),
        ({"record": "1", "version": "1"}, "Somebody else changed this case"),
        ({"record": "1", "source": "shop"}, "No source of this name asks"),
    ],
)
def test_what_can_not_be_taken_is_told(asking: Case, analyst: Client, posted: dict[str, str], sentence: str) -> None:
    usual = {"version": asking.version, "source": "club", "reason": "Her number."}
    answer = analyst.post(page(asking), {**usual, **posted}, follow=True)
    assert sentence in unescape(answer.content.decode())
    assert not Candidate.objects.filter(chosen__isnull=False).exists()


def test_an_auditor_sees_the_records_and_chooses_nothing(desk: Desk, asking: Case) -> None:
    auditor = desk.client(Role.AUDITOR)
    assert 'name="record"' not in text_of(auditor, page(asking))
    posted = {"version": asking.version, "source": "club", "record": "1", "reason": "Her number."}
    answer = auditor.post(page(asking), posted, follow=True)
    assert not Candidate.objects.filter(chosen__isnull=False).exists()
    assert answer.status_code in (200, 403)


def test_a_case_that_asks_nothing_says_so(case: Case, analyst: Client) -> None:
    assert "No source leads to more than one record." in text_of(analyst, page(case))
