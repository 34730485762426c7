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
from exports.bundle import contents, signature
from requests_app.law.words import Right
from tests.exports.house import NOW, House, files_of, fresh, unpacked

SEED = b"b" * 32
KEY = Signer(SEED)


@pytest.mark.django_db(databases="__all__")
def test_a_bundle_is_signed_over_its_manifest_if_there_is_a_key(house: House, settings: Settings) -> None:
    settings.SIGNING_KEY = base64.b64encode(SEED).decode()
    case = house.closed(Right.KNOW_SPECIFIC)
    files = files_of(case)
    fields = json.loads(files["manifest.sig"])
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(fields["public_key"]))
    public.verify(base64.b64decode(fields["signature"]), b"dsar-bundle/1 manifest.json\n" + files["manifest.json"])
    assert fields["key_id"] == json.loads(files["manifest.json"])["signed_by"] == KEY.key_id
    assert list(files)[-2:] == ["manifest.json", "manifest.sig"]

    settings.SIGNING_KEY = ""
    unsigned = unpacked(b"".join(contents.contents_of(fresh(case), made_at=NOW).archive()))
    assert json.loads(unsigned["manifest.json"])["signed_by"] is None
    assert "manifest.sig" not in unsigned


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
