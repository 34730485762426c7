"""The first members of the staff, added on the command line."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from requests_app.models import User
from requests_app.roles import Role

pytestmark = pytest.mark.django_db


def add(name: str = "first", *, email: str = "first@example.com", password: str = "a long and odd phrase") -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.StringIO(password + "\n"))
        call_command("staff", "add", name, email, "--role", "analyst", "--role", "auditor")


@pytest.mark.slow
def test_somebody_added_signs_in_with_these_roles_and_is_no_superuser() -> None:
    add()
    user = User.objects.get(username="first")
    assert user.as_actor().roles == {Role.ANALYST, Role.AUDITOR}
    assert user.check_password("a long and odd phrase")
    assert (user.is_staff, user.is_superuser) == (True, False)


@pytest.mark.parametrize(
    ("wrong", "because"),
    [
        ({"password": "short"}, "too short"),
        ({"email": "nobody"}, "valid email"),
    ],
)
def test_a_weak_password_or_a_bad_address_adds_nobody(wrong: dict[str, str], because: str) -> None:
    with pytest.raises(CommandError, match=because):
        add(**wrong)
    assert not User.objects.exists()


@pytest.mark.slow
def test_a_name_is_given_once() -> None:
    add()
    with pytest.raises(CommandError, match="choose another name"):
        add()
