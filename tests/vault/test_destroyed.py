from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from dsar.vault import destroyed, digests, keys
from dsar.vault.errors import DestroyedListMissing, KeyDestroyed
from dsar.vault.models import DestroyedKey, WrappedKey

pytestmark = pytest.mark.django_db(databases=["keys"])


def restore(key: uuid.UUID, row: dict[str, object]) -> None:
    """What a restore of yesterday's key store does: the key is back, and nothing says that it was destroyed."""
    DestroyedKey.objects.filter(pk=key).delete()
    WrappedKey.objects.create(**row)
    keys._applied.clear()  # processes are started again after a restore


def test_the_list_names_id_and_moment(key):
    keys.destroy(key, at=datetime(2026, 1, 5, 4, 30, tzinfo=timezone(timedelta(hours=-5))))
    assert destroyed.list_path().read_text() == f"{key} 2026-01-05T09:30:00+00:00\n"
    assert list(destroyed.entries(destroyed.list_path())) == [(key, datetime(2026, 1, 5, 9, 30, tzinfo=UTC))]


def test_a_key_is_on_the_list_before_it_goes(key, at, settings, tmp_path):
    settings.DATA_DIR = tmp_path / "no such folder"
    with pytest.raises(FileNotFoundError):
        keys.destroy(key, at=at)
    assert keys.cipher(key)


def test_an_absent_list_is_an_empty_one(tmp_path):
    assert list(destroyed.entries(tmp_path / "none")) == []


@pytest.mark.parametrize(
    "torn", ["3f2b", "3f2b1c9e-1234-", "3f2b1c9e-1234-1234-1234-123456789abc 2026-01-0", "\x00ÿ", "no key\n"]
)
def test_half_an_entry_counts_as_none_and_spoils_no_other(torn, at):
    whole, later = uuid.uuid4(), uuid.uuid4()
    destroyed.note(whole, at=at)
    with destroyed.list_path().open("a") as listing:
        listing.write(torn)
    destroyed.note(later, at=at)
    assert [key for key, _ in destroyed.entries(destroyed.list_path())] == [whole, later]


def test_a_destroyed_key_that_a_restore_brought_back_is_destroyed_at_the_first_opening(key, at):
    [row] = WrappedKey.objects.values()
    keys.destroy(key, at=at)
    restore(key, row)
    with pytest.raises(KeyDestroyed):
        keys.cipher(key)
    assert not WrappedKey.objects.exists()


def test_it_is_destroyed_again_by_another_copy_of_the_list(key, at, tmp_path):
    [row] = WrappedKey.objects.values()
    keys.destroy(key, at=at)
    restore(key, row)
    copy = destroyed.list_path().rename(tmp_path / "copy.txt")
    assert keys.cipher(key)  # neither list nor key store tells
    assert keys.apply_destroyed(copy) == 1
    keys.complete_list()
    with pytest.raises(KeyDestroyed):
        keys.cipher(key)


def test_a_restored_store_that_never_knew_the_key_says_destroyed(key, at):
    keys.destroy(key, at=at)
    DestroyedKey.objects.all().delete()
    with pytest.raises(KeyDestroyed):
        keys.cipher(key)


def test_a_store_that_knows_already_is_only_looked_at(key, at, monkeypatch):
    monkeypatch.setattr(keys, "PAGE", 2)
    for key_id in [key, *(keys.create("record", at=at) for _ in range(4))]:
        keys.destroy(key_id, at=at)
    with CaptureQueriesContext(connections["keys"]) as queries:
        assert keys.apply_destroyed() == 0
    assert {query["sql"].split()[0] for query in queries} == {"SELECT"}


def test_a_missing_list_opens_no_key_as_long_as_the_key_store_knows_of_destroyed_ones(key, at):
    """A key store that was restored together with a data folder that was not, or a DATA_DIR that is the wrong one."""
    keys.destroy(keys.create("record", at=at), at=at)
    assert keys.cipher(key)
    destroyed.list_path().unlink()
    for act in (lambda: keys.cipher(key), keys.apply_destroyed, lambda: digests.digest("email", "a")):
        with pytest.raises(DestroyedListMissing, match="vault relist"):
            act()


def test_a_list_that_is_made_while_somebody_looks_is_none_that_is_missing(key, at, monkeypatch):
    """The first destruction of another process, between our look at the folder and our look at the key store."""
    looks = iter([False, True])
    keys._bury({uuid.uuid4(): at})
    monkeypatch.setattr(type(destroyed.list_path()), "exists", lambda path: next(looks))
    assert keys.cipher(key)


def test_a_key_that_is_the_first_to_be_destroyed_while_it_is_looked_up_is_destroyed(key, at):
    """Another process destroys it, and makes the list, between our look at the folder and our look at the key store."""
    destroyed_by_another = []

    def destroy_first(execute, *statement):
        if not destroyed_by_another:
            destroyed_by_another.append(key)
            keys.destroy(key, at=at)
        return execute(*statement)

    with connections["keys"].execute_wrapper(destroy_first), pytest.raises(KeyDestroyed):
        keys.cipher(key)


def test_a_lost_list_is_written_anew_from_what_the_key_store_knows(key, at):
    gone = keys.create("record", at=at)
    keys.destroy(gone, at=at)
    before = destroyed.list_path().read_text()
    destroyed.list_path().unlink()
    assert [keys.complete_list(), keys.complete_list()] == [1, 0]
    assert destroyed.list_path().read_text() == before
    assert keys.cipher(key)


def as_another_process(destroy: uuid.UUID, at: datetime) -> None:
    """A process that has listed the key and dies before it deletes it, as far as this key store can tell."""
    destroyed.note(destroy, at=at)


def test_what_another_process_adds_to_the_list_is_applied_by_one_that_runs(key, at, monkeypatch):
    other, third = keys.create("record", at=at), keys.create("record", at=at)
    as_another_process(other, at)
    assert keys.cipher(key)
    read, entries = [], destroyed.entries

    def noted(path, since=0):
        read.extend(found := list(entries(path, since=since)))
        return iter(found)

    monkeypatch.setattr(destroyed, "entries", noted)
    as_another_process(third, at)
    assert keys.cipher(key)
    assert [key_id for key_id, _ in read] == [third]
    assert set(DestroyedKey.objects.values_list("pk", flat=True)) == {other, third}


def test_a_list_that_comes_back_from_a_backup_is_read_from_its_beginning(key, at, tmp_path):
    destroyed.note(uuid.uuid4(), at=at)
    assert keys.cipher(key)
    backup = tmp_path / "backup"
    backup.write_text(f"{key} 2026-01-05T09:30:00+00:00\n" * 3)
    backup.replace(destroyed.list_path())
    with pytest.raises(KeyDestroyed):
        keys.cipher(key)


def test_the_disk_knows_the_name_of_a_new_list_before_a_key_goes(key, at, monkeypatch):
    synced = []
    monkeypatch.setattr(destroyed, "sync_folder", synced.append)
    keys.destroy(key, at=at)
    keys.destroy(uuid.uuid4(), at=at)
    assert synced == [destroyed.list_path().parent]
