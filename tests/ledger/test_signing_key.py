from __future__ import annotations

import base64

import pytest
from django.core.checks import Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from dsar.environment import read_environment
from dsar.ledger.signing import signer

KEY = base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize("key", ["", KEY])
def test_the_environment_names_a_key_or_none(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("DSAR_SIGNING_KEY", key)
    assert read_environment().signing_key == key


@pytest.mark.parametrize("key", ["abc", "not base64!", base64.b64encode(b"short").decode()])
def test_a_bad_key_is_refused_with_its_cure(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("DSAR_SIGNING_KEY", key)
    with pytest.raises(ImproperlyConfigured, match="openssl rand -base64 32") as refused:
        read_environment()
    assert key not in str(refused.value)


def test_no_key_no_signer(settings: Settings) -> None:
    settings.SIGNING_KEY = ""
    assert signer() is None


@pytest.mark.parametrize(("key", "is_public", "found"), [("", True, ["ledger.W002"]), ("", False, []), (KEY, True, [])])
def test_a_public_site_without_a_key_is_warned_of_it(
    settings: Settings, key: str, is_public: bool, found: list[str]
) -> None:
    settings.SIGNING_KEY, settings.SITE_IS_SECURE = key, is_public
    told = [fault for fault in run_checks(tags=[Tags.security]) if str(fault.id).startswith("ledger.")]
    assert [fault.id for fault in told] == found
    assert all("DSAR_SIGNING_KEY" in str(fault.hint) for fault in told)
