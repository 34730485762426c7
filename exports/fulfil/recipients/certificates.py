"""Whether a processor has signed an answer: its certificate, up to an authority trusted here, and its signature.

OpenDSR 2.0: the signature is made with the private key of the certificate of the processor's domain, over the SHA-256
of the raw body. Everything that counts is done by the library `cryptography`. Revocation is not asked for.
"""

from __future__ import annotations

import base64
import binascii
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

BUNDLE = "ca-certificates.crt"  # of all authorities in one file, beside a folder of them


class NotSigned(Exception):
    """The answer is not signed by whom it should be; the sentence says what is wrong, and quotes nothing of it."""


def verified_certificate(
    content: bytes, *, domain: str, roots: Sequence[x509.Certificate], at: datetime
) -> x509.Certificate:
    """The certificate that a processor shows (PEM with its chain, or DER), if it is valid for the domain then."""
    try:
        if content.lstrip().startswith(b"-----BEGIN"):
            leaf, *chain = x509.load_pem_x509_certificates(content)
        else:
            leaf, chain = x509.load_der_x509_certificate(content), []
    except ValueError:
        raise NotSigned("its certificate can't be read") from None
    if not roots:
        raise NotSigned("this machine trusts no authority: set SSL_CERT_FILE")
    policy = PolicyBuilder().store(Store(list(roots))).time(at.astimezone(UTC).replace(tzinfo=None))
    try:
        policy.build_server_verifier(x509.DNSName(domain)).verify(leaf, chain)
    except (VerificationError, ValueError):
        raise NotSigned(
            "its certificate is not valid for its domain at this time, or of no authority known here"
        ) from None
    return leaf


def check_signature(certificate: x509.Certificate, signature: str, body: bytes) -> None:
    """Raise NotSigned unless `signature`, in base64, is the certificate's over the body."""
    try:
        signed = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise NotSigned("its signature is no base64") from None
    key = certificate.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signed, body, padding.PKCS1v15(), SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signed, body, ec.ECDSA(SHA256()))
        else:
            raise NotSigned("its certificate is of a kind with which nobody signs here: RSA and ECDSA are")
    except InvalidSignature:
        raise NotSigned("its signature is not of this body, or of another key") from None


def trusted_here() -> tuple[x509.Certificate, ...]:
    """The authorities that this machine trusts, as for any connection; SSL_CERT_FILE names others."""
    paths = ssl.get_default_verify_paths()
    files = [paths.cafile or "", f"{paths.capath}/{BUNDLE}" if paths.capath else "", f"/etc/ssl/certs/{BUNDLE}"]
    return next((_read(name) for name in files if name and Path(name).is_file()), ())


@cache
def _read(name: str) -> tuple[x509.Certificate, ...]:
    return tuple(x509.load_pem_x509_certificates(Path(name).read_bytes()))
