from __future__ import annotations

import base64

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from dsar.environment import read_environment
from dsar.ledger.signing import signer


@pytest.mark.parametrize("key", ["", base64.b64encode(b"k" * 32).decode()])
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
