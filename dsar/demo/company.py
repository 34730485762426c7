"""The example company in this system: organisation, staff and sources, set up as an administrator would."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.core.management import call_command

from dsar.demo import systems
from exports.source_changes import Proposal, install
from requests_app.models import Organisation, User
from requests_app.roles import Role
from requests_app.services.staffing import add_staff

MAPS = Path(__file__).parent / "maps"
STAFF = {
    "analyst": [Role.ANALYST],
    "approver": [Role.APPROVER],
    "auditor": [Role.AUDITOR],
    "administrator": [Role.ADMINISTRATOR],
}
PASSWORD = "larkspur-demo-only"  # noqa: S105 - printed for everybody, on the example's own database


def set_up_organisation() -> Organisation:
    """The organisation with the policy that it promises."""
    organisation, _is_new = Organisation.objects.get_or_create(
        slug="larkspur",
        defaults={
            "legal_name": "Larkspur Outfitters, Inc.",
            "display_name": "Larkspur Outfitters",
            "postal_address": "Privacy Office\n400 Summit Boulevard\nTruckee, CA 96161",
            "contact_email": "privacy@larkspur-outfitters.example",
            "toll_free_number": "1-800-555-0142",
            "policy_url": "https://larkspur-outfitters.example/privacy",
            "sells_or_shares": True,
            "place": "IE",  # its representative in the EU
        },
    )
    return organisation


def set_up_calendars() -> None:
    """The calendars that may be counted with; the CCPA counts every weekday until the team chooses another one."""
    call_command("calendars", "fill", stdout=io.StringIO())


def set_up_staff() -> dict[str, User]:
    """One member of the staff a role, by name."""
    staff = {
        name: add_staff(username=name, email=f"{name}@larkspur-outfitters.example", password=None, roles=roles)
        for name, roles in STAFF.items()
    }
    User.objects.update(password=make_password(PASSWORD))  # a slow sum by design: once for all, as it is no secret
    return staff


def set_up_sources(at: datetime) -> None:
    """The company's systems as sources, each with its data map, before anybody asks anything."""
    for position, (name, variable) in enumerate(systems.VARIABLES.items()):
        text = (MAPS / f"{name}.yaml").read_text(encoding="utf-8")
        install(Proposal(text, f"{variable}_READ_URL", f"{variable}_WRITE_URL", position), at=at)
