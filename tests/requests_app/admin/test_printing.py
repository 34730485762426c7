"""Letters for the post: printed by staff, each look noted; none that carries a code."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from dsar.ledger import chains
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services.history import local_day
from requests_app.services.letters import Letter
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def path(case: Case, letter: object) -> str:
    return f"/admin/requests_app/case/{case.pk}/print/?letter={letter}"


def a_refused_case(desk: Desk) -> Case:
    case = desk.case_in(State.REVIEWING)
    return desk.move(case, "refuse", code="ca_140_not_consumer", explanation="", reason="Lives elsewhere.")


def test_a_letter_is_printed_with_address_day_and_subject(desk: Desk) -> None:
    case = a_refused_case(desk)
    message = case.messages.get(letter=Letter.REFUSAL)
    response = desk.client(Role.ANALYST).get(path(case, message.pk))
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    text = response.content.decode()
    assert text.startswith("Ann O'Hara\n\n\nNov. 23, 2026\n\nOur decision on your request")
    assert text.endswith(message.text)


def test_who_prints_a_letter_stands_in_the_access_chain(desk: Desk) -> None:
    case = a_refused_case(desk)
    message = case.messages.get(letter=Letter.REFUSAL)
    desk.client(Role.APPROVER).get(path(case, message.pk))
    seen = chains.history(chains.access_chain(local_day(timezone.now()))).filter(kind="seen.letter").get()
    assert seen.actor == desk.staff[Role.APPROVER].as_actor().slug
    assert seen.facts == {"case": str(case.pk), "message": str(message.pk)}


def test_no_letter_with_a_code_of_another_case_or_of_no_case_is_printed(desk: Desk) -> None:
    case, other = a_refused_case(desk), desk.file(Right.DELETE).cases.get()
    client = desk.client(Role.ANALYST)
    receipt = case.submission.messages.get(letter=Letter.RECEIPT)
    of_other = case.messages.get(letter=Letter.REFUSAL)
    for letter in (receipt.pk, uuid.uuid4(), "x", ""):
        assert client.get(path(case, letter)).status_code == 404
    assert client.get(path(other, of_other.pk)).status_code == 404


def test_the_case_page_leads_to_what_can_be_printed(desk: Desk) -> None:
    case = a_refused_case(desk)
    page = desk.client(Role.ANALYST).get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()
    assert page.count("For the post") == 1
