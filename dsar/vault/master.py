"""The master key, as the settings give it."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from dsar.vault.ciphers import MasterKey
from dsar.vault.errors import MasterKeyUnreadable

CURE = (
    "Give in DSAR_MASTER_KEY, or in the file that DSAR_MASTER_KEY_FILE names, the text that was in use before; "
    "for a new house `python -m dsar.first_run FILE` writes one."
)


def master_key() -> MasterKey:
    """The master key of this house; raises ImproperlyConfigured, with the cure, if the setting holds none."""
    try:
        return _parsed(settings.MASTER_KEY)
    except MasterKeyUnreadable as error:
        raise ImproperlyConfigured(f"DSAR_MASTER_KEY is no master key. {error} {CURE}") from None


@lru_cache(maxsize=2)
def _parsed(text: str) -> MasterKey:
    return MasterKey(text)
