"""A bundle is signed: over its manifest, with the house's key, as nothing else is."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pytest_django import Settings

from dsar.ledger.checkpoints import make_checkpoint
from dsar.ledger.signing import Signer
from exports.bundle import signature
from tests.exports.house import NOW

SEED = b"b" * 32
KEY = Signer(SEED)


@pytest.mark.django_db
def test_no_signature_of_a_checkpoint_can_pass_for_one_of_a_bundle(settings: Settings) -> None:
    settings.SIGNING_KEY = base64.b64encode(SEED).decode()
    checkpoint = make_checkpoint(at=NOW + timedelta(days=1))
    assert checkpoint
    fields = json.loads(signature.signed(checkpoint.text.encode(), KEY))
    assert not KEY.has_signed(checkpoint.text, fields["signature"])
    assert not KEY.has_signed(signature.DOMAIN + checkpoint.text, checkpoint.signature)
    assert checkpoint.text[0] == "{" != signature.DOMAIN[0]


def test_one_changed_byte_is_not_what_was_signed() -> None:
    fields = json.loads(signature.signed(b"{}\n", KEY))
    public = Ed25519PublicKey.from_public_bytes(KEY.public_key)
    with pytest.raises(InvalidSignature):
        public.verify(base64.b64decode(fields["signature"]), signature.DOMAIN.encode() + b"{ }\n")
