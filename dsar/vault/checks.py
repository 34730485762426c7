"""What `manage.py check` says about the vault before anything is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from dsar.vault.master import master_key
from dsar.vault.router import KEYS

SAME_MACHINE = {"", "localhost", "127.0.0.1", "::1"}


@register
def check_master_key(**_options: object) -> list[CheckMessage]:
    """The master key can be read."""
    try:
        master_key()
    except ImproperlyConfigured as error:
        return [Error(str(error), id="vault.E001")]
    return []


@register
def check_key_store_is_apart(**_options: object) -> list[CheckMessage]:
    """The key store is a database of its own, or a dump of the main database would carry the keys."""
    if _place(settings.DATABASES["default"]) != _place(settings.DATABASES[KEYS]):
        return []
    return [
        Error(
            "The key store is the main database: its backups would carry keys beside what they seal.",
            hint="Set KEYS_DATABASE_URL to a database of its own, with short backups of its own.",
            id="vault.E002",
        )
    ]


def _place(database: Mapping[str, Any]) -> tuple[str, ...]:
    """Where a database is, whichever way it is written; who opens it does not matter.

    Options stand before host and port, as the driver takes them. A folder of sockets and a host name may lead to one
    server: the names of the databases have to differ then.
    """
    engine, name, options = database["ENGINE"], str(database.get("NAME") or ""), database.get("OPTIONS") or {}
    if engine.endswith("sqlite3"):
        return engine, str(Path(name.removeprefix("file:").partition("?")[0]).resolve())
    host = str(options.get("host") or database.get("HOST") or "")
    port = str(options.get("port") or database.get("PORT") or "5432")
    return engine, "" if host.lower() in SAME_MACHINE else host.lower(), port, str(options.get("dbname") or name)
