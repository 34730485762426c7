"""The staff: what each role may see, who has which, and what is noted of it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.test import Client

from dsar.ledger.models import Event
from requests_app.models import User
from requests_app.roles import Role
from requests_app.services import staffing
from tests.requests_app.factories import ANALYST, AT

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.slow]

PASSWORD = "only-for-tests-1"


def may(role: Role) -> set[str]:
    """The permissions of a role's group."""
    permissions = Permission.objects.filter(group__name=role.value).select_related("content_type")
    return {f"{found.content_type.app_label}.{found.codename}" for found in permissions}


def test_each_role_has_exactly_its_permissions_after_each_migrate() -> None:
    Group.objects.get(name="auditor").permissions.add(Permission.objects.get(codename="delete_case"))
    Group.objects.get(name="analyst").permissions.clear()
    staffing.set_up_roles()
    assert {role: may(role) for role in Role} == {role: set(staffing.PERMISSIONS[role]) for role in Role}


def test_the_administrator_sees_no_case_and_nobody_may_delete_anything() -> None:
    assert "requests_app.view_case" not in may(Role.ADMINISTRATOR)
    assert not [name for role in Role for name in may(role) if "delete" in name]
    assert may(Role.SOURCE_OWNER) == {"exports.view_datasource", "exports.view_task"}


def test_a_member_of_the_staff_acts_by_id_and_roles_never_by_name() -> None:
    user = staffing.add_staff("jo", "jo@acorn.example", PASSWORD, [Role.ANALYST, Role.APPROVER])
    Group.objects.create(name="book club").user_set.add(user)
    actor = User.objects.get().as_actor()
    assert actor.slug == f"staff:{user.pk}"
    assert actor.roles == {Role.ANALYST, Role.APPROVER}
    assert actor.is_staff
    assert not user.is_superuser
    assert "jo" not in actor.slug


def test_who_signs_in_is_noted_in_the_chain_of_the_day() -> None:
    user = staffing.add_staff("jo", "jo@acorn.example", PASSWORD, [Role.AUDITOR])
    event = staffing.note_sign_in(user, at=AT)
    assert (event.chain, event.kind, event.actor) == ("access:2026-11-23", "signed_in", f"staff:{user.pk}")
    assert event.facts == {"roles": ["auditor"]}


def test_signing_in_through_the_admin_is_noted() -> None:
    staffing.add_staff("jo", "jo@acorn.example", PASSWORD, [Role.ANALYST])
    Client().post("/admin/login/", {"username": "jo", "password": PASSWORD})
    assert Event.objects.get().kind == "signed_in"


def test_a_changed_setting_is_noted() -> None:
    with transaction.atomic():
        event = staffing.note_setting("organisation", by=ANALYST, at=AT, fields=["policy_url"])
    assert (event.kind, event.facts) == ("set.organisation", {"fields": ["policy_url"]})
