"""What may be deleted in place of its correction, ticked by the person on the case page."""

from __future__ import annotations

import pytest
from django.test import Client

from dsar.ledger import chains
from requests_app.law.words import Right
from requests_app.models import Case, CorrectionAsked
from requests_app.roles import Actor, Role
from requests_app.services.moving import perform
from tests.requests_app.web.conftest import NOW, FileRequest, enter, page

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

ANALYST = Actor("staff:1", frozenset({Role.ANALYST}))
SAY = "/case/me/may-go/"
OFFER = "Delete it instead?"
TICK = "Telephone number: you may delete what you hold"


def may_go() -> list[int]:
    """The corrections to whose deletion the person consents."""
    return list(CorrectionAsked.objects.filter(delete_instead_at__isnull=False).values_list("number", flat=True))


def test_it_is_ticked_kept_with_its_day_and_taken_back(client: Client, file_request: FileRequest) -> None:
    submission = file_request(Right.CORRECT)
    enter(client, submission)
    shown = page(client)
    assert OFFER in shown
    assert TICK in shown
    assert "checked" not in shown.partition(OFFER)[2].partition("</section>")[0], "nobody consents for the person"
    assert "We have noted it." in client.post(SAY, {"may_go": "1"}, follow=True).content.decode()
    assert may_go() == [1]
    assert "checked" in page(client).partition(OFFER)[2].partition("</section>")[0]
    first = CorrectionAsked.objects.get().delete_instead_at
    client.post(SAY, {"may_go": "1"})
    assert CorrectionAsked.objects.get().delete_instead_at == first, "said again is nothing new"
    client.post(SAY)
    assert may_go() == []
    said = chains.history(submission.cases.get().chain).filter(kind="delete_instead")
    assert [event.facts["corrections"] for event in said] == [["1"], []]
    assert {event.actor for event in said} == {"person"}


@pytest.mark.parametrize("typed", ["7", "x", "-1", "1" * 40, "²"])
def test_what_is_no_correction_is_consented_to_by_nobody(client: Client, file_request: FileRequest, typed: str) -> None:
    enter(client, file_request(Right.CORRECT))
    assert client.post(SAY, {"may_go": typed}).status_code == 302
    assert may_go() == []
    assert client.get(SAY).status_code == 405


@pytest.mark.parametrize(("right", "residence"), [(Right.DELETE, "US-CA"), (Right.CORRECT, "US-VA")])
def test_where_there_is_nothing_to_correct_or_the_law_is_another_one_it_is_not_offered(
    client: Client, file_request: FileRequest, right: Right, residence: str
) -> None:
    enter(client, file_request(right, residence=residence))
    assert OFFER not in page(client)
    client.post(SAY, {"may_go": "1"})
    assert may_go() == []


def test_once_the_case_is_closed_it_can_not_be_said_any_more(client: Client, file_request: FileRequest) -> None:
    submission = file_request(Right.CORRECT)
    enter(client, submission)
    case = Case.objects.get()
    inputs = {"code": "ca_106_accurate", "explanation": "Your bank confirmed it.", "reason": "Looked at."}
    perform("refuse", case_id=case.pk, version=case.version, actor=ANALYST, at=NOW, inputs=inputs)
    assert OFFER not in page(client)
    assert "not any more" in client.post(SAY, {"may_go": "1"}, follow=True).content.decode()
    assert may_go() == []


def test_it_reads_spanish_in_spanish(client: Client, file_request: FileRequest) -> None:
    enter(client, file_request(Right.CORRECT))
    shown = client.get("/case/me/", HTTP_ACCEPT_LANGUAGE="es").content.decode()
    assert "¿Borrarlo en su lugar?" in shown
    assert "pueden borrar lo que tienen" in shown
