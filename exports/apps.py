from __future__ import annotations

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "exports"
    label = "exports"
    verbose_name = "Company systems"

    def ready(self) -> None:
        from exports.company import CompanySystems, CompanyWork
        from exports.fulfil import waiving, withholding  # noqa: F401 - they register their moves
        from requests_app import ports

        ports.fill(systems=CompanySystems(), work=CompanyWork())
