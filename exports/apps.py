from __future__ import annotations

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_migrate


class ExportsConfig(AppConfig):
    name = "exports"
    label = "exports"
    verbose_name = "Company systems"

    def ready(self) -> None:
        from exports.company import CompanySystems, CompanyWork
        from exports.fulfil import (  # noqa: F401 - they register their moves
            flagging,
            waiving,
            whose_data,
            withholding,
            withholding_by_rule,
        )
        from exports.fulfil.corrections import deciding as corrections  # noqa: F401 - they register their moves
        from exports.fulfil.documents import deciding  # noqa: F401
        from requests_app import ports

        ports.fill(systems=CompanySystems(), work=CompanyWork())
        post_migrate.connect(_set_up_roles, sender=self, dispatch_uid="set_up_roles_for_sources")


def _set_up_roles(*, using: str, **_signal: object) -> None:
    """Once more: the permissions of this app are there only now."""
    from requests_app.services import staffing

    if using == DEFAULT_DB_ALIAS:
        staffing.set_up_roles()
