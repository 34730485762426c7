from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connections, transaction

from dsar.vault import ciphers, house, keys, sealing
from dsar.vault.errors import KeyDestroyed, KeyUnknown, StrangeHouse, TooManyOrphans, VaultError
from dsar.vault.models import DestroyedKey, House, WrappedKey

pytestmark = pytest.mark.django_db(databases=["keys"])

HOUSE = uuid.UUID(int=1)


def test_a_new_key_is_kept_wrapped(key, at, settings):
    stored = WrappedKey.objects.get()
    assert (stored.pk, stored.purpose, stored.created_at) == (key, "record", at)
    secret = ciphers.MasterKey(settings.MASTER_KEY).unwrap(bytes(stored.wrapped), f"record:{key}")
    assert secret not in bytes(stored.wrapped)
    assert ciphers.Cipher(secret).open(keys.cipher(key).seal(b"text", "here"), "here") == b"text"


@pytest.mark.django_db(databases=["default", "keys"])
def test_a_key_outlives_the_rollback_of_the_transaction_that_asked_for_it(at):
    with transaction.atomic():
        key = keys.create("record", at=at)
        transaction.set_rollback(True)
    assert keys.cipher(key)


def test_a_key_is_never_made_inside_a_transaction_of_the_key_store(at):
    with transaction.atomic(using="keys"), pytest.raises(RuntimeError, match="durable"):
        keys.create("record", at=at)


@pytest.mark.parametrize("are_destroyed", [False, True])
def test_opening_a_key_costs_one_query(are_destroyed, key, at, django_assert_num_queries):
    if are_destroyed:
        keys.destroy(keys.create("record", at=at), at=at)
        keys.cipher(key)
    with django_assert_num_queries(1, connection=connections["keys"]):
        keys.cipher(key)


def test_an_opened_key_is_kept_for_the_next_opening(key):
    assert keys.cipher(key) is keys.cipher(key)


def test_a_destroyed_key_opens_nothing(key, at):
    sealed = sealing.seal(key, b"text", context="here")
    keys.destroy(key, at=at)
    with pytest.raises(KeyDestroyed):
        sealing.open_sealed(key, sealed, context="here")
    assert DestroyedKey.objects.get(pk=key).destroyed_at == at


def test_destroying_twice_does_no_harm(key, at):
    keys.destroy(key, at=at)
    keys.destroy(key, at=at + timedelta(days=1))
    assert DestroyedKey.objects.get(pk=key).destroyed_at == at


@pytest.mark.django_db(databases=["keys"], transaction=True)
def test_a_key_is_destroyed_for_good_outside_of_any_transaction(key, at):
    keys.destroy(key, at=at)
    with pytest.raises(KeyDestroyed):
        keys.cipher(key)


def test_destroying_forgets_all_opened_keys(key, at):
    opened = keys.cipher(key)
    keys.destroy(keys.create("content", at=at), at=at)
    assert keys.cipher(key) is not opened


def test_a_key_that_another_process_deleted_does_not_stay_open_here(key):
    keys.cipher(key)
    WrappedKey.objects.filter(pk=key).delete()  # as another process would
    with pytest.raises(KeyUnknown):
        keys.cipher(key)


def test_a_key_that_never_was_is_unknown_rather_than_destroyed():
    with pytest.raises(KeyUnknown):
        keys.cipher(uuid.uuid4())


def test_a_wrapped_key_that_was_moved_to_another_row_does_not_open(key, at):
    other = keys.create("record", at=at)
    WrappedKey.objects.filter(pk=other).update(wrapped=WrappedKey.objects.get(pk=key).wrapped)
    with pytest.raises(VaultError):
        keys.cipher(other)


def test_a_master_key_that_does_not_fit_is_told_with_the_cure(key, settings):
    settings.MASTER_KEY = ciphers.new_master_text()
    with pytest.raises(VaultError, match="DSAR_MASTER_KEY"):
        keys.cipher(key)
    assert keys.count_unopenable() == 1


