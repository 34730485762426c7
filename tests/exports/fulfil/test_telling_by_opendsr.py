"""A deletion goes to a processor by OpenDSR, and its signed word is the receipt; what is not signed proves nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pytest_django import Settings

from exports.admin.attention import attention
from exports.fulfil.recipients import certificates
from exports.fulfil.recipients.certificates import NotSigned
from exports.models import Telling, TellingState
from requests_app.events import EventKind
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.states import State
from tests.exports.fulfil.processor import CONTROLLER, DOMAIN, Processor, authority, certified, key_of, signature
from tests.exports.fulfil.recipient import LISTED, Recipient, gives_the_address, serving, told_by
from tests.exports.fulfil.web_server import HOST
from tests.exports.house import ANALYST, NOW, House, facts_of, fresh, person

NAME = "Summit Lists LLC"
BODY = b'{"controller_id": "c-7"}'
ROOTS = x509.load_pem_x509_certificates(authority())


# ---- the signature


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_signature_of_the_body_by_the_key_of_the_certificate_is_good(kind: str) -> None:
    shown = certified(DOMAIN, key_of(kind)).public_bytes(Encoding.PEM)
    certificate = certificates.verified_certificate(shown, domain=DOMAIN, roots=ROOTS, at=NOW)
    certificates.check_signature(certificate, signature(key_of(kind), BODY), BODY)


@pytest.mark.parametrize(
    ("signed", "body", "sentence"),
    [
        (signature(key_of("ec"), BODY), BODY + b" ", "not of this body"),
        (signature(key_of("ec-other"), BODY), BODY, "or of another key"),
        (signature(key_of("rsa"), BODY), BODY, "or of another key"),
        ("", BODY, "or of another key"),
        ("not base64!", BODY, "no base64"),
    ],
    ids=["of another body", "of another key", "of a key of another kind", "none", "no base64"],
)
def test_any_other_is_not(signed: str, body: bytes, sentence: str) -> None:
    with pytest.raises(NotSigned, match=sentence):
        certificates.check_signature(certified(DOMAIN, key_of("ec")), signed, body)


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        (certified("dsr.other.example", key_of("ec")), "not valid for its domain"),
        (certified(DOMAIN, key_of("ec"), days=(-90, -1)), "at this time"),
        (certified(DOMAIN, key_of("ec"), days=(1, 90)), "at this time"),
        (certified(DOMAIN, key_of("ec"), by="stranger"), "of no authority known here"),
        (certified(DOMAIN, key_of("ec"), by=DOMAIN), "not valid for its domain"),
        (b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----", "can't be read"),
        (b"", "can't be read"),
    ],
)
def test_a_certificate_counts_for_its_domain_in_its_time_from_an_authority_that_is_trusted(
    certificate: x509.Certificate | bytes, sentence: str
) -> None:
    shown = certificate if isinstance(certificate, bytes) else certificate.public_bytes(Encoding.PEM)
    with pytest.raises(NotSigned, match=sentence):
        certificates.verified_certificate(shown, domain=DOMAIN, roots=ROOTS, at=NOW)


def test_where_no_authority_is_trusted_nothing_is_signed() -> None:
    shown = certified(DOMAIN, key_of("ec")).public_bytes(Encoding.DER)
    with pytest.raises(NotSigned, match="SSL_CERT_FILE"):
        certificates.verified_certificate(shown, domain=DOMAIN, roots=(), at=NOW)


# ---- the whole way


@pytest.fixture
def served(house: House, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Recipient]:
    settings.SOURCE_HOSTS = frozenset({HOST})
    (tmp_path / "authorities.pem").write_bytes(authority())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authorities.pem"))
    monkeypatch.setenv("LISTS_TOKEN", "Bearer 0123456789")
    with serving() as recipient:
        recipient.url = recipient.url.replace("/privacy", "/v2")
        way: dict[str, object] = {"url": recipient.url, "domain": DOMAIN, "controller_id": CONTROLLER}
        way |= {"authorization_env": "LISTS_TOKEN", "otherwise": {"batch": {}}}
        told_by(NAME, {"opendsr": way})
        yield recipient


@pytest.fixture
def processor(served: Recipient) -> Processor:
    processor = Processor(served.url)
    served.usual = processor.reply
    return processor


def telling_of(case: Case) -> Telling:
    return Telling.objects.get(case=case, recipient=NAME)


@pytest.mark.django_db(databases="__all__")
def test_a_deletion_is_asked_for_taken_and_confirmed_under_the_processors_signature(
    house: House, served: Recipient, processor: Processor
) -> None:
    case = house.closed(Right.DELETE)
    told = telling_of(case)
    (asked,) = processor.asked
    assert asked == {
        "regulation": "ccpa",
        "subject_request_id": str(told.request_id),
        "subject_request_type": "erasure",
        "submitted_time": case.submission.received_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "subject_identities": [
            {
                "identity_type": "email",
                "identity_format": "sha256",
                "identity_value": hashlib.sha256(str(person().email).encode()).hexdigest(),
            }
        ],
        "api_version": "2.0",
    }
    assert UUID(asked["subject_request_id"]).version == 4
    assert served.calls[0].headers["authorization"] == "Bearer 0123456789"
    assert (told.state, case.state) == (TellingState.TOLD, State.CLOSED), "it has taken it: that is being told"
    (receipt,) = told.receipts
    kept = x509.load_der_x509_certificate(base64.b64decode(receipt["certificate"]))
    assert kept.public_key() == key_of("ec").public_key()
    assert receipt["status"] == 201
    assert "encoded_request" not in str(told.receipts)

    processor.status = "completed"
    house.later(timedelta(days=1, minutes=1))
    told = telling_of(case)
    assert told.confirmed_at is not None
    assert [entry.get("request_status") for entry in told.receipts] == [None, "completed"]
    assert len(facts_of(case, EventKind.RECIPIENT_CONFIRMED)) == 1


@pytest.mark.django_db(databases="__all__")
def test_the_person_is_named_by_every_address_that_is_known(house: House, processor: Processor) -> None:
    gives_the_address()
    house.closed(Right.DELETE, person(LISTED), email="elsewhere@post.example")
    (asked,) = processor.asked
    assert [(named["identity_type"], named["identity_format"]) for named in asked["subject_identities"]] == [
        ("email", "sha256")
    ] * 2
    assert [named["identity_value"] for named in asked["subject_identities"]] == [
        hashlib.sha256(email.encode()).hexdigest() for email in (str(person(LISTED).email), "elsewhere@post.example")
    ]


@pytest.mark.django_db(databases="__all__")
@pytest.mark.parametrize(
    "wrong",
    [
        {"signing_key": key_of("ec-other")},
        {"signs_as": "dsr.other.example"},
        {"certificate": certified(DOMAIN, key_of("ec"), by="stranger")},
        {"changes": {"subject_request_id": "6f2d1c0a-3b7e-4f5d-8a90-1e2d3c4b5a69"}},
        {"prefix": "X-Other-"},
    ],
    ids=["key", "domain", "authority", "request", "header"],
)
def test_an_answer_that_is_not_signed_as_it_should_be_is_refused_and_shown(
    house: House, processor: Processor, wrong: dict[str, Any]
) -> None:
    for name, value in wrong.items():
        setattr(processor, name, value)
    case = house.closed(Right.DELETE)
    stuck = telling_of(case)
    assert (stuck.state, stuck.error, stuck.receipts) == (TellingState.FAILED, "RecipientNotSigned", [])
    assert case.state == State.CARRYING_OUT
    panel = attention(case, ANALYST)
    assert panel is not None
    (trouble,) = panel.context["troubles"]  # type: ignore[misc]
    assert "is not signed by the certificate of its domain" in trouble.to_do


@pytest.mark.django_db(databases="__all__")
def test_what_the_protocol_has_no_words_for_goes_the_other_way(house: House, processor: Processor) -> None:
    case = house.file(Right.OPT_OUT_SALE_SHARE).cases.get()
    house.work()
    assert telling_of(case).batch
    assert not processor.asked
    assert fresh(case).state == State.CLOSED


@pytest.mark.django_db(databases="__all__")
def test_one_that_does_not_confirm_by_its_own_time_is_shown(house: House, processor: Processor) -> None:
    processor.prefix = "X-OpenGDPR-"  # of former versions, which stay honoured
    case = house.closed(Right.DELETE)
    assert case.state == State.CLOSED
    assert attention(case, ANALYST) is None
    house.shift(timedelta(days=8))
    panel = attention(case, ANALYST)
    assert panel is not None
    (trouble,) = panel.context["troubles"]  # type: ignore[misc]
    assert trouble.what == f"{NAME} has not confirmed in time what it took on."
