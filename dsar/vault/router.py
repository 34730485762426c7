"""Which database holds what: the key store's tables live under the alias ``keys``, and nothing else does."""

from __future__ import annotations

from django.db.models import Model

KEYS = "keys"


class KeyStoreRouter:
    """Send the vault's models to the key store and keep every other model out of it.

    The key store is a database of its own, so that a dump of the main database never carries a key.
    """

    def db_for_read(self, model: type[Model], **_hints: object) -> str | None:
        return KEYS if model._meta.app_label == "vault" else None

    def db_for_write(self, model: type[Model], **_hints: object) -> str | None:
        return KEYS if model._meta.app_label == "vault" else None

    def allow_migrate(self, db: str, app_label: str, **_hints: object) -> bool:
        return (db == KEYS) == (app_label == "vault")
