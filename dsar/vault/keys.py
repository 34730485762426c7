"""Keys by their id: create, open, destroy. A destroyed key takes with it all that it sealed, wherever copies lie."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from django.db import connections, transaction

from dsar.vault import ciphers, destroyed
from dsar.vault.ciphers import Cipher, MasterKey
from dsar.vault.errors import KeyDestroyed, KeyUnknown, SealBroken, VaultError
from dsar.vault.master import CURE, master_key
from dsar.vault.models import DestroyedKey, WrappedKey
from dsar.vault.router import KEYS

Item = TypeVar("Item")

PAGE = 500  # ids in one statement


@transaction.atomic(using=KEYS, durable=True)
def create(purpose: str, *, at: datetime) -> UUID:
    """Make a key and commit it at once, before the caller's transaction that uses it.

    If that transaction never commits, the key is an orphan that `sweep` finds.
    """
    return store(purpose, ciphers.new_secret(), at=at).pk


def store(purpose: str, secret: bytes, *, at: datetime) -> WrappedKey:
    """Wrap a secret and keep it under a new id, within the caller's transaction."""
    key = WrappedKey(id=uuid.uuid4(), purpose=purpose, created_at=at)
    key.wrapped = master_key().wrap(secret, key.context)
    key.save(force_insert=True)
    return key


def cipher(key_id: UUID) -> Cipher:
    """Open a key; raises KeyDestroyed or KeyUnknown.

    The key store is asked each time, by primary key: what another process destroyed must not stay open here.
    """
    apply_destroyed_once()
    key = WrappedKey.objects.filter(pk=key_id).first()
    if key is None:
        raise _gone(key_id)
    return _opened(master_key(), key.context, bytes(key.wrapped))


def secret_of(key: WrappedKey) -> bytes:
    """The unwrapped secret of a stored key."""
    return _unwrapped(master_key(), key.context, bytes(key.wrapped))


def destroy(key_id: UUID, *, at: datetime) -> None:
    """Destroy a key for good; doing it twice does no harm.

    Call it from a job, after the commit that decided it: no rollback brings the key back. The id is listed outside the
    key store first, so that a restored key store is told (`apply_destroyed`).
    """
    destroyed.note(key_id, at=at)
    _bury({key_id: at})
    _opened.cache_clear()


def apply_destroyed(listing: Path | None = None) -> int:
    """Destroy again what a restore of the key store brought back; returns the number of keys that had come back.

    Reads the list in the data folder, or another copy of it. Each process does this before it first opens a key;
    after a restore under running processes call it by `manage.py vault reapply`.
    """
    entries = destroyed.entries(listing or destroyed.list_path())
    return sum(_bury(dict(page)) for page in _pages(entries) if _is_news(dict(page)))


@cache
def apply_destroyed_once() -> None:
    """`apply_destroyed`, the first time that this process asks."""
    apply_destroyed()


def sweep(
    purpose: str,
    *,
    in_use: Callable[[Collection[UUID]], Collection[UUID]],
    created_before: datetime,
    at: datetime,
) -> int:
    """Destroy the orphans of one purpose: keys whose first transaction never committed; returns how many.

    `in_use` is asked, page by page, which of some keys are in use. `created_before` must lie further back than the
    longest transaction lasts.
    """
    old = WrappedKey.objects.filter(purpose=purpose, created_at__lt=created_before).values_list("pk", flat=True)
    orphans = [key_id for page in _pages(old.iterator(chunk_size=PAGE)) for key_id in set(page) - set(in_use(page))]
    for key_id in orphans:
        destroy(key_id, at=at)
    return len(orphans)


def rewrap() -> int:
    """Wrap every key again with the master key's primary; returns how many. May be stopped and run again."""
    count = 0
    for key in WrappedKey.objects.iterator(chunk_size=PAGE):
        wrapped = master_key().wrap(secret_of(key), key.context)
        count += WrappedKey.objects.filter(pk=key.pk).update(wrapped=wrapped)
    transaction.on_commit(_scrub, using=KEYS)
    return count


def count_unopenable() -> int:
    """How many keys the master key does not open: a sign that it is not the one that was in use."""
    return sum(not _opens(key) for key in WrappedKey.objects.iterator(chunk_size=PAGE))


def _opens(key: WrappedKey) -> bool:
    try:
        secret_of(key)
    except VaultError:
        return False
    return True


def _is_news(moments: dict[UUID, datetime]) -> bool:
    """Whether the key store does not know yet that these are destroyed; a mere look, so that a start writes nothing."""
    known = DestroyedKey.objects.filter(pk__in=moments).count()
    return known < len(moments) or WrappedKey.objects.filter(pk__in=moments).exists()


def _bury(moments: dict[UUID, datetime]) -> int:
    """Delete these keys and remember that they are destroyed; returns how many there were."""
    with transaction.atomic(using=KEYS):
        DestroyedKey.objects.bulk_create(
            [DestroyedKey(id=key_id, destroyed_at=at) for key_id, at in moments.items()], ignore_conflicts=True
        )
        deleted = WrappedKey.objects.filter(pk__in=moments).delete()[1].get(WrappedKey._meta.label, 0)
        if deleted:
            transaction.on_commit(_scrub, using=KEYS)
    return deleted


def _scrub() -> None:
    """Leave no copy of an old row in SQLite's write-ahead log; the pages themselves are zeroed by secure_delete.

    On PostgreSQL vacuum and the recycling of its log do it in time; until then the copy is under the master key.
    """
    connection = connections[KEYS]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _gone(key_id: UUID) -> VaultError:
    if DestroyedKey.objects.filter(pk=key_id).exists():
        return KeyDestroyed(f"The key {key_id} was destroyed.")
    return KeyUnknown(f"The key store does not know the key {key_id}.")


@lru_cache(maxsize=64)
def _opened(master: MasterKey, context: str, wrapped: bytes) -> Cipher:
    return Cipher(_unwrapped(master, context, wrapped))


def _unwrapped(master: MasterKey, context: str, wrapped: bytes) -> bytes:
    try:
        return master.unwrap(wrapped, context)
    except SealBroken:
        raise VaultError(f"The master key does not open the key {context}. {CURE}") from None


def _pages(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while page := list(islice(remaining, PAGE)):
        yield page
