"""The people who work in the admin."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser

from requests_app.roles import Actor, Role


class User(AbstractUser):
    """A member of the staff; roles are groups, so that Django's permissions apply to them."""

    def as_actor(self) -> Actor:
        """This user as services and events know him: by id and roles."""
        names = set(self.groups.values_list("name", flat=True))
        return Actor(f"staff:{self.pk}", frozenset(role for role in Role if role in names))
