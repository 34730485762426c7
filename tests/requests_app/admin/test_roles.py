"""Who may see which page of the desk: every role, every page."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from requests_app.models import Case
from requests_app.roles import Role
from requests_app.services import calendar_changes, calendars, filling
from requests_app.services.staffing import PERMISSIONS, set_up_roles
from requests_app.states import State
from tests.requests_app.admin.conftest import NOW, Desk

pytestmark = [pytest.mark.django_db(databases="__all__"), pytest.mark.slow]

CASES = {Role.ANALYST, Role.APPROVER, Role.AUDITOR}
WORKS = {Role.ANALYST, Role.APPROVER}
HOUSE = {Role.ADMINISTRATOR}
OWNS = {Role.SOURCE_OWNER}
EVERYBODY = set(Role)

PAGES = {
    "/admin/": EVERYBODY,
    "/admin/requests_app/case/": CASES,
    "/admin/requests_app/case/{case}/change/": CASES,
    "/admin/requests_app/case/{case}/findings/": CASES,
    "/admin/requests_app/case/{case}/report/": CASES,
    "/admin/requests_app/case/{case}/handing_over/": CASES,
    "/admin/requests_app/submission/": CASES,
    "/admin/requests_app/submission/add/": WORKS,
    "/admin/requests_app/housecalendar/": CASES | HOUSE,
    "/admin/requests_app/housecalendar/{calendar}/change/": CASES | HOUSE,
    "/admin/requests_app/housecalendar/changes/{change}/": CASES,
    "/admin/requests_app/housecalendar/add/": WORKS,
    "/admin/requests_app/housecalendar/{calendar}/days/": WORKS,
    "/admin/requests_app/housecalendar/{calendar}/law/": WORKS,
    "/admin/requests_app/standingrule/": CASES,
    "/admin/requests_app/standingrule/add/": set(),
    "/admin/exports/retentionschedule/": CASES,
    "/admin/exports/retentionschedule/add/": set(),
    "/admin/requests_app/hold/": CASES,
    "/admin/requests_app/hold/add/": set(),
    "/admin/exports/receiver/": CASES | HOUSE,
    "/admin/exports/receiver/add/": set(),
    "/admin/jobs/job/": WORKS | HOUSE,
    "/admin/exports/task/": CASES | OWNS,
    "/admin/exports/task/add/": set(),
    "/admin/exports/datasource/": CASES | HOUSE | OWNS,
    "/admin/exports/datasource/changes/": CASES | HOUSE | OWNS,
    "/admin/exports/datasource/{source}/change/": CASES | HOUSE | OWNS,
    "/admin/requests_app/organisation/figures/": CASES | HOUSE,
    "/admin/requests_app/organisation/": HOUSE,
    "/admin/requests_app/organisation/{organisation}/change/": HOUSE,
    "/admin/requests_app/organisation/add/": HOUSE,
    "/admin/requests_app/user/": HOUSE,
    "/admin/requests_app/user/add/": HOUSE,
    # Nothing about a case is added, edited or deleted by hand.
    "/admin/requests_app/case/add/": set(),
    "/admin/requests_app/case/{case}/delete/": set(),
    "/admin/requests_app/submission/{submission}/delete/": set(),
    # What leaves encrypted, and the passphrase, are asked for by a button.
    "/admin/requests_app/case/{case}/transfer_file/": set(),
    "/admin/requests_app/case/{case}/medium_file/": set(),
    "/admin/requests_app/case/{case}/passphrase/": set(),
    "/admin/requests_app/organisation/{organisation}/delete/": set(),
    "/admin/requests_app/user/{user}/delete/": set(),
    "/admin/requests_app/housecalendar/{calendar}/delete/": set(),
    "/admin/jobs/job/add/": set(),
    "/admin/exports/datasource/add/": set(),
}


@pytest.fixture
def case(desk: Desk) -> Case:
    return desk.case_in(State.DECIDING)


@pytest.fixture
def addresses(desk: Desk, case: Case) -> dict[str, str]:
    by = desk.staff[Role.ANALYST].as_actor()
    calendar = calendars.make(desk.organisation, filling.fill("us_federal", [2026]), by=by, at=NOW)
    change = calendar_changes.law_change(calendar, "ccpa", reason="Counsel says so.", by=by, at=NOW)
    ids = {
        "calendar": calendar.pk,
        "change": calendar_changes.propose(change, by=by).pk,
        "case": case.pk,
        "submission": case.submission_id,
        "source": case.source_runs.get().source_id,
        "organisation": desk.organisation.pk,
        "user": desk.staff[Role.AUDITOR].pk,
    }
    return {page: page.format(**ids) for page in PAGES}


@pytest.mark.parametrize("role", Role)
def test_a_role_sees_its_pages_and_no_others(desk: Desk, role: Role, addresses: dict[str, str]) -> None:
    client = desk.client(role)
    statuses = {page: client.get(address).status_code for page, address in addresses.items()}
    expected = {page: {True: {200, 202}, False: {403}}[role in roles] for page, roles in PAGES.items()}
    assert {page: status for page, status in statuses.items() if status not in expected[page]} == {}


def test_nobody_is_let_in_without_signing_in(addresses: dict[str, str]) -> None:
    for address in addresses.values():
        answer = Client().get(address)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/?next=")


def test_a_role_holds_exactly_its_permissions(db: None) -> None:
    Group.objects.get(name="auditor").permissions.set([])
    Group.objects.get(name="administrator").permissions.add(*Group.objects.get(name="analyst").permissions.all())
    set_up_roles()
    for role in Role:
        held = Group.objects.get(name=role.value).permissions.values_list("content_type__app_label", "codename")
        assert {f"{app}.{codename}" for app, codename in held} == set(PERMISSIONS[role])


def test_the_sidebar_leads_only_where_one_may_go(desk: Desk) -> None:
    assert "/admin/requests_app/case/" not in desk.client(Role.ADMINISTRATOR).get("/admin/").content.decode()
    for role in Role:
        shown = "/admin/requests_app/organisation/figures/" in desk.client(role).get("/admin/").content.decode()
        assert shown == (role in CASES | HOUSE)
    assert "/admin/requests_app/user/" not in desk.client(Role.ANALYST).get("/admin/").content.decode()
    assert "Tasks that wait for your answer" in desk.client(Role.SOURCE_OWNER).get("/admin/").content.decode()