def test_a_text_that_is_no_master_key_is_told_with_the_cure(at, settings):
    settings.MASTER_KEY = "nonsense"
    with pytest.raises(ImproperlyConfigured, match="first_run"):
        keys.create("record", at=at)


def test_after_a_rotation_and_a_rewrap_the_old_master_key_can_go(key, at, settings):
    sealed = sealing.seal(key, b"text", context="here")
    settings.MASTER_KEY = ciphers.with_new_primary(settings.MASTER_KEY)
    assert keys.rewrap() == 1
    settings.MASTER_KEY = ciphers.without_older_keys(settings.MASTER_KEY)
    assert sealing.open_sealed(key, sealed, context="here") == b"text"
    assert keys.count_unopenable() == 0


def test_without_a_rewrap_the_old_master_key_can_not_go(key, settings):
    settings.MASTER_KEY = ciphers.without_older_keys(ciphers.with_new_primary(settings.MASTER_KEY))
    assert keys.count_unopenable() == 1


@pytest.fixture
def sweep(key, at):
    """A sweep of record keys, on behalf of the database that uses the one key."""
    House.objects.all().delete()
    house.give_id(HOUSE)
    later = at + timedelta(days=1)
    usual = {"in_use": lambda ids: {key} & set(ids), "house_id": HOUSE, "created_before": later, "at": later}
    return lambda **options: keys.sweep("record", **usual | options)


def test_a_sweep_destroys_old_keys_that_nobody_uses(key, at, sweep, monkeypatch):
    monkeypatch.setattr(keys, "PAGE", 2)
    orphans = {keys.create("record", at=at) for _ in range(3)}
    young, other = keys.create("record", at=at + timedelta(days=1)), keys.create("content", at=at)
    assert sweep() == 3
    assert set(WrappedKey.objects.values_list("pk", flat=True)) == {key, young, other}
    assert set(DestroyedKey.objects.values_list("pk", flat=True)) == orphans


@pytest.mark.parametrize("other", [None, uuid.UUID(int=2)])
def test_a_sweep_for_a_database_of_another_house_destroys_nothing(at, sweep, other):
    keys.create("record", at=at)
    with pytest.raises(StrangeHouse, match="DATABASE_URL"):
        sweep(house_id=other)
    assert WrappedKey.objects.count() == 2


def test_a_key_store_without_a_house_is_not_swept(at, sweep):
    keys.create("record", at=at)
    House.objects.all().delete()
    for other in (None, HOUSE):
        with pytest.raises(StrangeHouse, match="the key store has no house id"):
            sweep(house_id=other)
    assert WrappedKey.objects.count() == 2


def test_many_orphans_at_once_are_left_for_somebody_to_look_at(at, sweep):
    for _ in range(11):
        keys.create("record", at=at)
    with pytest.raises(TooManyOrphans, match="11 of 12 keys of the purpose record"):
        sweep()
    assert WrappedKey.objects.count() == 12
    assert sweep(any_number=True) == 11


def test_many_orphans_among_far_more_keys_in_use_are_remains_of_broken_transactions(at, sweep, monkeypatch):
    monkeypatch.setattr(keys, "MOST_ORPHANS", 2)
    used = {keys.create("record", at=at) for _ in range(80)}
    orphans = {keys.create("record", at=at) for _ in range(3)}
    assert sweep(in_use=lambda ids: set(ids) - orphans) == 3
    assert set(WrappedKey.objects.values_list("pk", flat=True)) > used


def test_a_key_store_belongs_to_one_house_only(sweep):
    with pytest.raises(IntegrityError), transaction.atomic(using="keys"):
        house.give_id(uuid.UUID(int=2))
    with pytest.raises(IntegrityError), transaction.atomic(using="keys"):
        House.objects.create(only=False, house=HOUSE)
    assert str(House.objects.get()) == f"house {HOUSE}"


def test_rows_of_the_key_store_show_ids_only(key, at):
    assert str(WrappedKey.objects.get()) == f"record {key}"
    keys.destroy(key, at=at)
    assert str(DestroyedKey.objects.get()) == f"destroyed {key}"
