"""Who is on the staff, with which roles; set by an administrator, and noted."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from dsar.ledger import chains
from dsar.ledger.models import Event
from requests_app.models import Organisation, User
from requests_app.roles import Role
from requests_app.services.staffing import add_staff
from tests.requests_app.admin.conftest import PASSWORD, Desk, text_of

pytestmark = pytest.mark.django_db(databases="__all__")

STAFF = "/admin/requests_app/user/"
TODAY = "access:2026-11-23"


@pytest.fixture
def administrator(desk: Desk) -> Client:
    return desk.client(Role.ADMINISTRATOR)


def group_ids(*roles: Role) -> list[int]:
    return list(Group.objects.filter(name__in=[role.value for role in roles]).values_list("pk", flat=True))


def test_a_new_member_has_the_roles_given_and_nothing_else(db: None) -> None:
    user = add_staff("kim", "kim@acorn.example", PASSWORD, [Role.ANALYST, Role.APPROVER])
    assert user.as_actor().roles == {Role.ANALYST, Role.APPROVER}
    assert user.is_staff
    assert not user.is_superuser
    assert user.check_password(PASSWORD)


def test_a_sign_in_is_noted(desk: Desk) -> None:
    answer = Client().post("/admin/login/?next=/admin/", {"username": "analyst", "password": PASSWORD})
    assert answer["Location"] == "/admin/"
    event = chains.history(TODAY).filter(kind="signed_in").last()
    assert event is not None
    assert event.actor == f"staff:{desk.staff[Role.ANALYST].pk}"
    assert event.facts == {"roles": ["analyst"]}


def test_an_administrator_adds_a_member_who_can_sign_in(desk: Desk, administrator: Client) -> None:
    posted = {
        "username": "kim",
        "email": "kim@acorn.example",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        "groups": group_ids(Role.ANALYST),
    }
    assert administrator.post(f"{STAFF}add/", posted).status_code == 302
    kim = User.objects.get(username="kim")
    assert kim.as_actor().roles == {Role.ANALYST}
    assert Client().login(username="kim", password=PASSWORD)
    assert kim.is_staff
    event = chains.history(TODAY).get(kind="set.staff")
    assert event.actor == f"staff:{desk.staff[Role.ADMINISTRATOR].pk}"
    assert event.facts == {"staff": f"staff:{kim.pk}", "active": True, "roles": ["analyst"]}


def test_nobody_can_be_made_a_superuser(desk: Desk, administrator: Client) -> None:
    auditor = desk.staff[Role.AUDITOR]
    posted = {
        "username": "auditor",
        "groups": group_ids(Role.AUDITOR),
        "is_active": "on",
        "is_superuser": "on",
        "user_permissions": ["1"],
    }
    assert administrator.post(f"{STAFF}{auditor.pk}/change/", posted).status_code == 302
    auditor.refresh_from_db()
    assert not auditor.is_superuser
    assert not auditor.user_permissions.exists()


def test_an_administrator_changes_no_superuser(desk: Desk, administrator: Client) -> None:
    root = User.objects.create_superuser("root", "root@acorn.example", PASSWORD)
    new = {"usable_password": "true", "password1": "other-words-entirely", "password2": "other-words-entirely"}
    assert administrator.post(f"{STAFF}{root.pk}/password/", new).status_code == 403
    assert administrator.post(f"{STAFF}{root.pk}/change/", {"username": "root2"}).status_code == 403
    root.refresh_from_db()
    assert root.check_password(PASSWORD)


def test_a_password_that_somebody_else_sets_is_noted(desk: Desk, administrator: Client) -> None:
    approver = desk.staff[Role.APPROVER]
    address = f"{STAFF}{approver.pk}/password/"
    words = {"usable_password": "true", "password1": "other-words-entirely", "password2": "other-words-entirely"}
    administrator.post(address, {**words, "password2": "something-else-entirely"})
    assert not Event.objects.filter(kind="set.password").exists()
    assert administrator.post(address, words).status_code == 302
    event = Event.objects.get(kind="set.password")
    assert event.facts == {"staff": f"staff:{approver.pk}"}
    assert event.actor == f"staff:{desk.staff[Role.ADMINISTRATOR].pk}"


def test_a_superuser_changes_one(desk: Desk) -> None:
    root = User.objects.create_superuser("root", "root@acorn.example", PASSWORD)
    client = Client()
    client.force_login(root)
    assert 'name="_save"' in text_of(client, f"{STAFF}{root.pk}/change/")


@pytest.mark.slow
def test_a_superuser_without_a_role_makes_no_moves(desk: Desk) -> None:
    root = User.objects.create_superuser("root", "root@acorn.example", PASSWORD)
    client = Client()
    client.force_login(root)
    case = desk.file().cases.get()
    page = text_of(client, f"/admin/requests_app/case/{case.pk}/change/")
    assert "Your role reads cases; it makes no moves." in page


def test_the_list_names_the_roles(administrator: Client) -> None:
    assert "source owner" in text_of(administrator, STAFF)


def test_a_changed_setting_of_the_organisation_is_noted_by_name(desk: Desk, administrator: Client) -> None:
    organisation = desk.organisation
    fields = ("slug", "legal_name", "display_name", "postal_address", "contact_email", "policy_url")
    posted = {name: getattr(organisation, name) for name in fields} | {"display_name": "Acorn"}
    assert administrator.post(f"/admin/requests_app/organisation/{organisation.pk}/change/", posted).status_code == 302
    assert Organisation.objects.get().display_name == "Acorn"
    event = chains.history(TODAY).get(kind="set.organisation")
    assert event.facts == {"organisation": "acorn", "changed": ["display_name", "sells_or_shares"]}
