"""Who may act: the five roles of the desk, and the actor that every service is given."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The roles of the staff; each is a Django group of the same name."""

    ANALYST = "analyst"
    APPROVER = "approver"
    SOURCE_OWNER = "source_owner"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True)
class Actor:
    """Who does something: the system, the person, a machine, or a member of the staff with roles.

    ``slug`` is what events keep: ``system``, ``person``, ``staff:<id>``; never a name or an address.
    """

    slug: str
    roles: frozenset[Role] = frozenset()

    @property
    def is_staff(self) -> bool:
        """Whether a member of the privacy team or another employee acts."""
        return self.slug.startswith("staff:")


SYSTEM = Actor("system")
PERSON = Actor("person")
REQUESTER = Actor("requester")  # who asks for somebody else
OWNER = Actor("source_owner")  # of a source, entered by a link and a code: no member of the staff
