"""The settings are read in one place; whatever is wrong is named with its cure, all at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from dsar.environment import CURES, read_environment


@pytest.fixture(autouse=True)
def nothing_but_what_the_test_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DSAR_") or name in CURES]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DSAR_SECRET_KEY", "s" * 40)
    monkeypatch.setenv("DSAR_MASTER_KEY", "m" * 40)


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
        ("DSAR_BASE_URL", "privacy.example.com", "Not a valid URL"),
        ("DSAR_LANGUAGE", "fr", "Must be one of: en, es"),
        ("DSAR_SIGNING_KEY", "c2hvcnQ=", "not the base64 of 32 bytes"),
        ("DSAR_DEBUG", "perhaps", "Not a valid boolean"),
        ("DATABASE_URL", "oracle9://somewhere", "DATABASE_URL"),
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


@pytest.mark.parametrize("name", ["DSAR_ENV_FILE", "DSAR_MASTER_KEY_FILE"])
def test_a_file_that_is_not_there_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/nowhere/file")
    with pytest.raises(ImproperlyConfigured, match="/nowhere/file"):
        read_environment()


def test_the_master_key_may_stand_in_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "master"
    file.write_text("a key\n")
    monkeypatch.delenv("DSAR_MASTER_KEY")
    monkeypatch.setenv("DSAR_MASTER_KEY_FILE", str(file))
    assert read_environment().master_key == "a key"
