"""Letters for the post: printed by staff, each look noted; none that carries a code."""

from __future__ import annotations

import uuid
from html import unescape

import pytest
from django.utils import timezone

from dsar.ledger import chains
from dsar.vault import keys
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services import letters
from requests_app.services.history import local_day
from requests_app.services.letters import Letter
from requests_app.services.paragraphs import paragraphs
from requests_app.states import State
from tests.requests_app.admin.conftest import Desk, text_of

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
    page = unescape(response.content.decode())
    assert "<address>Ann O'Hara</address>" in page
    assert '<p class="day">Nov. 23, 2026</p>' in page
    assert f"<h1>{message.subject}</h1>" in page
    assert "\n\n".join(paragraphs(message.text)) in page
    assert message.text.strip() not in page, "broken where mail needs it, and not by the sheet"


def test_what_a_letter_says_is_text_on_its_sheet(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING)
    desk.move(case, "refuse", code="ca_140_not_consumer", explanation="<b>See</b> there.", reason="Lives elsewhere.")
    message = case.messages.get(letter=Letter.REFUSAL)
    page = desk.client(Role.ANALYST).get(path(case, message.pk)).content.decode()
    assert "&lt;b&gt;See&lt;/b&gt; there." in page


def test_who_prints_a_letter_stands_in_the_access_chain(desk: Desk) -> None:
    case = a_refused_case(desk)
    message = case.messages.get(letter=Letter.REFUSAL)
    desk.client(Role.APPROVER).get(path(case, message.pk))
    seen = chains.history(chains.access_chain(local_day(timezone.now()))).filter(kind="seen.letter").get()
    assert seen.actor == desk.staff[Role.APPROVER].as_actor().slug
    assert seen.facts == {"case": str(case.pk), "message": str(message.pk)}


def test_no_letter_of_another_case_or_of_no_case_is_printed(desk: Desk) -> None:
    case, other = a_refused_case(desk), desk.file(Right.DELETE).cases.get()
    client = desk.client(Role.ANALYST)
    of_other = case.messages.get(letter=Letter.REFUSAL)
    for letter in (uuid.uuid4(), "x", ""):
        assert client.get(path(case, letter)).status_code == 404
    assert client.get(path(other, of_other.pk)).status_code == 404


def test_the_case_page_leads_to_what_can_be_printed(desk: Desk) -> None:
    case = a_refused_case(desk)
    page = desk.client(Role.ANALYST).get(f"/admin/requests_app/case/{case.pk}/change/").content.decode()
    assert page.count("Print for the post") == 1


def test_a_letter_that_reached_nobody_is_shown_with_the_day_by_which_it_has_to_be_posted(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING)
    desk.move(case, "extend", reason="The archive is being moved.")
    message = case.messages.get(letter=Letter.EXTENSION)
    letters.failed(message, at=timezone.now())
    page = " ".join(text_of(desk.client(Role.ANALYST), f"/admin/requests_app/case/{case.pk}/change/").split())
    assert "Tell another way" in page
    assert "Post it by 2027-01-02, so that it counts in time. Without it the extension is void." in page
    assert f"/print/?letter={message.pk}" in page


def test_where_every_letter_has_arrived_nothing_is_to_be_told(desk: Desk) -> None:
    case = desk.case_in(State.REVIEWING)
    assert 'id="panel-to_tell"' not in text_of(desk.client(Role.ANALYST), f"/admin/requests_app/case/{case.pk}/change/")


def test_a_letter_whose_key_was_destroyed_is_said_to_be(desk: Desk) -> None:
    case = a_refused_case(desk)
    message = case.messages.get(letter=Letter.REFUSAL)
    keys.destroy(case.submission.record_key, at=timezone.now())
    assert "destroyed with its key" in desk.client(Role.ANALYST).get(path(case, message.pk)).content.decode()
