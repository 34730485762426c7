"""Keyed digests (HMAC-SHA-256): find a value again without keeping it.

Each kind of digest has its own key, so that digests of two kinds can't be compared. Callers normalise the value; the
digest takes it as it is. The text of a digest is "<key id in hex>.<digest in hex>".
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from dsar.vault import keys
from dsar.vault.errors import VaultError
from dsar.vault.models import DigestKey, WrappedKey
from dsar.vault.router import KEYS

OF_KIND = """
    SELECT wrapped.*, digest.is_current, EXISTS (SELECT 1 FROM vault_destroyedkey) AS some_are_destroyed
    FROM vault_digestkey AS digest JOIN vault_wrappedkey AS wrapped ON wrapped.id = digest.key_id
    WHERE digest.kind = %s ORDER BY digest.is_current DESC, wrapped.created_at DESC
"""


def digest(kind: str, value: str) -> str:
    """The digest of a value with the kind's current key, which is made at the first use."""
    live = _live(kind)
    return _digest(live[0] if live and vars(live[0])["is_current"] else _first(kind), value)


def candidates(kind: str, value: str) -> list[str]:
    """The digests under which a value may have been kept: one for each live key of the kind, the current one first."""
    return [_digest(key, value) for key in _live(kind)]


def secret_under(key_id: UUID, context: str) -> bytes:
    """A secret for digests that end with a key of the key store; another one for each context.

    Raises KeyDestroyed, KeyUnknown.
    """
    return keys.cipher(key_id).derived(f"digest:{context}")


class Digester:
    """Digests of many values of one kind: its keys are asked for once, when the first value comes.

    A key that is made, rotated or retired meanwhile counts for the next digester.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def digest(self, value: str) -> str:
        """As `digest`."""
        return self.candidates(value)[0]

    def candidates(self, value: str) -> list[str]:
        """As `candidates`; one at least, for the kind's first key is made."""
        return [_digested(*key, value) for key in self._keys]

    def hexadecimals(self, value: str) -> list[str]:
        """The candidates without the ids of their keys."""
        return [found.partition(".")[2] for found in self.candidates(value)]

    @cached_property
    def _keys(self) -> list[tuple[UUID, bytes]]:
        live = _live(self._kind) or [_first(self._kind)]
        return [(key.pk, keys.secret_of(key)) for key in live]


def rotate(kind: str, *, at: datetime) -> UUID:
    """Give the kind a new current key; the older ones are looked up until they are retired. Returns the new id."""
    with transaction.atomic(using=KEYS, durable=True):
        DigestKey.objects.filter(kind=kind, is_current=True).update(is_current=False)
        return _add(kind, at=at).pk


def retire(kind: str, key_id: UUID, *, at: datetime) -> None:
    """Destroy an older key of a kind: its digests are found no more. Raises VaultError for the current key."""
    if not DigestKey.objects.filter(kind=kind, pk=key_id, is_current=False).exists():
        raise VaultError(f"{key_id} is no older digest key of {kind}; rotate before you retire the current one.")
    keys.destroy(key_id, at=at)


def _first(kind: str) -> WrappedKey:
    """The kind's first key; of two processes that want to make it, one does and the other takes it."""
    try:
        with transaction.atomic(using=KEYS, durable=True):
            return _add(kind, at=timezone.now())  # only says how old the key is; no rule reads it
    except IntegrityError:
        return DigestKey.objects.select_related("key").get(kind=kind, is_current=True).key


def _add(kind: str, *, at: datetime) -> WrappedKey:
    key = keys.store(f"digest:{kind}", secrets.token_bytes(32), at=at)
    return DigestKey.objects.create(key=key, kind=kind, is_current=True).key


def _live(kind: str) -> list[WrappedKey]:
    """The keys of a kind, the current one first; of each, whether it ``is_current``."""
    return keys.looked_up(OF_KIND, kind)


def _digest(key: WrappedKey, value: str) -> str:
    return _digested(key.pk, keys.secret_of(key), value)


def _digested(key_id: UUID, secret: bytes, value: str) -> str:
    return f"{key_id.hex}.{hmac.new(secret, value.encode(errors='surrogatepass'), hashlib.sha256).hexdigest()}"
