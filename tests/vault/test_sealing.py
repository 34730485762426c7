from __future__ import annotations

import pytest

from dsar.vault import keys, sealing
from dsar.vault.errors import SealBroken

pytestmark = pytest.mark.django_db(databases=["keys"])


def test_what_was_sealed_opens_under_its_key_and_context(key):
    sealed = sealing.seal(key, b"text", context="here")
    assert b"text" not in sealed
    assert sealing.open_sealed(key, sealed, context="here") == b"text"


def test_it_does_not_open_under_another_context(key):
    with pytest.raises(SealBroken):
        sealing.open_sealed(key, sealing.seal(key, b"text", context="here"), context="there")


def test_it_does_not_open_under_another_key(key, at):
    with pytest.raises(SealBroken):
        sealing.open_sealed(keys.create("record", at=at), sealing.seal(key, b"text", context="here"), context="here")


def test_it_does_not_open_after_a_change_of_one_bit(key):
    sealed = bytearray(sealing.seal(key, b"text", context="here"))
    sealed[-1] ^= 1
    with pytest.raises(SealBroken):
        sealing.open_sealed(key, bytes(sealed), context="here")
