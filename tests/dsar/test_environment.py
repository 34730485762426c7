"""The settings are read in one place; whatever is wrong is named with its cure, all at once."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from dsar.environment import CURES, read_environment
from tests.environment import TEST_MASTER_KEY

KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture(autouse=True)
def nothing_but_what_the_test_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DSAR_") or name in CURES]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DSAR_SECRET_KEY", "s" * 40)
    monkeypatch.setenv("DSAR_MASTER_KEY", TEST_MASTER_KEY)


def test_hosts_of_sources_are_named_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_environment().source_hosts == []
    monkeypatch.setenv("DSAR_SOURCE_HOSTS", "orders.internal, 10.0.0.7, fd00::7")
    assert read_environment().source_hosts == ["orders.internal", "10.0.0.7", "fd00::7"]


def test_two_secrets_are_enough_to_start_on_one_machine() -> None:
    found = read_environment()
    assert found.redis_url == ""
    assert found.database["ENGINE"] == found.keys_database["ENGINE"] == "django.db.backends.sqlite3"
    assert found.database["NAME"] != found.keys_database["NAME"]


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("DSAR_SECRET_KEY", "short", "Shorter than minimum length 32"),
        ("DSAR_TIME_ZONE", "California", "'California' is no time zone"),
        ("DSAR_MASTER_KEY", "nonsense", "It is no master key"),
        ("DSAR_BASE_URL", "privacy.example.com", "not the address of a site"),
        ("DSAR_BASE_URL", "ftp://privacy.example.com", "not the address of a site"),
        ("DSAR_BASE_URL", "https://", "not the address of a site"),
        ("DSAR_BASE_URL", "https://privacy.example.com/form", "a user, a path or a query"),
        ("DSAR_BASE_URL", "https://me@privacy.example.com", "a user, a path or a query"),
        ("DSAR_BASE_URL", "https://privacy.example.com?a=b", "a user, a path or a query"),
        ("DSAR_BASE_URL", "https://privacy.example.com#top", "has a # in it"),
        ("DSAR_BASE_URL", "https://privacy.example.com:port", "can't be read as an address"),
        ("DSAR_ALLOWED_HOSTS", "https://privacy.example.com", "no name of a host"),
        ("DSAR_ALLOWED_HOSTS", "privacy.example.com:443", "no name of a host"),
        ("DSAR_ALLOWED_HOSTS", "", "It names no host"),
        ("DSAR_ALLOWED_HOSTS", " , ", "It names no host"),
        ("DSAR_FROM_EMAIL", "nonsense", "no address of e-mail"),
        ("DSAR_FROM_EMAIL", "", "no address of e-mail"),
        ("DSAR_FROM_EMAIL", "Privacy <privacy@example.com>\nBcc: all@example.com", "no address of e-mail"),
        ("DSAR_AUDITOR_EMAIL", "the auditor", "no address of e-mail"),
        ("DSAR_DATA_DIR", "", "no absolute path"),
        ("DSAR_DATA_DIR", "var", "no absolute path"),
        ("DSAR_DATA_DIR", "/nowhere/at/all", "The folder above it is not there"),
        ("DSAR_DATA_DIR", "/dev/null", "it can't be made"),
        ("DSAR_CHECKPOINT_FILE", "checkpoints.jsonl", "no absolute path"),
        ("DSAR_OLD_PUBLIC_KEYS", f"{KEY},short", "not the base64 of 32 bytes"),
        ("DSAR_OLD_PUBLIC_KEYS", "é", "not the base64 of 32 bytes"),
        ("DSAR_LANGUAGE", "fr", "Must be one of: en, es"),
        ("DSAR_SIGNING_KEY", "c2hvcnQ=", "not the base64 of 32 bytes"),
        ("DSAR_ACCOUNT_SECRET", "too short", "It is too short"),
        ("DSAR_SOURCE_SECONDS", "4", "Must be greater than or equal to 5 and less than or equal to 300"),
        ("DSAR_SOURCE_SECONDS", "301", "Must be greater than or equal to 5 and less than or equal to 300"),
        ("DSAR_SOURCE_HOSTS", "https://orders.internal", "no host by itself"),
        ("DSAR_SOURCE_HOSTS", "orders.internal,*", "no host by itself"),
        ("DSAR_SOURCE_HOSTS", "10.0.0.0/8", "no host by itself"),
        ("DSAR_DEBUG", "perhaps", "Not a valid boolean"),
        ("DATABASE_URL", "oracle9://somewhere", "neither postgresql:// nor sqlite:///"),
        ("DATABASE_URL", "mysql://dsar@db/dsar", "neither postgresql:// nor sqlite:///"),
        ("DATABASE_URL", "postgresql://dsar@db/", "It names no database"),
        ("DATABASE_URL", "sqlite://:memory:", "in memory is gone with its process"),
        ("DATABASE_URL", "sqlite:///:memory:", "in memory is gone with its process"),
        ("DATABASE_URL", "sqlite://", "in memory is gone with its process"),
        ("DATABASE_URL", "sqlite:///dsar.sqlite3", "Its path is not absolute"),
        ("DATABASE_URL", "sqlite:////srv/a#b/dsar.sqlite3", "write %23"),
        ("DATABASE_OWNER_URL", "sqlite:////srv/dsar.sqlite3", "neither postgresql:// nor sqlite:///"),
        ("KEYS_DATABASE_URL", "keys", "neither postgresql:// nor sqlite:///"),
        ("REDIS_URL", "nonsense", "It begins with none of redis://"),
        ("REDIS_URL", "http://redis:6379/0", "It begins with none of redis://"),
        ("REDIS_URL", "redis://", "It names no server"),
        ("EMAIL_URL", "dummy://", "'dummy' is no way to send mail"),
        ("EMAIL_URL", "memory://", "'memory' is no way to send mail"),
        ("EMAIL_URL", "submission://:587", "It names no mail server"),
        ("EMAIL_URL", "smtp://mail.example.com?timeout=soon", "no number of seconds"),
        ("EMAIL_URL", "file://var/mails", "Its path is not absolute"),
        ("EMAIL_URL", "pigeon://roof", "'pigeon' is no way to send mail"),
    ],
)
def test_a_bad_value_stops_the_program_with_its_name_and_cure(
    name: str, value: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as stopped:
        read_environment()
    assert fault in str(stopped.value)
    assert f"Set {name}: {CURES.get(name, 'see docs/operations.md')}" in str(stopped.value)


@pytest.mark.parametrize("url", ["console://", "file:////srv/mails", "", None])
def test_a_public_site_whose_letters_reach_nobody_does_not_start(
    url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSAR_BASE_URL", "HTTPS://privacy.example.com")
    if url is not None:
        monkeypatch.setenv("EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured, match=r"Set EMAIL_URL: e\.g\. submission://"):
        read_environment()


@pytest.mark.parametrize("name", ["DATABASE_URL", "KEYS_DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_URL"])
@pytest.mark.parametrize("password", ["hush#hush", "hush:hush/hush", "[hush"])
def test_a_password_that_breaks_an_address_is_told_without_it(
    name: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme = {"REDIS_URL": "redis", "EMAIL_URL": "submission"}.get(name, "postgresql")
    monkeypatch.setenv(name, f"{scheme}://dsar:{password}@example.com/dsar")
    with pytest.raises(ImproperlyConfigured, match="%XX") as stopped:
        read_environment()
    assert "hush" not in str(stopped.value)


def test_an_address_of_a_site_is_put_into_its_plain_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSAR_BASE_URL", "HTTPS://Privacy.Example.com/")
    monkeypatch.setenv("EMAIL_URL", "submission://me:a%23b@mail.example.com")
    found = read_environment()
    assert found.base_url == "https://privacy.example.com"
    assert "privacy.example.com" in found.allowed_hosts
    assert found.email["EMAIL_HOST_PASSWORD"] == "a#b"


def test_spaces_between_words_mean_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSAR_ALLOWED_HOSTS", "privacy.example.com, .example.org , 10.0.0.1,[::1]")
    monkeypatch.setenv("DSAR_OLD_PUBLIC_KEYS", f"{KEY}, {KEY}")
    found = read_environment()
    assert found.allowed_hosts == ["privacy.example.com", ".example.org", "10.0.0.1", "[::1]"]
    assert found.old_public_keys == [KEY, KEY]


def test_a_strange_name_of_the_data_folder_keeps_the_databases_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "a #1? b"
    monkeypatch.setenv("DSAR_DATA_DIR", str(folder))
    found = read_environment()
    assert folder.is_dir()
    assert (found.database["NAME"], found.keys_database["NAME"]) == (
        str(folder / "dsar.sqlite3"),
        str(folder / "keys.sqlite3"),
    )
    assert found.checkpoint_file == folder / "checkpoints.jsonl"


def test_an_empty_address_is_the_same_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = read_environment()
    for name in ("DATABASE_URL", "KEYS_DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_URL"):
        monkeypatch.setenv(name, "")
    assert read_environment() == plain


@pytest.mark.parametrize(
    "main", ["", "sqlite:////srv/dsar.sqlite3", "postgresql://owner@db/dsar", "postgresql:///dsar"]
)
def test_who_runs_is_another_role_than_who_owns(main: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner:hush@db/dsar")
    monkeypatch.setenv("DATABASE_URL", main)
    with pytest.raises(ImproperlyConfigured, match="a role of its own") as stopped:
        read_environment()
    assert "hush" not in str(stopped.value)
    monkeypatch.setenv("DATABASE_URL", "postgresql://dsar@db/dsar")
    owner = read_environment().owner_database
    assert owner
    assert owner["USER"] == "owner"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "redis://:secret@redis:6379/0"),
        ("REDIS_URL", "redis+socket:///run/redis.sock"),
        ("EMAIL_URL", "smtp://localhost:25"),
        ("EMAIL_URL", "smtp://mail.example.com:465/?ssl=true&timeout=9"),
        ("DATABASE_URL", "postgresql://dsar@/dsar?host=/run/postgresql"),
        ("DSAR_FROM_EMAIL", "Larkspur Outfitters Privacy <privacy@larkspur-outfitters.example>"),
        ("DSAR_ALLOWED_HOSTS", "*"),
    ],
)
def test_what_is_right_passes(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    assert read_environment().secret_key


def test_all_faults_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DSAR_SECRET_KEY")
    monkeypatch.delenv("DSAR_MASTER_KEY")
    monkeypatch.setenv("DSAR_TIME_ZONE", "Nowhere")
    with pytest.raises(ImproperlyConfigured) as stopped:
        read_environment()
    assert all(name in str(stopped.value) for name in ("DSAR_SECRET_KEY", "DSAR_MASTER_KEY", "DSAR_TIME_ZONE"))


def test_settings_may_stand_in_a_file_and_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "environment"
    file.write_text("DSAR_TIME_ZONE=Europe/Berlin\nDSAR_LANGUAGE=es\n")
    monkeypatch.setenv("DSAR_ENV_FILE", str(file))
    monkeypatch.setenv("DSAR_LANGUAGE", "en")
    found = read_environment()
    assert (found.time_zone, found.language) == ("Europe/Berlin", "en")


def test_addresses_of_sources_may_stand_in_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "environment"
    file.write_text("SHOP_READ_URL=sqlite:////srv/shop\nLOG_READ_URL=sqlite:////srv/log\nDSAR_LANGUAGE=es\nBARE\n")
    monkeypatch.setattr(os, "environ", {**os.environ, "DSAR_ENV_FILE": str(file), "LOG_READ_URL": "sqlite:////other"})
    read_environment()
    assert os.environ["SHOP_READ_URL"] == "sqlite:////srv/shop"
    assert os.environ["LOG_READ_URL"] == "sqlite:////other"
    assert "DSAR_LANGUAGE" not in os.environ, "a setting, perhaps a secret, is not handed on to other programs"


@pytest.mark.parametrize("name", ["DSAR_ENV_FILE", "DSAR_MASTER_KEY_FILE"])
def test_a_file_that_is_not_there_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/nowhere/file")
    with pytest.raises(ImproperlyConfigured, match="/nowhere/file"):
        read_environment()


def test_the_master_key_may_stand_in_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "master"
    file.write_text(f"{TEST_MASTER_KEY}\n")
    monkeypatch.delenv("DSAR_MASTER_KEY")
    monkeypatch.setenv("DSAR_MASTER_KEY_FILE", str(file))
    assert read_environment().master_key == TEST_MASTER_KEY


@pytest.mark.parametrize("content", [b"", b"hush hush", b"\xff\x00hush"])
def test_a_file_without_a_master_key_is_named_and_not_quoted(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "master"
    file.write_bytes(content)
    monkeypatch.setenv("DSAR_MASTER_KEY_FILE", str(file))
    with pytest.raises(ImproperlyConfigured, match=r"first_run FILE") as stopped:
        read_environment()
    assert str(file) in str(stopped.value)
    assert "hush" not in str(stopped.value)


def test_a_file_of_settings_that_is_no_text_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "environment"
    file.write_bytes(b"DSAR_LANGUAGE=\xff\xfe")
    monkeypatch.setenv("DSAR_ENV_FILE", str(file))
    with pytest.raises(ImproperlyConfigured, match="can't be read"):
        read_environment()
