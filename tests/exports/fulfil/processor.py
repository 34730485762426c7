"""A small OpenDSR 2.0 processor: what it takes, how far it is, and the key of its domain with which it signs."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.exports.fulfil.web_server import Call, Reply
from tests.exports.house import NOW

DOMAIN = "dsr.lists.example"
CONTROLLER = "c-7"
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
USES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
MORE_USES = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


@cache
def key_of(kind: str) -> Key:
    """A key; each kind once a session."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


def certified(domain: str, key: Key, *, by: str = "authority", days: tuple[int, int] = (-1, 90)) -> x509.Certificate:
    """A certificate for a domain, by the authority of that name; for the authority itself, its own."""
    authority, is_root = key_of(by), domain == by
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain)])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by)])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number())
    made = made.not_valid_before(NOW + timedelta(days[0])).not_valid_after(NOW + timedelta(days[1]))
    made = made.add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    made = made.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False
    )
    uses = dict.fromkeys((*USES, *MORE_USES), False) | {"key_cert_sign" if is_root else "digital_signature": True}
    made = made.add_extension(x509.KeyUsage(**uses), critical=True)
    if not is_root:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(domain)]), critical=False)
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return made.sign(authority, SHA256())


def authority() -> bytes:
    """The certificate of the authority, as a machine keeps those that it trusts."""
    return certified("authority", key_of("authority")).public_bytes(Encoding.PEM)


def signature(key: Key, body: bytes) -> str:
    """Over the SHA-256 of the raw body, in base64."""
    if isinstance(key, rsa.RSAPrivateKey):
        signed = key.sign(body, padding.PKCS1v15(), SHA256())
    else:
        signed = key.sign(body, ec.ECDSA(SHA256()))
    return base64.b64encode(signed).decode()


@dataclass
class Processor:
    """The answers of a processor below ``/v2``; tests tell it how to misbehave."""

    url: str
    kind: str = "ec"
    status: str = "pending"
    prefix: str = "X-OpenDSR-"
    signs_as: str = DOMAIN
    signing_key: Key | None = None
    certificate: x509.Certificate | None = None
    certificate_url: str = ""
    changes: dict[str, Any] = field(default_factory=dict)  # in what is signed
    asked: list[dict[str, Any]] = field(default_factory=list)

    def reply(self, call: Call) -> Reply:
        """Discovery and certificate as they are, everything else signed."""
        if call.path.endswith("/discovery"):
            url = self.certificate_url or f"{self.url}/certificate.pem"
            return 200, {}, json.dumps({"api_version": "2.0", "processor_certificate": url}).encode()
        if call.path.endswith("/certificate.pem"):
            shown = self.certificate or certified(DOMAIN, key_of(self.kind))
            return 200, {}, shown.public_bytes(Encoding.PEM)
        told: dict[str, Any] = {"controller_id": CONTROLLER, "expected_completion_time": "2026-11-30T18:00:00Z"}
        if call.method == "POST":
            request = json.loads(call.body)
            self.asked.append(request)
            told |= {
                "subject_request_id": request["subject_request_id"],
                "received_time": "2026-11-23T18:00:00Z",
                "encoded_request": base64.b64encode(call.body).decode(),
            }
        else:
            told |= {"subject_request_id": call.path.rpartition("/")[2], "request_status": self.status}
        return self.signed(json.dumps(told | self.changes).encode(), 201 if call.method == "POST" else 200)

    def signed(self, body: bytes, status: int) -> Reply:
        """An answer with its signature."""
        key = self.signing_key or key_of(self.kind)
        headers = {f"{self.prefix}Processor-Domain": self.signs_as, f"{self.prefix}Signature": signature(key, body)}
        return status, headers, body
