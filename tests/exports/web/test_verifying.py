"""Whoever holds a bundle finds the keys and the program on the organisation's site."""

from __future__ import annotations

import base64

import pytest
from django.test import Client
from pytest_django import Settings

from dsar.demo import company
from dsar.ledger.signing import Signer
from exports.bundle import verify
from exports.bundle.contents import VERIFIER

pytestmark = pytest.mark.django_db
KEY, OLD = Signer(b"b" * 32), Signer(b"o" * 32)


@pytest.fixture(autouse=True)
def house(settings: Settings, db: None) -> None:
    """An organisation with a key, and one that came before it."""
    company.set_up_organisation()
    settings.WHITENOISE_AUTOREFRESH = True
    settings.SIGNING_KEY = base64.b64encode(b"b" * 32).decode()
    settings.OLD_PUBLIC_KEYS = [OLD.text]


def test_the_page_shows_the_keys_the_present_one_first(client: Client) -> None:
    page = client.get("/verify/").content.decode()
    assert page.index(KEY.key_id) < page.index(OLD.key_id)
    assert f"python3 verify.py FILE.zip --key {KEY.public_key.hex()}" in page
    assert OLD.public_key.hex() in page


def test_the_page_is_there_in_spanish(client: Client) -> None:
    page = client.get("/verify/", headers={"accept-language": "es"}).content.decode()
    for english in ("Check a file", "Our key", "How to check", "Former keys", "Read the last line", "On Windows"):
        assert english not in page


def test_key_and_program_can_be_fetched_as_files(client: Client) -> None:
    pem = client.get("/verify/key.pem")
    assert verify.key_in(pem.content.decode()) == KEY.public_key
    program = client.get("/verify/verify.py")
    assert program.content == VERIFIER.read_bytes()
    assert program["Content-Disposition"] == 'attachment; filename="verify.py"'
    assert client.post("/verify/verify.py").status_code == 405


def test_without_a_key_the_page_says_so(client: Client, settings: Settings) -> None:
    settings.SIGNING_KEY, settings.OLD_PUBLIC_KEYS = "", []
    page = client.get("/verify/", headers={"accept-language": "en"}).content.decode()
    assert "We sign no files at the moment" in page
    assert "--key" not in page
    assert client.get("/verify/key.pem").status_code == 404
