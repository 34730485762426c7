"""The company's systems look up who opted out: by a secret, by POST, and never by an address in a URL."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from requests_app.law.words import Right
from tests.requests_app.factories import a_case

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

SECRET = "0123456789abcdef0123456789abcdef"
WHERE = "/api/v1/opt-outs/look-up/"


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.LOOKUP_SECRET = SECRET


def look_up(client: Client, content: object, secret: str = SECRET) -> tuple[int, dict[str, object]]:
    """Status and body of the answer."""
    response = client.post(
        WHERE, content, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
    )
    return response.status_code, response.json()


def test_it_tells_what_holds_and_from_when_one_may_ask_again(client: Client) -> None:
    a_case(Right.OPT_OUT_SALE_SHARE)
    assert look_up(client, {"email": "Sam@example.com"}) == (
        200,
        {
            "opt_outs": [
                {
                    "right": "opt_out_sale_share",
                    "since": "2026-11-23",
                    "may_be_asked_again_from": "2027-11-23",
                    "citation": "Civ. Code 1798.135(c)(4)",
                }
            ],
            "may_be_asked": False,
            "sale_allowed": False,
            "minor": None,
        },
    )


def test_of_a_child_it_tells_whose_opt_in_is_wanted(client: Client) -> None:
    a_case(Right.KNOW_CATEGORIES)
    status, answer = look_up(client, {"account_number": "A-1", "born_on": "2020-01-01"})
    assert (status, answer["sale_allowed"]) == (200, False)
    minor = answer["minor"]
    assert isinstance(minor, dict)
    assert (minor["who_may_opt_in"], minor["citation"]) == (
        "parent_or_guardian",
        "Civ. Code 1798.120(c); 11 CCR 7070-7072",
    )


@pytest.mark.parametrize("secret", ["", "wrong", f"{SECRET}x", "pässwort"])
def test_nobody_is_told_anything_without_the_secret(client: Client, secret: str) -> None:
    status, answer = look_up(client, {"email": "sam@example.com"}, secret)
    assert (status, set(answer)) == (401, {"errors"})


def test_where_no_secret_is_set_the_door_is_shut(client: Client, settings: Settings) -> None:
    settings.LOOKUP_SECRET = ""
    assert look_up(client, {"email": "sam@example.com"}, "")[0] == 401


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({}, "request"),
        ({"email": "  "}, "request"),
        ({"email": "sam@example.com", "born_on": "2999-01-01"}, "born_on"),
        ({"email": "sam@example.com", "born_on": "yesterday"}, "born_on"),
        ({"email": "x" * 400}, "email"),
        ([], "request"),
    ],
)
def test_bad_input_is_named(client: Client, content: object, field: str) -> None:
    a_case(Right.OPT_OUT_SALE_SHARE)
    status, answer = look_up(client, content)
    assert status == 400
    errors = answer["errors"]
    assert isinstance(errors, dict)
    assert field in errors
