"""'Is this the value that you hold?' on the case page."""

from __future__ import annotations

import pytest
from django.test import Client

from requests_app.law.words import Right
from requests_app.models import Submission, ValueAsked
from requests_app.ports import Matched
from requests_app.roles import Actor, Role
from requests_app.services import confirming, identity
from requests_app.services.moving import perform
from tests.requests_app.web.conftest import NOW, FileRequest, enter, page

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

FORM = "/case/me/value/"
FIELD = "shop.customers.licence"
ANALYST = Actor("staff:1", frozenset({Role.ANALYST}))


def proved(client: Client, file_request: FileRequest) -> Submission:
    """A correction whose person has proved who asks, and looks at the page."""
    submission = file_request(Right.CORRECT)
    enter(client, submission)
    typed = {"postal_code": "94607", "phone": "555 0100"}
    submission.refresh_from_db()
    offered = identity.offer_proof(submission, points=typed, declared_name="Sam Rivera", at=NOW)
    kinds = frozenset(("email", "phone", "postal_code"))
    identity.record_probe(offered, {}, Matched(kinds), at=NOW)
    return submission


def test_it_is_asked_and_answered_with_yes_or_no(client: Client, file_request: FileRequest) -> None:
    submission = proved(client, file_request)
    assert "Is this the value that you hold?" in page(client)
    assert "licence number: 3 tries left" in page(client, FORM)
    sent = client.post(FORM, {"field": FIELD, "value": "D1234567"}, follow=True).content.decode()
    assert "being compared" in sent
    assert "D1234567" not in sent
    confirming.answered(ValueAsked.objects.select_related("case__submission").get(), is_held=False, at=NOW)
    assert "no, we do not hold that value" in page(client)
    assert "licence number: 2 tries left" in page(client, FORM)
    assert submission.cases.get().values_asked.count() == 1


def test_what_a_person_found_stands_there_as_what_a_machine_found(client: Client, file_request: FileRequest) -> None:
    submission = proved(client, file_request)
    client.post(FORM, {"field": FIELD, "value": "D1234567"})
    asked = ValueAsked.objects.select_related("case__submission").get()
    confirming.answered(asked, is_held=None, at=NOW, error="SourceDown")
    assert "or write to us, and a person looks into it" in page(client)
    assert "licence number: 3 tries left" in page(client, FORM)
    case = submission.cases.get()
    inputs = {"asked": str(asked.pk), "answer": "yes"}
    perform("answer_value", case_id=case.pk, version=case.version, actor=ANALYST, at=NOW, inputs=inputs)
    assert "yes, that is the value that we hold" in page(client)
    assert "licence number: 2 tries left" in page(client, FORM)


def test_before_the_identity_is_accepted_the_page_says_nothing_of_it(client: Client, file_request: FileRequest) -> None:
    enter(client, file_request(Right.CORRECT))
    assert "Is this the value that you hold?" not in page(client)
    assert "not sure enough yet" in client.post(FORM, {"field": FIELD, "value": "D1"}, follow=True).content.decode()
    assert not ValueAsked.objects.exists()


def test_a_fault_is_shown_without_what_was_typed_elsewhere(client: Client, file_request: FileRequest) -> None:
    proved(client, file_request)
    assert "Please type the value" in client.post(FORM, {"field": FIELD, "value": " "}).content.decode()
    assert "Please choose what to compare" in client.post(FORM, {"field": "x", "value": "D1"}).content.decode()
    for number in range(3):
        client.post(FORM, {"field": FIELD, "value": f"D{number}"})
    assert "too often in the last 30 days" in client.post(FORM, {"field": FIELD, "value": "D9"}).content.decode()


def test_it_reads_spanish_in_spanish(client: Client, file_request: FileRequest) -> None:
    proved(client, file_request)
    shown = client.get(FORM, HTTP_ACCEPT_LANGUAGE="es").content.decode()
    assert "¿Es este el valor que tienen?" in shown
    assert "Número de licencia: quedan 3 intentos" in shown
