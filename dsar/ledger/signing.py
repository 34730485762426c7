"""The house's signing keys: Ed25519. One signs, from the setting SIGNING_KEY (base64 of a 32-byte seed); of those that
signed before it the public halves are listed in OLD_PUBLIC_KEYS.

What is signed says what it is, so that no signature can be passed off as one over something else: a checkpoint is a
JSON object and begins with a brace; whatever else is signed begins with a line that names its kind.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings


class PublicKey:
    """Checks signatures; ``key_id`` is the first 16 hexadecimal digits of the key's SHA-256."""

    def __init__(self, raw: bytes) -> None:
        self._public = Ed25519PublicKey.from_public_bytes(raw)
        self.public_key = raw
        self.key_id = hashlib.sha256(raw).hexdigest()[:16]

    @property
    def text(self) -> str:
        """The key in base64, as OLD_PUBLIC_KEYS lists it."""
        return base64.b64encode(self.public_key).decode()

    @property
    def pem(self) -> str:
        """The key in PEM (RFC 8410), as other programs take it."""
        return self._public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def has_signed(self, text: str, signature: str) -> bool:
        """Whether this key made this signature over this text."""
        try:
            self._public.verify(base64.b64decode(signature), text.encode())
        except (InvalidSignature, ValueError):  # ValueError: no base64
            return False
        return True


class Signer(PublicKey):
    """Signs texts, and checks signatures."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        super().__init__(self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The signature over the text's UTF-8, in base64."""
        return base64.b64encode(self._key.sign(text.encode())).decode()


def signer() -> Signer | None:
    """The signer of the settings, or None if they name no key."""
    return Signer(base64.b64decode(settings.SIGNING_KEY)) if settings.SIGNING_KEY else None


def known_keys() -> dict[str, PublicKey]:
    """Our key and its predecessors, by their ids: what another key has signed is not ours."""
    own = signer()
    old = [PublicKey(base64.b64decode(text)) for text in settings.OLD_PUBLIC_KEYS]
    return {key.key_id: key for key in (*old, *([own] if own else []))}
