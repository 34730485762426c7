"""Calls go to the service that is meant, over a secure connection, and nowhere into our own network."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from exports.sources.datamap import read_data_map
from exports.sources.errors import MapDoesNotFitError, SourceUnavailableError
from exports.sources.http import exchange, open_source
from exports.sources.http.addresses import is_public
from tests.exports.sources.service import (
    EMAIL,
    LOCAL,
    MAP,
    Service,
    opened,
    records,
    running,
)


@pytest.mark.parametrize(
    ("url", "hosts", "sentence"),
    [
        ("https://127.0.0.1:1/x", (), "address that is not public"),
        ("https://localhost:1/x", (), "address that is not public"),
        ("https://[::ffff:10.0.0.1]/x", (), "address that is not public"),
        ("https://169.254.169.254/latest", (), "address that is not public"),
        ("http://192.0.2.1/", (), "not https"),
        ("http://127.0.0.1/", ("localhost",), "not https"),
        ("ftp://club.example/", (), "no URL that begins with https"),
        ("https://user:word@club.example/", (), "has a user"),
        ("https://club.example:99999/", (), "holds no URL"),
        ("club.example", (), "no URL that begins with https"),
    ],
)
def test_no_call_goes_where_the_operator_has_not_allowed_it(
    service: Service, url: str, hosts: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(MapDoesNotFitError, match=sentence) as caught:
        opened(service, read_url=url, hosts=hosts).presence("members", EMAIL)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.1.1", "100.64.0.1", "0.0.0.0", "224.0.0.1"),
        *("::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1", "::"),
        "fec0::1",
    ],
)
def test_private_addresses_are_known_in_all_their_forms(address: str) -> None:
    assert not is_public(address)
    assert is_public("93.184.215.14")
    assert is_public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")


def test_the_address_that_was_checked_is_the_one_connected_to(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = socket.getaddrinfo, list[str]()

    def resolve(host: str, port: int, *more: Any, **options: Any) -> Any:
        if host == "club.test":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.9"
        return real(host, port, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    url = service.url.replace("127.0.0.1", "club.test")
    assert len(records(opened(service, read_url=url, hosts={"club.test"}), "members")) == 1
    assert asked == ["club.test"], "resolved once"
    assert service.asked[0][2]["host"] == url.split("/")[2]


def certificate(folder: Path) -> Path:
    """A key, and a certificate by itself for this machine's address and no name."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "club")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    made = made.add_extension(address, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "club.pem").write_bytes(secret + made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return folder / "club.pem"


@pytest.mark.usefixtures("quick")
def test_a_connection_is_secure_or_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    real = socket.getaddrinfo

    def resolve(host: str, *more: Any, **options: Any) -> Any:
        return real(host.replace("club.test", "127.0.0.1"), *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with running(context) as secure:
        with pytest.raises(SourceUnavailableError, match="no secure connection"):
            opened(secure).subjects(EMAIL)
        monkeypatch.setattr(exchange, "_tls", lambda: ssl.create_default_context(cafile=file))
        assert opened(secure).subjects(EMAIL) == 1
        other = secure.url.replace("127.0.0.1", "club.test")
        with pytest.raises(SourceUnavailableError, match="no secure connection"):
            opened(secure, read_url=other, hosts={"club.test"}).subjects(EMAIL)


def test_the_hosts_that_may_be_private_are_a_setting(service: Service, settings: Any) -> None:
    terms: dict[str, Any] = {
        "read_url": service.url, "write_url": None, "timeout": timedelta(seconds=5), "hashing": None
    }  # fmt: skip
    settings.SOURCE_HOSTS = LOCAL
    assert open_source(read_data_map(MAP), **terms).subjects(EMAIL) == 1
    settings.SOURCE_HOSTS = frozenset()
    with pytest.raises(MapDoesNotFitError, match="DSAR_SOURCE_HOSTS"):
        open_source(read_data_map(MAP), **terms)
