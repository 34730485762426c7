from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from dsar.vault import ciphers, destroyed, digests, keys
from dsar.vault.models import DestroyedKey, WrappedKey

pytestmark = pytest.mark.django_db(databases=["keys"])


def vault(*arguments: str) -> str:
    """What the command prints where it can be piped on."""
    output = StringIO()
    call_command("vault", *arguments, stdout=output, stderr=StringIO())
    return output.getvalue().rstrip("\n")


def test_newmaster_prints_a_master_key_and_nothing_else():
    assert ciphers.MasterKey(vault("newmaster"))
    assert vault("newmaster") != vault("newmaster")


@pytest.mark.slow
def test_the_master_key_is_rotated_by_three_commands(key, settings):
    old = settings.MASTER_KEY
    settings.MASTER_KEY = vault("newmaster", "--rotate")
    assert vault("rewrap") == "1 keys are wrapped with the master key's primary."
    settings.MASTER_KEY = vault("newmaster", "--drop-older")
    assert keys.cipher(key)
    settings.MASTER_KEY = old
    assert keys.count_unopenable() == 1


def test_newsecret_prints_a_long_secret():
    assert len(vault("newsecret")) >= 50
    assert vault("newsecret") != vault("newsecret")


def test_status_counts_keys_by_purpose(key, at, settings):
    digests.digest("email", "a")
    keys.destroy(keys.create("content", at=at), at=at)
    keys.create("record", at=at)
    assert [line.split(maxsplit=1) for line in vault("status").splitlines()] == [
        ["1", "digest:email"],
        ["2", "record"],
        ["1", "destroyed"],
        ["0", "that the master key does not open"],
    ]


@pytest.mark.parametrize("copied", [False, True])
def test_reapply_destroys_again_what_a_restore_brought_back(key, at, tmp_path, copied):
    [row] = WrappedKey.objects.values()
    keys.destroy(key, at=at)
    DestroyedKey.objects.all().delete()
    WrappedKey.objects.create(**row)
    arguments = ["--list", str(destroyed.list_path().rename(tmp_path / "copy.txt"))] if copied else []
    assert vault("reapply", *arguments) == "1 destroyed keys had come back and were destroyed again."
    assert vault("reapply", *arguments) == "0 destroyed keys had come back and were destroyed again."


def test_relist_writes_a_lost_list_anew(key, at):
    keys.destroy(key, at=at)
    destroyed.list_path().unlink()
    with pytest.raises(CommandError, match="vault relist"):
        vault("reapply")
    assert vault("relist") == "1 destroyed keys were added to the list."
    assert vault("reapply") == "0 destroyed keys had come back and were destroyed again."


def test_a_list_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CommandError, match="no such file"):
        vault("reapply", "--list", str(tmp_path / "none"))


def test_a_bad_master_key_is_told_without_a_traceback(settings):
    settings.MASTER_KEY = "nonsense"
    with pytest.raises(CommandError):
        vault("newmaster", "--rotate")
