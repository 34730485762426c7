from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LedgerConfig(AppConfig):
    name = "dsar.ledger"
    label = "ledger"

    def ready(self) -> None:
        from dsar.ledger import checks, roles  # noqa: F401  # registers them

        post_migrate.connect(roles.grant_after_migrate, sender=self, dispatch_uid="grant_after_migrate")
