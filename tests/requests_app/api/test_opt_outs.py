"""The company's systems look up who opted out: by a secret, by POST, and never by an address in a URL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from requests_app.law.agents import birthday
from requests_app.law.calendars import months_after
from requests_app.law.words import Right
from requests_app.models import OptInDeclined
from requests_app.services.history import local_day
from tests.requests_app.factories import a_case

pytestmark = pytest.mark.django_db(databases=["default", "keys"])

SECRET = "0123456789abcdef0123456789abcdef"
WHERE = "/api/v1/opt-outs/look-up/"
DECLINED = "/api/v1/opt-ins/declined/"


@pytest.fixture(autouse=True)
def _secret(settings: Settings) -> None:
    settings.LOOKUP_SECRET = SECRET


def look_up(
    client: Client, content: object, secret: str = SECRET, *, where: str = WHERE
) -> tuple[int, dict[str, object]]:
    """Status and body of the answer."""
    response = client.post(
        where, content, content_type="application/json", headers={"Authorization": f"Bearer {secret}"}
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
            "declined": None,
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


def born(years_ago: int) -> str:
    """The birthday of somebody who had it yesterday."""
    yesterday = local_day(timezone.now()) - timedelta(days=1)
    return birthday(yesterday, -years_ago).isoformat()


def test_the_no_of_somebody_below_16_is_noted_and_told_with_the_day_from_which_one_may_ask(client: Client) -> None:
    a_case(Right.KNOW_CATEGORIES)
    child = {"email": "Sam@example.com", "born_on": born(14)}
    status, noted = look_up(client, child, where=DECLINED)
    today = local_day(timezone.now())
    again = {
        "may_be_asked_again_from": months_after(today, 12).isoformat(),
        "citation": "Civ. Code 1798.120(c); 11 CCR 7070-7072",
    }
    assert (status, noted) == (201, again)
    status, answer = look_up(client, {"email": "sam@example.com"})
    assert (status, answer["may_be_asked"], answer["sale_allowed"]) == (200, False, False)
    assert answer["declined"] == {"on": today.isoformat(), **again}


@pytest.mark.parametrize(
    ("content", "field", "words"),
    [
        ({"email": "sam@example.com"}, "born_on", "Give the day of birth"),
        ({"email": "sam@example.com", "born_on": "1980-01-01"}, "born_on", "Nothing was noted"),
        ({"email": "sam@example.com", "born_on": "2999-01-01"}, "born_on", "still to come"),
        ({"born_on": "2020-01-01"}, "request", "Give an e-mail address or an account number"),
    ],
)
def test_a_no_of_which_the_law_says_nothing_is_not_noted(
    client: Client, content: object, field: str, words: str
) -> None:
    a_case(Right.KNOW_CATEGORIES)
    status, answer = look_up(client, content, where=DECLINED)
    errors = answer["errors"]
    assert isinstance(errors, dict)
    assert (status, words in errors[field][0]) == (400, True)
    assert not OptInDeclined.objects.exists()


@pytest.mark.parametrize("where", [WHERE, DECLINED])
def test_where_no_organisation_is_set_up_it_says_so(client: Client, where: str) -> None:
    status, answer = look_up(client, {"email": "sam@example.com", "born_on": born(14)}, where=where)
    assert (status, answer) == (503, {"errors": {"request": ["No organisation is set up yet."]}})


@pytest.mark.parametrize("where", [WHERE, DECLINED])
@pytest.mark.parametrize("secret", ["", "wrong", f"{SECRET}x", "pässwort"])
def test_nobody_is_told_anything_without_the_secret(client: Client, secret: str, where: str) -> None:
    status, answer = look_up(client, {"email": "sam@example.com"}, secret, where=where)
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
        ({"email": "sam@example.com", "birth_date": "2020-01-01"}, "birth_date"),
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
