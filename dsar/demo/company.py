"""The example company in this system: its organisation, its staff and its sources, set up as an administrator would."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from dsar.demo.shop import build_shop
from dsar.demo.web_log import build_web_log
from exports.models import DataSource
from requests_app.models import Organisation, User
from requests_app.roles import Role
from requests_app.services.staffing import add_staff

MAPS = Path(__file__).parent / "maps"
SYSTEMS = {"shop": "DEMO_SHOP", "web_log": "DEMO_WEB_LOG"}
STAFF = {
    "analyst": [Role.ANALYST],
    "approver": [Role.APPROVER],
    "auditor": [Role.AUDITOR],
    "administrator": [Role.ADMINISTRATOR],
}
PASSWORD = "larkspur-demo-only"  # noqa: S105 - printed for everybody, on the example's own database


def build_systems(folder: Path) -> dict[str, str]:
    """Make the shop's database and the web log; the environment variables with which they are read and written."""
    variables = {}
    for name, build in (("shop", build_shop), ("web_log", build_web_log)):
        path = folder / f"{name}.sqlite3"
        build(path)
        variables[f"{SYSTEMS[name]}_READ_URL"] = variables[f"{SYSTEMS[name]}_WRITE_URL"] = f"sqlite:///{path}"
    return variables


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
        },
    )
    return organisation


def set_up_staff() -> dict[str, User]:
    """One member of the staff a role, by name."""
    return {
        name: add_staff(username=name, email=f"{name}@larkspur-outfitters.example", password=PASSWORD, roles=roles)
        for name, roles in STAFF.items()
    }


def set_up_sources(at: datetime) -> None:
    """The company's systems as sources, each with its data map."""
    for position, (name, variable) in enumerate(SYSTEMS.items()):
        DataSource.set_up(
            (MAPS / f"{name}.yaml").read_text(encoding="utf-8"),
            read_url_variable=f"{variable}_READ_URL",
            write_url_variable=f"{variable}_WRITE_URL",
            position=position,
            at=at,
        )
