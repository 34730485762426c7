"""Keys by their id: create, open, destroy. A destroyed key takes with it all that it sealed, wherever copies lie."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from django.db import connections, transaction

from dsar.vault import ciphers, destroyed, house
from dsar.vault.ciphers import Cipher, MasterKey
from dsar.vault.destroyed import Stamp
from dsar.vault.errors import DestroyedListMissing, KeyDestroyed, KeyUnknown, SealBroken, TooManyOrphans, VaultError
from dsar.vault.master import CURE, master_key
from dsar.vault.models import DestroyedKey, WrappedKey
from dsar.vault.router import KEYS

Item = TypeVar("Item")

PAGE = 500  # ids in one statement
BY_IDS = """
    SELECT wrapped.*, EXISTS (SELECT 1 FROM vault_destroyedkey) AS some_are_destroyed
    FROM vault_wrappedkey AS wrapped WHERE wrapped.id IN ({ids})
"""
BY_ID = BY_IDS.format(ids="%s")

# Orphans come one by one, of broken transactions. More than this number and this share of all keys is another matter.
MOST_ORPHANS = 10
MOST_ORPHANS_OF_ALL = 0.05

# How each list of destroyed keys looked when this process last applied it.
_applied: dict[Path, Stamp] = {}


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
    """Open a key; raises KeyDestroyed, KeyUnknown, DestroyedListMissing.

    The key store is asked each time, by primary key: what another process destroyed must not stay open here.
    """
    stored = WrappedKey._meta.pk.get_db_prep_value(key_id, connections[KEYS])
    found = looked_up(BY_ID, stored)
    if not found:
        raise _gone(key_id)
    return _opened(master_key(), found[0].context, bytes(found[0].wrapped))


def ciphers_of(key_ids: Iterable[UUID]) -> dict[UUID, Cipher]:
    """Open several keys, as `cipher` does each, with a statement for a page of them."""
    opened: dict[UUID, Cipher] = {}
    for page in _pages(dict.fromkeys(key_ids)):
        stored = [WrappedKey._meta.pk.get_db_prep_value(key_id, connections[KEYS]) for key_id in page]
        found = looked_up(BY_IDS.format(ids=", ".join(["%s"] * len(page))), *stored)
        opened |= {key.pk: _opened(master_key(), key.context, bytes(key.wrapped)) for key in found}
        for key_id in page:
            if key_id not in opened:
                raise _gone(key_id)
    return opened


def looked_up(query: str, *values: object) -> list[WrappedKey]:
    """The keys that a query finds, with the news of the list applied; raises DestroyedListMissing.

    The query asks in ``some_are_destroyed`` whether the key store knows of a destroyed key: as long as nobody made the
    list, and a row is found, nothing more has to be asked. It is SQL, for keys are opened more often than anything
    else is read, and to put the statement together took ten times as long as to ask.
    """
    is_listed = _apply_listed()
    found = list(WrappedKey.objects.raw(query, values))
    if is_listed or (found and not vars(found[0])["some_are_destroyed"]):
        return found
    if not _apply_listed():  # which somebody may have made meanwhile
        _check_list_is_there(destroyed.list_path())
    return list(WrappedKey.objects.raw(query, values))


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

    Reads all of the list in the data folder, or of another copy of it. The sweep does this, and `manage.py vault
    reapply` after a restore. Raises DestroyedListMissing if the list is gone and the key store knows of destroyed keys.
    """
    listing = listing or destroyed.list_path()
    _check_list_is_there(listing)
    return _apply(destroyed.entries(listing))


def _apply_listed() -> bool:
    """Apply the news of the list, if there is one; each opening of a key asks, and mostly it is nothing.

    Of a list that only grew since, the new part is read.
    """
    listing = destroyed.list_path()
    found, known = destroyed.stamp(listing), _applied.get(listing)
    if found is None:
        return False
    if found != known:
        grew = known is not None and known.inode == found.inode and known.size < found.size
        _apply(destroyed.entries(listing, since=known.size if known and grew else 0))
        _applied[listing] = found
    return True


def complete_list() -> int:
    """Add to the list what the key store knows as destroyed and the list lacks; returns how many keys that were.

    For a list that is lost: it then names what this key store knows, and no more.
    """
    listed = {key_id for key_id, _ in destroyed.entries(destroyed.list_path())}
    lacking = [key for key in DestroyedKey.objects.order_by("destroyed_at").iterator() if key.pk not in listed]
    for key in lacking:
        destroyed.note(key.pk, at=key.destroyed_at)
    return len(lacking)


def sweep(
    purpose: str,
    *,
    in_use: Callable[[Collection[UUID]], Collection[UUID]],
    house_id: UUID | None,
    created_before: datetime,
    at: datetime,
    any_number: bool = False,
) -> int:
    """Destroy the orphans of one purpose: keys whose first transaction never committed; returns how many.

    `in_use` is asked, page by page, which of some keys are in use; `house_id` is the one that stands in the database
    which it asks: raises StrangeHouse if it is not the key store's. `created_before` must lie further back than the
    longest transaction lasts. Raises TooManyOrphans, and destroys none, if they are more than remains of broken
    transactions can be, unless somebody has looked and lets `any_number` go.
    """
    house.check_same_house(house_id)
    orphans = orphans_of(purpose, in_use=in_use, created_before=created_before)
    if not any_number:
        _check_number(purpose, len(orphans))
    for key_id in orphans:
        destroy(key_id, at=at)
    return len(orphans)


def orphans_of(
    purpose: str, *, in_use: Callable[[Collection[UUID]], Collection[UUID]], created_before: datetime
) -> list[UUID]:
    """The keys of a purpose that are old enough and that nobody uses."""
    old = WrappedKey.objects.filter(purpose=purpose, created_at__lt=created_before).values_list("pk", flat=True)
    return [key_id for page in _pages(old.iterator(chunk_size=PAGE)) for key_id in set(page) - set(in_use(page))]


def living(key_ids: Collection[UUID]) -> set[UUID]:
    """Those of the keys that are there, and not destroyed."""
    return set(WrappedKey.objects.filter(pk__in=key_ids).values_list("pk", flat=True))


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


def _check_number(purpose: str, orphans: int) -> None:
    keys = WrappedKey.objects.filter(purpose=purpose).count()
    if orphans > MOST_ORPHANS and orphans > keys * MOST_ORPHANS_OF_ALL:
        raise TooManyOrphans(
            f"{orphans} of {keys} keys of the purpose {purpose} are used by no row. So many are a sign that rows are "
            "missing. Nothing was destroyed; see docs/operations.md."
        )


def _check_list_is_there(listing: Path) -> None:
    """An absent list is an empty one only as long as the key store knows of no destroyed key.

    The list is looked for once more after the store was asked: of the first destruction, the list is made first.
    """
    if not listing.exists() and DestroyedKey.objects.exists() and not listing.exists():
        raise DestroyedListMissing(
            f"{listing} is missing, but keys were destroyed: restored ones could be among those that are there, so "
            "none is opened. Check DSAR_DATA_DIR; bring the list back from a backup of the data folder; if it is lost, "
            "`manage.py vault relist` writes what the key store knows."
        )


def _apply(entries: Iterable[tuple[UUID, datetime]]) -> int:
    return sum(_bury(dict(page)) for page in _pages(entries) if _is_news(dict(page)))


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
