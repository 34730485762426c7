"""The staff: what each role may see, who has which role, and when somebody signed in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from dsar.ledger import chains
from dsar.ledger.models import Event
from requests_app.models import User
from requests_app.roles import Actor, Role
from requests_app.services.history import local_day

SEES_CASES = (
    "requests_app.view_case",
    "requests_app.view_submission",
    "requests_app.view_housecalendar",
    "requests_app.view_standingrule",
    "requests_app.view_hold",
)
WORKS_CASES = (
    *SEES_CASES,
    "requests_app.add_submission",
    "requests_app.add_housecalendar",
    "jobs.view_job",
    "jobs.change_job",
)

# What a role may see and set. Moves are not permissions: the registry of moves asks for the role itself.
PERMISSIONS: Mapping[Role, tuple[str, ...]] = {
    Role.ANALYST: WORKS_CASES,
    Role.APPROVER: WORKS_CASES,
    Role.AUDITOR: SEES_CASES,
    Role.SOURCE_OWNER: ("exports.view_datasource", "exports.view_task"),
    Role.ADMINISTRATOR: (
        "requests_app.view_organisation",
        "requests_app.add_organisation",
        "requests_app.change_organisation",
        "requests_app.view_housecalendar",
        "requests_app.view_user",
        "requests_app.add_user",
        "requests_app.change_user",
        "jobs.view_job",
        "jobs.change_job",
    ),
}


def set_up_roles() -> None:
    """Make the group of every role and give it exactly its permissions; run after each migrate."""
    for role in Role:
        group, _created = Group.objects.get_or_create(name=role.value)
        group.permissions.set(_permissions(PERMISSIONS[role]))


def add_staff(username: str, email: str, password: str | None, roles: Collection[Role]) -> User:
    """A member of the staff, with these roles and no other rights; without a password, one who can't sign in yet."""
    with transaction.atomic():
        user = User.objects.create_user(username, email, password, is_staff=True)
        user.groups.set(Group.objects.filter(name__in=[role.value for role in roles]))
    return user


def note_setting(what: str, *, by: Actor, at: datetime, **facts: str | int | bool | list[str]) -> Event:
    """Note a changed setting (a role, the organisation) in the access chain of the day. In the caller's transaction."""
    return chains.append(chains.access_chain(local_day(at)), f"set.{what}", actor=by.slug, at=at, facts=facts)


def note_sign_in(user: User, *, at: datetime) -> Event:
    """Note that a member of the staff signed in."""
    actor = user.as_actor()
    with transaction.atomic():
        return chains.append(
            chains.access_chain(local_day(at)),
            "signed_in",
            actor=actor.slug,
            at=at,
            facts={"roles": sorted(actor.roles)},
        )


def _permissions(names: Collection[str]) -> list[Permission]:
    """The permissions of these names; those of an app that is not migrated yet come with its own migrate."""
    wanted = Q(pk__in=[])
    for name in names:
        app, _dot, codename = name.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    return list(Permission.objects.filter(wanted))
