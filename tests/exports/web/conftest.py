"""A person in front of a bundle that is ready."""

from __future__ import annotations

from threading import BoundedSemaphore

import pytest
from django.test import Client
from pytest_django import Settings

from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.web import downloads
from tests.exports.house import House
from tests.exports.web.fetching import enter


@pytest.fixture(autouse=True)
def nobody_else_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "AT_ONCE", BoundedSemaphore(2))


@pytest.fixture(autouse=True)
def static_files_on_demand(settings: Settings) -> None:
    """Static files are looked up when asked for, instead of listed anew for every client."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture
def case(house: House) -> Case:
    """A case that is answered."""
    return house.closed(Right.KNOW_SPECIFIC)


@pytest.fixture
def entered(client: Client, case: Case) -> Client:
    """A browser on the case page."""
    enter(client, case.submission)
    return client
