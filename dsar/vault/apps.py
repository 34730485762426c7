from __future__ import annotations

from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "dsar.vault"
    label = "vault"

    def ready(self) -> None:
        from dsar.vault import checks  # noqa: F401  # registers them
