"""What `manage.py check` says about the vault before anything is sealed."""

from __future__ import annotations

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from dsar.vault.master import master_key
from dsar.vault.router import KEYS

PLACE = ("ENGINE", "HOST", "PORT", "NAME")


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
    main, store = settings.DATABASES["default"], settings.DATABASES[KEYS]
    if [main.get(part) for part in PLACE] != [store.get(part) for part in PLACE]:
        return []
    return [
        Error(
            "The key store is the main database: its backups would carry keys beside what they seal.",
            hint="Set KEYS_DATABASE_URL to a database of its own, with short backups of its own.",
            id="vault.E002",
        )
    ]
