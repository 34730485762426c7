"""The desk of tests.requests_app.admin, with its findings."""

from __future__ import annotations

import pytest
from django.test import Client

from exports.models import Part
from requests_app.law import exemptions
from requests_app.law.words import Level
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import (  # noqa: F401 - fixtures
    Desk,
    club,
    club_made,
    club_url,
    desk,
    nothing_slow,
    organisation,
    ten_in_the_morning,
)


@pytest.fixture
def analyst(desk: Desk) -> Client:  # noqa: F811
    return desk.client(Role.ANALYST)


@pytest.fixture
def case(desk: Desk) -> Case:  # noqa: F811
    """Ann's request, everything found, to be decided."""
    return desk.case_in(State.DECIDING)


@pytest.fixture
def letters(case: Case) -> Part:
    """The part with Ann's 120 letters since 2022."""
    return Part.objects.get(run__case=case, collection="letters")


@pytest.fixture
def ground(case: Case) -> str:
    """A ground against some of the data of this case."""
    return exemptions.fitting(case.packs(), case.right_asked, case.received_on(), level=Level.DATA)[0].code
