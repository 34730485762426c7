from __future__ import annotations

import base64
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsar.vault.ciphers import (
    Cipher,
    MasterKey,
    new_master_text,
    new_secret,
    with_new_primary,
    without_older_keys,
)
from dsar.vault.errors import MasterKeyUnreadable, SealBroken


def as_text(keyset: object) -> str:
    return base64.b64encode(json.dumps(keyset).encode()).decode()


def test_a_master_key_opens_what_it_wrapped():
    text = new_master_text()
    wrapped = MasterKey(text).wrap(b"secret", "row")
    assert MasterKey(text).unwrap(wrapped, "row") == b"secret"


def test_another_master_key_or_another_context_opens_nothing():
    master = MasterKey(new_master_text())
    wrapped = master.wrap(b"secret", "row")
    with pytest.raises(SealBroken):
        master.unwrap(wrapped, "other row")
    with pytest.raises(SealBroken):
        MasterKey(new_master_text()).unwrap(wrapped, "row")


def test_after_a_rotation_the_new_primary_wraps_and_the_old_key_still_opens():
    old_text = new_master_text()
    old, new = MasterKey(old_text), MasterKey(with_new_primary(old_text))
    assert new.unwrap(old.wrap(b"secret", "row"), "row") == b"secret"
    with pytest.raises(SealBroken):
        old.unwrap(new.wrap(b"secret", "row"), "row")


def test_without_its_older_keys_a_master_key_opens_only_what_its_primary_wrapped():
    old_text = new_master_text()
    new_text = with_new_primary(old_text)
    last = MasterKey(without_older_keys(new_text))
    assert last.unwrap(MasterKey(new_text).wrap(b"secret", "row"), "row") == b"secret"
    with pytest.raises(SealBroken):
        last.unwrap(MasterKey(old_text).wrap(b"secret", "row"), "row")


def altered(pattern: str, replacement: str) -> str:
    """A master key with one thing changed."""
    keyset, changes = re.subn(pattern, replacement, base64.b64decode(new_master_text()).decode())
    assert changes == 1
    return base64.b64encode(keyset.encode()).decode()


NO_MASTER_KEYS = {
    "empty": "",
    "not base64": "not base64",
    "not ASCII": "Ünïcode",
    "half": new_master_text()[:-8],
    "no object": as_text([]),
    "an empty object": as_text({}),
    "no key": as_text({"primaryKeyId": 1, "key": []}),
    "keys that are none": as_text({"primaryKeyId": 1, "key": "none"}),
    "no primary": altered(r'"primaryKeyId":\d+', '"primaryKeyId":1'),
    "a primary that is switched off": altered("ENABLED", "DISABLED"),
    "a key of unknown kind": altered("AesGcmKey", "OtherKey"),
    "a key of no length": altered(r'"value":"[^"]*"', '"value":""'),
    "a key of the store": base64.b64encode(new_secret()).decode(),
}


@pytest.mark.parametrize("text", NO_MASTER_KEYS.values(), ids=NO_MASTER_KEYS)
def test_what_is_no_master_key_is_refused(text):
    with pytest.raises(MasterKeyUnreadable):
        MasterKey(text)


@pytest.mark.slow
@given(st.text() | st.binary().map(lambda data: base64.b64encode(data).decode()))
def test_any_other_text_is_refused_in_the_same_way(text):
    with pytest.raises(MasterKeyUnreadable):
        MasterKey(text)


def test_a_refusal_does_not_repeat_the_text():
    text = new_master_text()[:-8]
    with pytest.raises(MasterKeyUnreadable) as refusal:
        with_new_primary(text)
    assert text not in str(refusal.value)


@given(plaintext=st.binary(), context=st.text(st.characters(codec="utf-8")))
def test_a_sealed_value_opens_under_its_context_only(plaintext, context):
    cipher = Cipher(new_secret())
    sealed = cipher.seal(plaintext, context)
    assert cipher.open(sealed, context) == plaintext
    with pytest.raises(SealBroken):
        cipher.open(sealed, f"{context}.")


def test_sealing_twice_gives_different_bytes():
    cipher = Cipher(new_secret())
    assert cipher.seal(b"same", "") != cipher.seal(b"same", "")
