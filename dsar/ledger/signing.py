"""The key that signs checkpoints: Ed25519, from the setting SIGNING_KEY (base64 of a 32-byte seed)."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings


class Signer:
    """Signs texts and checks signatures; ``key_id`` is the first 16 hexadecimal digits of the public key's SHA-256."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._key.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(self.public_key).hexdigest()[:16]

    def sign(self, text: str) -> str:
        """The signature over the text's UTF-8, in base64."""
        return base64.b64encode(self._key.sign(text.encode())).decode()

    def has_signed(self, text: str, signature: str) -> bool:
        """Whether this key made this signature over this text."""
        try:
            self._key.public_key().verify(base64.b64decode(signature), text.encode())
        except (InvalidSignature, ValueError):  # ValueError: no base64
            return False
        return True


def signer() -> Signer | None:
    """The signer of the settings, or None if they name no key."""
    return Signer(base64.b64decode(settings.SIGNING_KEY)) if settings.SIGNING_KEY else None
