"""The first page of the desk: what waits, in numbers that lead to it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from dsar.jobs.models import Job
from dsar.jobs.models import State as JobState
from requests_app.law.words import Right
from requests_app.models import MessageState
from requests_app.roles import Role
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk, text_of

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]


def counts(desk: Desk, role: Role) -> dict[str, tuple[int, str]]:
    """Number and address, by label."""
    page = text_of(desk.client(role), "/admin/")
    found = re.findall(r'<a href="([^"]+)" class="desk-counter[^"]*"><b>(\d+)</b><span>([^<]+)</span>', page)
    return {label: (int(number), url.replace("&amp;", "&")) for url, number, label in found}


def test_what_waits_is_counted_and_the_number_leads_to_it(desk: Desk) -> None:
    reviewing = desk.case_in(State.REVIEWING)
    desk.file(at=NOW - timedelta(days=50)).cases.get().duties.filter(kind="acknowledge").update(met_at=NOW)
    near = desk.file(Right.DELETE, at=NOW - timedelta(days=40))
    near.cases.get().duties.exclude(kind="answer").update(met_at=NOW)
    near.messages.update(state=MessageState.FAILED, reached_on=None)
    Job.objects.filter(state=JobState.WAITING).update(state=JobState.FAILED, finished_at=NOW)
    found = counts(desk, Role.ANALYST)
    failed = Job.objects.filter(state=JobState.FAILED).count()
    assert {label: number for label, (number, _url) in found.items()} == {
        "Waiting for us": 1,
        "Late": 1,
        "Due within 7 days": 1,
        "With a letter that could not be delivered": 1,
        "Jobs that gave up": failed,
    }
    client = desk.client(Role.ANALYST)
    assert reviewing.submission.reference in text_of(client, found["Waiting for us"][1])
    assert near.reference in text_of(client, found["With a letter that could not be delivered"][1])
    assert near.reference in text_of(client, found["Due within 7 days"][1])
    assert "deliver message" in text_of(client, found["Jobs that gave up"][1])


def test_an_administrator_is_told_of_jobs_and_of_no_case(desk: Desk) -> None:
    reference = desk.case_in(State.REVIEWING).submission.reference
    assert list(counts(desk, Role.ADMINISTRATOR)) == ["Jobs that gave up"]
    assert reference not in text_of(desk.client(Role.ADMINISTRATOR), "/admin/")


def test_the_most_urgent_that_wait_for_us_are_listed(desk: Desk) -> None:
    reference = desk.case_in(State.REVIEWING).submission.reference
    waiting_for_the_person = desk.file().reference
    page = text_of(desk.client(Role.ANALYST), "/admin/")
    assert reference in page
    assert waiting_for_the_person not in page


def test_the_page_bears_the_organisations_name(desk: Desk) -> None:
    assert "Acorn &amp; Oak privacy desk" in text_of(desk.client(Role.ANALYST), "/admin/")


def test_without_an_organisation_the_sign_in_page_is_there(db: None) -> None:
    assert "Privacy desk" in text_of(Client(), "/admin/login/")
