"""A deletion passed on to a processor by OpenDSR 2.0, with its signed answers as receipts.

The protocol knows erasure, access and portability: no correction, no opt-out, and no state "failed". The id of the
request is the telling's, so that one sent twice is one. Of an answer its SHA-256, signature and certificate are kept,
which prove it, and not its body: `encoded_request` repeats whom the request is about.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from dsar.jobs.running import PermanentFailure
from exports.fulfil.recipients import certificates
from exports.fulfil.recipients.certificates import NotSigned
from exports.fulfil.recipients.instruction import NothingToNameThePersonBy, emails_of, hashed
from exports.fulfil.recipients.push import (
    STILL_AT_IT,
    Receipt,
    RecipientRefused,
    answer_to,
    check,
    secret,
    service_of,
)
from exports.models import Telling
from exports.sources.datamap import OpenDsr
from exports.sources.http.exchange import Answer
from exports.sources.json_text import JsonError, json_object
from exports.sources.values import Json
from requests_app.models import Case

VERSION = "2.0"
EUROPEAN = frozenset({"gdpr", "uk_gdpr"})
STATES = frozenset({"pending", "in_progress", "completed", "cancelled"})
PREFIXES = ("x-opendsr-", "x-opengdpr-")  # the former one is honoured still, as the specification asks


class RecipientNotSigned(PermanentFailure):
    """The processor's answer is not signed as it should be: it proves nothing."""


@dataclass(frozen=True)
class Signed:
    """A processor's answer whose signature was checked."""

    receipt: Receipt
    expected_at: datetime | None
    request_status: str  # empty in the answer to a new request


def erase(telling: Telling, way: OpenDsr, *, at: datetime) -> Signed:
    """Ask the processor to delete; asked again with the same id, it is the same request.

    Raises as `push.give`, and RecipientNotSigned, NothingToNameThePersonBy.
    """
    body = json.dumps(request_of(telling, way), separators=(",", ":")).encode()
    answer = _call(way, "POST", "/requests", body)
    if answer.status == STILL_AT_IT:  # it has the request from an earlier try
        return status_of(telling, way, at=at)
    check(answer)
    return _signed(telling, way, answer, at=at)


def status_of(telling: Telling, way: OpenDsr, *, at: datetime) -> Signed:
    """Ask how far the processor is. Raises as `erase`."""
    answer = _call(way, "GET", f"/requests/{telling.request_id}", b"")
    check(answer)
    found = _signed(telling, way, answer, at=at)
    if found.request_status not in STATES:
        raise RecipientRefused("a status that the protocol does not know")
    return found


def request_of(telling: Telling, way: OpenDsr) -> dict[str, object]:
    """The request: by which law, since when, and about whom."""
    case = telling.case
    emails = emails_of(case)
    if not emails:
        raise NothingToNameThePersonBy
    identities = [
        {
            "identity_type": "email",
            "identity_format": "sha256" if way.hashes else "raw",
            "identity_value": hashed(email) if way.hashes else email,
        }
        for email in emails
    ]
    return {
        "regulation": regulation_of(case),
        "subject_request_id": str(telling.request_id),
        "subject_request_type": "erasure",
        "submitted_time": case.submission.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "subject_identities": identities,
        "api_version": VERSION,
    }


def regulation_of(case: Case) -> str:
    """The protocol knows two: what lives under a law of Europe, and every other."""
    return "gdpr" if any(pack.slug in EUROPEAN for pack in case.packs()) else "ccpa"


def _call(way: OpenDsr, method: str, path: str, body: bytes) -> Answer:
    service = service_of(way.url)
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "Connection": "close", "User-Agent": "dsar"}
    if body:
        headers["Content-Type"] = "application/json"
    if way.authorization_env:
        headers["Authorization"] = secret(way.authorization_env)
    return answer_to(service, method, service.path + path, headers, body)


def _signed(telling: Telling, way: OpenDsr, answer: Answer, *, at: datetime) -> Signed:
    """The answer, once its signature is checked; only then anything of it is read."""
    domain, signature = _header(answer, "processor-domain"), _header(answer, "signature")
    if domain.lower() != way.domain:
        raise RecipientNotSigned("it names another domain than the register does")
    try:
        certificate = _certificate(way, at=at)
        certificates.check_signature(certificate, signature, answer.body)
    except NotSigned as error:
        raise RecipientNotSigned(str(error)) from error
    told = _object(answer)
    if told.get("subject_request_id") != str(telling.request_id) or told.get("controller_id") != way.controller_id:
        raise RecipientNotSigned("it is signed, and about another request or another controller")
    receipt: Receipt = {
        "status": answer.status,
        "sha256": hashlib.sha256(answer.body).hexdigest(),
        "signature": signature,
        "certificate_sha256": certificate.fingerprint(SHA256()).hex(),
        "certificate": base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(),
    }
    status = told.get("request_status")
    status = status if isinstance(status, str) and status in STATES else ""
    return Signed(receipt | ({"request_status": status} if status else {}), _moment(told), status)


def _certificate(way: OpenDsr, *, at: datetime) -> x509.Certificate:
    """The certificate that the processor's discovery names, on its own domain or the server that is registered."""
    found = _call(way, "GET", "/discovery", b"")
    check(found)
    url = _object(found).get("processor_certificate")
    host = urlsplit(url).hostname if isinstance(url, str) and url.isascii() else None
    if not isinstance(url, str) or host not in (way.domain, urlsplit(way.url).hostname):
        raise NotSigned("its discovery names no certificate of its own")
    service = service_of(url)
    shown = answer_to(service, "GET", service.path or "/", {"Connection": "close", "User-Agent": "dsar"}, b"")
    check(shown)
    return certificates.verified_certificate(shown.body, domain=way.domain, roots=certificates.trusted_here(), at=at)


def _header(answer: Answer, name: str) -> str:
    return next((answer.headers[prefix + name] for prefix in PREFIXES if prefix + name in answer.headers), "")


def _object(answer: Answer) -> Mapping[str, Json]:
    try:
        return json_object(answer.body.decode())
    except (UnicodeDecodeError, JsonError):
        raise RecipientRefused("the answer is no JSON") from None


def _moment(told: Mapping[str, Json]) -> datetime | None:
    """By when it says that it has done it."""
    try:
        moment = datetime.fromisoformat(str(told.get("expected_completion_time")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
