"""The statement on what was not corrected, as the person files it on the case page."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from time_machine import TimeMachineFixture

from requests_app.law.words import Right
from requests_app.models import Statement, Submission
from requests_app.roles import Actor, Role
from requests_app.services.correcting import Correction
from requests_app.services.moving import perform
from tests.requests_app.factories import days
from tests.requests_app.web.conftest import NOW, FileRequest, enter, page

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

ANALYST = Actor("staff:1", frozenset({Role.ANALYST}))
FORM = "/case/me/statement/1/"
TEXT = "Nobody ever called me under that number."


def refused(client: Client, file_request: FileRequest, **changes: object) -> Submission:
    """A correction that was refused as accurate; the person looks at the page."""
    submission = file_request(Right.CORRECT, **changes)
    enter(client, submission)
    case = submission.cases.get()
    inputs = {"code": "ca_106_accurate", "explanation": "Your bank confirmed it.", "reason": "Looked at."}
    perform("refuse", case_id=case.pk, version=case.version, actor=ANALYST, at=NOW, inputs=inputs)
    return submission


def test_it_is_offered_in_the_words_of_the_law_filed_and_shown_with_the_day_until_which_it_changes(
    client: Client, file_request: FileRequest
) -> None:
    refused(client, file_request)
    offered = page(client)
    assert "a written statement of up to 250 words" in offered
    assert "Write a statement: Telephone number" in offered
    assert "At most 250 words." in page(client, FORM)
    answer = client.post(FORM, {"text": TEXT, "is_to_pass_on": "on"}, follow=True)
    shown = answer.content.decode()
    assert TEXT in shown
    assert "We pass it on, as you asked us to." in shown
    assert "You can change it until Nov. 30, 2026." in shown


def test_what_was_typed_stays_in_the_form_with_the_number_of_words_that_are_too_many(
    client: Client, file_request: FileRequest
) -> None:
    refused(client, file_request)
    shown = client.post(FORM, {"text": "word " * 260}).content.decode()
    assert "has 260 words. It may have 250: please take out 10." in shown
    assert "word word" in shown
    assert not Statement.objects.exists()


def test_after_its_last_day_it_is_shown_and_not_changed(
    client: Client, file_request: FileRequest, time_machine: TimeMachineFixture
) -> None:
    submission = refused(client, file_request)
    client.post(FORM, {"text": TEXT})
    time_machine.move_to(NOW + days(8))
    enter(client, submission)
    shown = page(client)
    assert TEXT in shown
    assert "Change your statement" not in shown
    assert "could be changed until" in client.post(FORM, {"text": "Other."}, follow=True).content.decode()
    assert Statement.objects.select_related("case__submission").get().text == TEXT


def test_what_was_told_in_words_is_offered_by_these_words_one_by_one(client: Client, file_request: FileRequest) -> None:
    told = (Correction(words="my shoe size", value="43"), Correction(words="my height", value="180"))
    refused(client, file_request, correct_field="", correct_value="", corrections=told)
    offered = page(client)
    assert "Write a statement: “my shoe size”" in offered
    assert "“my height”" in page(client, "/case/me/statement/2/")
    shown = client.post("/case/me/statement/2/", {"text": TEXT}, follow=True).content.decode()
    assert "Write a statement: “my shoe size”" in shown
    assert "Change your statement: “my height”" in shown


def test_the_page_asks_for_all_statements_at_once(client: Client, file_request: FileRequest) -> None:
    told = [Correction(words=f"thing {number}", value="43") for number in range(8)]
    refused(client, file_request, correct_field="", correct_value="", corrections=tuple(told))
    with CaptureQueriesContext(connection) as asked:
        page(client)
    assert sum("requests_app_statement" in query["sql"] for query in asked) == 1


def test_it_reads_spanish_in_spanish(client: Client, file_request: FileRequest) -> None:
    refused(client, file_request, language="es")
    spanish = {"HTTP_ACCEPT_LANGUAGE": "es"}
    assert "Escribir una declaración: Número de teléfono" in client.get("/case/me/", **spanish).content.decode()
    assert "Como máximo 250 palabras." in client.get(FORM, **spanish).content.decode()


def test_there_is_none_where_nothing_was_refused_and_nobody_files_one_without_having_entered(
    client: Client, file_request: FileRequest
) -> None:
    assert client.post(FORM, {"text": TEXT}).headers["Location"] == "/case/"
    enter(client, file_request(Right.CORRECT))
    assert "Write a statement" not in page(client)
    assert "only on what you asked to have corrected" in client.get(FORM, follow=True).content.decode()
    assert client.get("/case/me/statement/2/").status_code == 302
    assert client.get(f"/case/me/statement/{10**30}/").status_code == 302
    assert client.get("/case/me/statement/no-such-thing/").status_code == 404
    enter(client, file_request(Right.DELETE, email="other@example.com"))
    assert client.get(FORM).status_code == 404
