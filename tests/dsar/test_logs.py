"""What the log tells of requests: which route, which error, and nothing that was sent."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable

import pytest
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import ResolverMatch
from pytest_django import Settings

from requests_app.web import entering

LINK = "/confirm/R-2222-3333/HUSHHUSH/"

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """What the console shows."""
    (console,) = [handler for handler in logging.getLogger().handlers if handler.filters]
    assert isinstance(console, logging.StreamHandler)
    stream = io.StringIO()
    monkeypatch.setattr(console, "stream", stream)
    return stream.getvalue


def test_a_page_that_is_not_there_is_told_without_its_address(told: Callable[[], str]) -> None:
    assert Client().get("/confirm/R-2222-3333/HUSHHUSH/and/more").status_code == 404
    assert "WARNING django.request 404 GET an address that leads nowhere" in told()
    assert "HUSH" not in told()


def test_a_form_without_its_token_is_told_by_its_route_and_the_reason(told: Callable[[], str]) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(LINK).status_code == 403
    assert "WARNING django.security.csrf csrf: 403 POST portal:confirm_link: CSRF cookie not set." in told()
    assert "HUSH" not in told()


def test_a_page_that_a_form_came_from_is_not_told(told: Callable[[], str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.post(LINK, secure=True, headers={"referer": f"https://elsewhere.example{LINK}"})
    assert "403 POST portal:confirm_link: Referer checking failed\n" in told()
    assert "HUSH" not in told()


def failing(request: HttpRequest, reference: str, code: str) -> HttpResponse:
    """A view that fails as the database makes it fail."""
    raise IntegrityError("DETAIL: Key (email)=(hush@example.com) already exists.")


def test_an_error_is_told_by_its_class_and_where_it_was_raised(
    told: Callable[[], str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    resolve = ResolverMatch.__getitem__

    def to_the_failing_one(match: ResolverMatch, place: int) -> object:
        return failing if place == 0 and match.func is entering.confirm_link else resolve(match, place)

    monkeypatch.setattr(ResolverMatch, "__getitem__", to_the_failing_one)
    assert Client(raise_request_exception=False).get(LINK).status_code == 500
    assert "ERROR django.request 500 GET portal:confirm_link: django.db.utils.IntegrityError at " in told()
    assert f"{__file__}:{failing.__code__.co_firstlineno + 2} failing" in told()
    for text in (told(), caplog.text):
        assert "hush" not in text.lower()


def test_a_host_that_is_not_ours_is_not_told(told: Callable[[], str], settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["privacy.example.com"]
    Client().get("/", headers={"host": "hush.example.com"})
    assert "django.security.DisallowedHost DisallowedHost: 400 GET an address that leads nowhere" in told()
    assert "hush" not in told()


def test_a_site_that_is_not_set_up_is_told_by_its_route(told: Callable[[], str]) -> None:
    assert Client().get("/").status_code == 503
    assert "ERROR django.request 503 GET portal:start" in told()


def test_other_records_pass_as_they_are(told: Callable[[], str]) -> None:
    logging.getLogger("dsar.jobs").warning("Job %s waits", 7)
    assert "WARNING dsar.jobs Job 7 waits" in told()
