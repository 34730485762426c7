"""Seeing the data in order to check it, on the page of a correction."""

from __future__ import annotations

import pytest
from django.test import Client

from requests_app.law.words import Right
from requests_app.models import Case
from tests.requests_app.web.conftest import FileRequest, enter, page
from tests.requests_app.web.test_confirming import proved

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

ASK = "/case/me/check/"


def test_the_person_asks_once_and_reads_that_it_does_not_count(client: Client, file_request: FileRequest) -> None:
    proved(client, file_request)
    assert "Show me my data" in page(client)
    assert "We are collecting it." in client.post(ASK, follow=True).content.decode()
    shown = page(client)
    assert "You asked to see this with your correction" in shown
    assert "Show me my data" not in shown
    assert "it stands on this page" in client.post(ASK, follow=True).content.decode()
    assert Case.objects.filter(right=Right.KNOW_SPECIFIC).count() == 1


def test_who_has_not_proved_who_asks_is_not_offered_it_and_does_not_get_it(
    client: Client, file_request: FileRequest
) -> None:
    enter(client, file_request(Right.CORRECT))
    assert "Show me my data" not in page(client)
    assert "not sure enough yet" in client.post(ASK, follow=True).content.decode()
    assert client.get(ASK).status_code == 405
    assert not Case.objects.filter(right=Right.KNOW_SPECIFIC).exists()


def test_it_reads_spanish_in_spanish(client: Client, file_request: FileRequest) -> None:
    proved(client, file_request)
    assert "Mostrar mis datos" in client.get("/case/me/", HTTP_ACCEPT_LANGUAGE="es").content.decode()
