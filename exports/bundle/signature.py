"""The signature over a bundle's manifest, which names the hash of every other file.

It is made with the key that signs the ledger's checkpoints. What is signed says what it is: the manifest after a line
of its own, while a checkpoint is a JSON object and begins with a brace. So neither can be passed off as the other.
"""

from __future__ import annotations

import json

from dsar.ledger.signing import Signer
from exports.bundle import manifest as manifests

PATH = "manifest.sig"
SIGNATURE_FORMAT = "dsar-bundle-signature/1"
DOMAIN = f"{manifests.FORMAT} {manifests.PATH}\n"


def signed(manifest: bytes, key: Signer) -> bytes:
    """The file of the signature over a manifest: with the key, so that it can be checked, and the key's id."""
    fields = {
        "format": SIGNATURE_FORMAT,
        "algorithm": "Ed25519",
        "key_id": key.key_id,
        "public_key": key.text,
        "signature": key.sign(DOMAIN + manifest.decode()),
    }
    return (json.dumps(fields, indent=2) + "\n").encode()
