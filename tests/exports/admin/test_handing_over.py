"""The page on which staff hand over: they renew, pass on and post, and never see what it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from tests.exports.house import House, facts_of
from tests.requests_app.admin.conftest import PASSWORD, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


@pytest.fixture
def case(house: House) -> Case:
    return house.closed(Right.PORTABILITY)


def staff(role: Role) -> Client:
    client = Client()
    client.force_login(add_staff(f"a_{role}", f"{role}@acorn.example", PASSWORD, [role]))
    return client


def page_of(case: Case) -> str:
    return f"/admin/requests_app/case/{case.pk}/handing_over/"


def test_an_analyst_makes_the_download_available_again(house: House, case: Case) -> None:
    house.shift(settings.BUNDLE_LIFE + timedelta(days=1))
    analyst = staff(Role.ANALYST)
    assert "Make it available again" in text_of(analyst, page_of(case))
    assert analyst.post(page_of(case), {"do": "renew"}).status_code == 302
    page = text_of(analyst, page_of(case))
    assert "The person can fetch the file until Jan. 7, 2027." in page
    assert "Make it available again" not in page
    assert len(facts_of(case, EventKind.BUNDLE_RENEWED)) == 1


def test_an_auditor_reads_the_page_and_takes_no_step(house: House, case: Case) -> None:
    house.shift(settings.BUNDLE_LIFE + timedelta(days=1))
    auditor = staff(Role.AUDITOR)
    assert "Make it available again" not in text_of(auditor, page_of(case))
    assert auditor.post(page_of(case), {"do": "renew"}).status_code == 403
    assert not facts_of(case, EventKind.BUNDLE_RENEWED)


def test_a_step_that_is_none_is_refused(case: Case) -> None:
    assert staff(Role.ANALYST).post(page_of(case), {"do": "open"}).status_code == 403
