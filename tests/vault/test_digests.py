from __future__ import annotations

import hashlib
import hmac
import threading
from uuid import UUID

import pytest
from django.db import connections

from dsar.vault import digests, keys
from dsar.vault.errors import VaultError
from dsar.vault.models import DigestKey, WrappedKey

pytestmark = pytest.mark.django_db(databases=["keys"])


def test_a_digest_is_hmac_sha_256_under_the_kinds_key():
    key_id, _, digest = digests.digest("email", "ann@example.com").partition(".")
    secret = keys.secret_of(WrappedKey.objects.get(pk=UUID(key_id)))
    assert len(secret) == 32
    assert digest == hmac.digest(secret, b"ann@example.com", hashlib.sha256).hex()


def test_the_same_value_has_the_same_digest():
    assert digests.digest("email", "a") == digests.digest("email", "a")
    assert digests.candidates("email", "a") == [digests.digest("email", "a")]


@pytest.mark.parametrize("other", ["A", "a ", "", "á", "\ud800"])
def test_no_value_is_normalised(other):
    assert digests.digest("email", other) != digests.digest("email", "a")


def test_digests_of_two_kinds_cannot_be_compared():
    assert digests.digest("email", "a")[-64:] != digests.digest("phone", "a")[-64:]


def test_a_kind_that_was_never_used_has_no_candidates():
    digests.digest("phone", "a")
    assert digests.candidates("email", "a") == []


def test_after_a_rotation_old_digests_are_still_found(at):
    old = digests.digest("email", "a")
    key_id = digests.rotate("email", at=at)
    new = digests.digest("email", "a")
    assert new.startswith(key_id.hex)
    assert digests.candidates("email", "a") == [new, old]


def test_a_digester_says_of_many_values_what_is_said_of_each(at):
    old = digests.digest("email", "a")
    digests.rotate("email", at=at)
    many = digests.Digester("email")
    assert many.candidates("a") == digests.candidates("email", "a")
    assert many.candidates("b") == digests.candidates("email", "b")
    assert many.digest("a") == digests.digest("email", "a") == many.candidates("a")[0]
    assert old == many.candidates("a")[1]
    assert many.hexadecimals("a") == [text.partition(".")[2] for text in many.candidates("a")]


def test_a_digester_of_a_kind_that_was_never_used_makes_its_first_key():
    made = digests.Digester("email").digest("a")
    assert digests.candidates("email", "a") == [made]


def test_a_retired_key_is_destroyed_and_its_digests_are_found_no_more(at):
    old = UUID(digests.digest("email", "a").partition(".")[0])
    digests.rotate("email", at=at)
    digests.retire("email", old, at=at)
    assert digests.candidates("email", "a") == [digests.digest("email", "a")]
    assert not WrappedKey.objects.filter(pk=old).exists()


def test_the_current_key_and_the_keys_of_other_kinds_cannot_be_retired(at):
    current = digests.rotate("email", at=at)
    digests.rotate("email", at=at)
    for kind, key_id in [("email", digests.rotate("email", at=at)), ("phone", current)]:
        with pytest.raises(VaultError, match="rotate"):
            digests.retire(kind, key_id, at=at)


def test_a_restored_digest_key_that_was_retired_is_destroyed_again(at):
    old = UUID(digests.digest("email", "a").partition(".")[0])
    digests.rotate("email", at=at)
    wrapped, key = WrappedKey.objects.filter(pk=old).values().get(), DigestKey.objects.filter(pk=old).values().get()
    digests.retire("email", old, at=at)
    WrappedKey.objects.create(**wrapped)
    DigestKey.objects.create(**key)
    keys.apply_destroyed()
    assert len(digests.candidates("email", "a")) == 1


def test_who_comes_second_to_the_first_use_takes_the_key_of_the_first():
    assert digests._first("email") == digests._first("email")
    assert WrappedKey.objects.count() == 1


@pytest.mark.slow
def test_processes_that_meet_at_the_first_use_agree_on_one_key(house):
    script = "from dsar.vault import digests; print('ready', flush=True); input(); print(digests.digest('email', 'a'))"
    processes = [house.start(script) for _ in range(3)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert len({process.communicate(timeout=60)[0] for process in processes}) == 1
    assert house.run("from dsar.vault.models import WrappedKey; print(WrappedKey.objects.count())") == "1"


@pytest.mark.django_db(databases=["keys"], transaction=True)
def test_threads_that_meet_at_the_first_use_agree_on_one_key():
    if connections["keys"].vendor == "sqlite":
        pytest.skip("SQLite in memory serves one thread; the processes above show it with files")
    start, found = threading.Barrier(4), []

    def first_use() -> None:
        start.wait()
        found.append(digests.digest("email", "a"))
        connections["keys"].close()

    threads = [threading.Thread(target=first_use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == WrappedKey.objects.count() == 1


def test_a_digest_key_seals_nothing_and_does_not_show_itself(at):
    key = digests.rotate("email", at=at)
    with pytest.raises(VaultError, match="another kind") as refusal:
        keys.cipher(key)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_a_digest_key_shows_kind_and_id_only():
    digests.digest("email", "a")
    key = DigestKey.objects.get()
    assert str(key) == f"email {key.pk}"
