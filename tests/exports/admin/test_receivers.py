"""Receivers in the admin: entered by one, made active by another, with the fingerprint of the key in view."""

from __future__ import annotations

import pyrage
import pytest
from django.test import Client

from dsar.ledger import chains
from exports.bundle.age import fingerprint
from exports.models import Receiver
from requests_app.roles import Role
from tests.requests_app.admin.conftest import Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

PAGE = "/admin/exports/receiver/"
KEY = str(pyrage.x25519.Identity.generate().to_public())
ENTERED = {
    "do": "propose",
    "name": "First Harbor Bank, N.A.",
    "contact": "privacy@bank.example",
    "public_key": KEY,
    "way": "pick_up",
    "url": "",
}


def press(client: Client, **given: object) -> str:
    assert client.post(PAGE, given).status_code == 302
    return text_of(client, PAGE)


def test_one_enters_and_another_accepts_with_the_fingerprint_in_view(desk: Desk) -> None:
    page = press(desk.client(Role.ANALYST), **ENTERED)
    assert "Accept this receiver" not in page
    approver = desk.client(Role.APPROVER)
    page = text_of(approver, PAGE)
    assert KEY in page
    assert fingerprint(KEY) in page
    receiver = Receiver.objects.get()
    assert not receiver.is_in_force
    assert "People can choose First Harbor Bank, N.A. from now on." in press(approver, do="accept", row=receiver.pk)
    assert Receiver.objects.in_force().get() == receiver
    assert "Nothing is sent there any more." in press(desk.client(Role.ANALYST), do="end", row=receiver.pk)
    assert not Receiver.objects.in_force().exists()
    events = chains.history("access:2026-11-23").filter(kind__startswith="set.receiver_")
    assert [event.kind for event in events] == [
        "set.receiver_proposed",
        "set.receiver_accepted",
        "set.receiver_ended",
    ]


def test_nobody_accepts_what_they_entered(desk: Desk) -> None:
    approver = desk.client(Role.APPROVER)
    press(approver, **ENTERED)
    page = press(approver, do="accept", row=Receiver.objects.get().pk)
    assert "You proposed this receiver yourself: somebody else has to accept it." in page
    assert not Receiver.objects.in_force().exists()


def test_a_key_that_is_none_is_said_on_the_form(desk: Desk) -> None:
    answer = desk.client(Role.ANALYST).post(PAGE, {**ENTERED, "public_key": "AGE-SECRET-KEY-1"})
    assert answer.status_code == 422
    assert "This is no public key of age" in answer.content.decode()
    assert not Receiver.objects.exists()


def test_an_auditor_reads_and_enters_nothing_and_a_source_owner_reads_nothing(desk: Desk) -> None:
    auditor = desk.client(Role.AUDITOR)
    assert "Enter a receiver" not in text_of(auditor, PAGE)
    assert auditor.post(PAGE, ENTERED).status_code == 403
    assert desk.client(Role.SOURCE_OWNER).get(PAGE).status_code == 403
    assert not Receiver.objects.exists()
