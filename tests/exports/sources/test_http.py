"""A company's service is asked by a signed contract: exact rows, nothing of others, and no way into our own network."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from exports.sources.connector import (
    Action,
    BrokenDataError,
    ChangeRefusedError,
    Connector,
    DataChangedError,
    MapDoesNotFitError,
    Mode,
    NotSetUpError,
    NoWriteAccessError,
    OnlyByHandError,
    Record,
    SourceError,
    SourceUnavailableError,
)
from exports.sources.datamap import DataMapError, read_data_map
from exports.sources.http import HttpConnector, calls, exchange, open_source
from exports.sources.http.addresses import is_public
from requests_app.law.words import Right
from tests.exports.sources.plans import plan_of
from tests.exports.sources.service import KEY, Reply, Service, Trick, always, answered, running

MAP = """
source: club
title: Club
connector: http
service: {signing_key: CLUB_SIGNING_KEY, changes: [delete, correct, suppress]}
role: controller
purposes: {club: Run the club}
origins: {person: You}
collections:
  - name: members
    title: Members
    key: [id]
    one_per_person: true
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached:
      - {by: email, column: email, compare: email}
      - {by: phone, column: phone, compare: digits}
    suppress: {opt_out_sale_share: {opted_out: true}}
    on_delete: {deidentify: {email: random, name: {constant: gone}, phone: clear}}
    fields:
      - {column: email, title: E-mail, category: identifiers, match: {kind: email, compare: email}, reliable: true}
      - {column: name, title: Name, category: identifiers, correctable: true}
      - {column: phone, title: Phone, category: identifiers, match: {kind: phone, compare: digits}, reliable: true}
  - name: orders
    title: Orders
    key: [id]
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached: [{by: email}]
    received_at: at
    on_delete: delete
    fields:
      - {column: id, title: Number, category: commercial}
      - {column: price, title: Price, category: commercial}
"""
EMAIL = {"email": ["ann@club.example"], "member_no": ["7"]}
LOCAL = frozenset({"127.0.0.1"})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUB_SIGNING_KEY", KEY)
    monkeypatch.setattr(calls, "DELAYS", (0.01, 0.01))


@pytest.fixture(scope="module")
def server() -> Iterator[Service]:
    with running() as service:
        yield service


@pytest.fixture
def service(server: Service) -> Service:
    """The service as on its first day."""
    url = server.url
    server.__init__()  # type: ignore[misc]
    server.url = url
    return server


@pytest.fixture
def club(service: Service) -> Connector:
    return opened(service)


def opened(service: Service, *changes: str, **options: Any) -> Connector:
    text = MAP
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    terms = {"read_url": service.url, "write_url": service.url, "hosts": LOCAL, **options}
    return HttpConnector(read_data_map(text), **terms)


def records(connector: Connector, collection: str, **options: Any) -> list[Record]:
    return [record for page in connector.pages(collection, EMAIL, **options) for record in page.records]


# What is found


def test_the_rows_of_the_person_are_found_and_nothing_of_others(service: Service, club: Connector) -> None:
    assert records(club, "members") == [{"email": "Ann@Club.example", "name": "Ann", "phone": "(415) 555-0101"}]
    assert records(club, "orders") == [{"id": f"o{number}", "price": "1.1"} for number in range(7)]
    assert club.presence("orders", EMAIL, since=date(2014, 1, 1)).rows == 3
    assert club.presence("members", {"email": ["nobody@club.example"]}).rows == 0
    assert club.presence("members", {"email": [""], "member_no": ["1"]}).rows == 0
    assert club.subjects(EMAIL) == 1
    assert all("member_no" not in question["identifiers"] for _path, question, _headers in service.asked)


def test_pages_follow_the_cursor_and_go_on_behind_a_key(club: Connector) -> None:
    pages = list(club.pages("orders", EMAIL, mode=Mode.PLAN, size=3))
    assert [page.keys for page in pages] == [[("o0",), ("o1",), ("o2",)], [("o3",), ("o4",), ("o5",)], [("o6",)]]
    rest = club.pages("orders", EMAIL, mode=Mode.PLAN, after=("o4",))
    assert [page.keys for page in rest] == [[("o5",), ("o6",)]]
    with pytest.raises(BrokenDataError, match="no longer has the row behind which to go on"):
        list(club.pages("orders", EMAIL, after=("gone",)))


@pytest.mark.parametrize(
    ("points", "met"),
    [
        ({"email": "ANN@club.example", "phone": "415 555 0101"}, {"email", "phone"}),
        ({"email": "bob@club.example", "phone": "415 555 0101"}, {"email"}),
        ({"phone": "4155550101"}, {"phone"}),
        ({"email": "", "phone": "", "name": "Ann"}, set()),
    ],
)
def test_points_count_if_they_meet_in_one_record(club: Connector, points: dict[str, str], met: set[str]) -> None:
    assert club.probe(points).kinds == met


def test_a_record_in_which_the_point_that_found_it_does_not_stand_proves_nothing(service: Service) -> None:
    ways = (
        "{by: email, column: email, compare: email}",
        "{by: email}",
        "- {by: phone, column: phone, compare: digits}",
    )
    club = opened(service, *ways, "")
    points = {"email": "ann@club.example", "phone": "4155550101"}
    assert club.probe(points).kinds == {"email", "phone"}
    service.tricks = [always(*told(ROW | {"email": "x@club.example", "phone": "4155550101"}))]
    assert club.probe(points).kinds == set()


def test_a_row_of_somebody_else_stops_the_search(service: Service, club: Connector) -> None:
    others = {"id": 2, "email": "bob@club.example", "name": "Bob", "phone": None, "opted_out": False}
    service.tricks = [always(*answered({"records": [others], "next": None}))]
    with pytest.raises(BrokenDataError, match="club: members, answer 1, record 0 is a row of somebody else") as caught:
        records(club, "members")
    assert "bob" not in str(caught.value)


# What goes wrong


def busy(status: int, **headers: str) -> Trick:
    return always(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"ann@club.example")


def slow(_service: Service, _path: str, _question: dict[str, Any]) -> None:
    time.sleep(0.4)


@pytest.mark.parametrize("trick", [busy(500), busy(429), busy(503, Retry_After="0"), busy(503, Retry_After="soon")])
def test_a_busy_service_is_asked_again(service: Service, club: Connector, trick: Trick) -> None:
    service.tricks = [trick, trick]
    assert len(records(club, "members")) == 1
    assert len({headers["dsar-request"] for _path, _question, headers in service.asked}) == 1, "one question, one id"


@pytest.mark.parametrize(
    ("after", "seconds"),
    [("120", 120), (format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), 3600), ("", None)],
)
def test_a_long_wait_is_left_to_the_job(service: Service, club: Connector, after: str, seconds: int | None) -> None:
    service.tricks = [busy(429, Retry_After=after)] * 3
    with pytest.raises(SourceUnavailableError, match="answers 429") as caught:
        records(club, "members")
    assert len(service.asked) == (1 if seconds else 3)
    waited = caught.value.wait
    assert (waited is None) if seconds is None else (waited is not None and abs(waited.seconds - seconds) < 60)


def test_a_service_that_is_slow_or_down_is_unavailable(service: Service) -> None:
    service.tricks = [slow] * 3
    with pytest.raises(SourceUnavailableError, match="too slow"):
        records(opened(service, timeout=timedelta(seconds=0.1)), "members")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SourceUnavailableError, match="can't be reached"):
            records(opened(service, read_url=url), "members")


def test_a_service_that_does_not_know_the_signature_is_unavailable(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUB_SIGNING_KEY", KEY.upper())
    with pytest.raises(SourceUnavailableError, match="401: it does not know our signature"):
        records(opened(service), "members")
    monkeypatch.setenv("CLUB_SIGNING_KEY", "short")
    with pytest.raises(NotSetUpError, match="CLUB_SIGNING_KEY"):
        opened(service)


ROW = {"id": 1, "email": "ann@club.example", "name": "Ann", "phone": None, "opted_out": False}


def told(*rows: object, **more: object) -> Reply:
    return answered({"records": list(rows), "next": None, **more})


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        ((200, {"Content-Type": "text/html"}, b"<p>ann@club.example"), "is not plain application/json"),
        ((200, JSON, b'{"records": [ann@club.example'), "the answer is no JSON"),
        ((200, JSON, b'{"records": "\xff"}'), "not in UTF-8"),
        ((200, JSON, b'{"records": [], "records": [], "next": null}'), "a name twice"),
        ((200, JSON, b"[]"), "no object"),
        ((200, {**JSON, "Content-Encoding": "gzip"}, b"{}"), "not plain"),
        ((200, {**JSON, "Content-Length": "9000000000"}, b"{}"), "broke off"),
        (answered({"records": []}), "has 'records' and 'next'"),
        (told(ROW, more=1), "has 'records' and 'next'"),
        (told("ann@club.example"), "record 0 lacks email, id"),
        (told({"id": 1}), "record 0 lacks email, name"),
        (told(ROW | {"secret": "ann@club.example"}), "columns that were not asked for"),
        (told(ROW | {"id": None}), "a key is made of single values"),
        (told(ROW, next=7), "'next' is a new text"),
        (told(*[ROW] * 1001), "at most 1000"),
        (told(ROW, ROW), "key of members is not unique"),
        ((302, {"Location": "http://127.0.0.1:1/"}, b""), "sends us elsewhere"),
        ((404, {}, b"ann@club.example"), "answers 404"),
        ((409, {}, b""), "answers 409 to a question"),
        ((202, {"Location": "https://elsewhere.example/poll"}, b""), "fetched from another server"),
        ((202, {"Location": "http://127.0.0.1:1/poll"}, b""), "fetched from another server"),
        ((200, {"Content-Type": "application/json\x00 x" * 9000}, b""), "no HTTP"),
    ],
)
def test_what_breaks_the_contract_is_named_and_not_quoted(
    service: Service, club: Connector, reply: Reply, sentence: str
) -> None:
    service.tricks = [always(*reply)] * 3
    with pytest.raises(SourceError, match=sentence) as caught:
        records(club, "members")
    assert "ann" not in str(caught.value)
    assert service.url not in str(caught.value)


def test_a_cursor_that_comes_back_is_no_endless_walk(service: Service, club: Connector) -> None:
    service.tricks = [always(*answered({"records": [], "next": "2"}))] * 3
    with pytest.raises(BrokenDataError, match="'next' is a new text"):
        records(club, "members")


def test_an_answer_that_is_too_big_is_not_taken(
    service: Service, club: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "MOST_BYTES", 100_000)
    service.tricks = [always(*told(ROW | {"name": "x" * 200_000}))]
    with pytest.raises(BrokenDataError, match="longer than 16 MB"):
        records(club, "members")


def test_an_answer_that_takes_time_is_fetched_where_the_service_says(service: Service, club: Connector) -> None:
    later = always(202, {"Location": "/privacy/lookup?ticket=7"}, b"")
    service.tricks = [later, always(202, {}, b""), always(*told(ROW))]
    assert [row["name"] for row in records(club, "members")] == ["Ann"]
    assert [path for path, _question, _headers in service.asked] == [
        "/privacy/lookup",
        *["/privacy/lookup?ticket=7"] * 2,
    ]
    service.tricks = [always(202, {"Retry-After": "3600"}, b"")]
    with pytest.raises(SourceUnavailableError, match="still preparing") as caught:
        records(club, "members")
    assert caught.value.wait == timedelta(hours=1)


# Where calls may go


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


# What is changed


def test_a_deletion_changes_the_planned_rows_and_no_others(service: Service, club: Connector) -> None:
    plan, begun = plan_of(club, EMAIL, {"orders": {("o3",)}}, members=Action.DEIDENTIFY, orders=Action.DELETE), []
    done = club.delete(plan, before_commit=lambda: begun.append(True))
    assert [(item.name, item.rows, item.spared) for item in done.collections] == [("members", 1, 0), ("orders", 6, 1)]
    assert [order["id"] for order in service.orders] == ["o3", "x1"]
    assert [(member["name"], member["email"]) for member in service.members] == [
        ("gone", "gone"),
        ("Bob", "bob@club.example"),
    ]
    assert begun
    assert club.delete(plan, repeated=True).found_done
    with pytest.raises(DataChangedError):
        club.delete(plan)


def test_rows_that_changed_since_are_not_touched(service: Service, club: Connector) -> None:
    plan = plan_of(club, EMAIL, orders=Action.DELETE)
    service.orders.pop(0)
    with pytest.raises(DataChangedError, match="orders are not those that were planned"):
        club.delete(plan)
    assert len(service.orders) == 7


def test_a_change_that_the_service_does_not_allow_or_misreports_is_told(service: Service, club: Connector) -> None:
    held = [((1,), "Ann")]
    service.tricks = [always(409, {}, b"")]
    with pytest.raises(ChangeRefusedError, match="does not allow"):
        club.correct("members", held, "name", new="Anna")
    service.tricks = [always(*answered({"rows": {"members": 2}}))]
    with pytest.raises(BrokenDataError, match="other rows than ordered"):
        club.correct("members", held, "name", new="Anna")
    service.tricks = [busy(503)]
    with pytest.raises(SourceUnavailableError):
        club.correct("members", held, "name", new="Anna")
    assert len(service.asked) == 3, "an order is given once; the job knows whether to give it again"


def test_a_correction_and_an_opt_out_are_carried_out_by_the_service(service: Service, club: Connector) -> None:
    club.correct("members", [((1,), "Ann")], "name", new="Anna")
    assert club.suppress(Right.OPT_OUT_SALE_SHARE, EMAIL) == {"members": 1}
    assert [(member["name"], member["opted_out"]) for member in service.members] == [("Anna", True), ("Bob", False)]


def test_what_the_service_does_not_offer_is_a_task_for_a_person(service: Service, club: Connector) -> None:
    with pytest.raises(NoWriteAccessError, match="it can only be read"):
        opened(service, write_url=None).delete(plan_of(club, EMAIL, orders=Action.DELETE))
    lean = opened(service, "changes: [delete, ", "changes: [")
    plan = plan_of(lean, EMAIL, orders=Action.DELETE)
    with pytest.raises(OnlyByHandError, match="take the rows of the person out of orders"):
        lean.delete(plan)
    with pytest.raises(OnlyByHandError, match="orders has 7 rows more"):
        lean.delete(plan, repeated=True)
    service.orders = service.orders[-1:]
    assert lean.delete(plan, repeated=True).found_done


# The map, the settings, the contract


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("service: {", "servise: {", "did you mean 'service'"),
        ("signing_key: CLUB_SIGNING_KEY", "signing_key: DSAR_SECRET_KEY", "names an environment variable"),
        ("[delete, correct", "[delete, corect", "did you mean 'correct'"),
        ("[delete, correct, suppress]", "[delete, suppress]", "lacks correct"),
        ("[delete, correct, suppress]", "[delete, correct]", "lacks suppress"),
        ("key: [id]", "table: members", "knows no key 'table'"),
        ("reached: [{by: email}]", "reached: [{from: members, columns: {of: id}}]", "and no 'from'"),
        ("reached: [{by: email}]", "reached: [{by: email, compare: email}]", "compares no column"),
    ],
)
def test_a_fault_of_the_map_is_named_with_its_line(old: str, new: str, sentence: str) -> None:
    with pytest.raises(DataMapError, match=rf"(?m)^line \d+: .*{sentence}"):
        read_data_map(MAP.replace(old, new, 1))


def test_the_hosts_that_may_be_private_are_a_setting(service: Service, settings: Any) -> None:
    terms: dict[str, Any] = {"read_url": service.url, "write_url": None, "timeout": timedelta(seconds=5)}
    settings.SOURCE_HOSTS = LOCAL
    assert open_source(read_data_map(MAP), **terms).subjects(EMAIL) == 1
    settings.SOURCE_HOSTS = frozenset()
    with pytest.raises(MapDoesNotFitError, match="DSAR_SOURCE_HOSTS"):
        open_source(read_data_map(MAP), **terms)


def test_the_contract_describes_each_call_that_is_made(service: Service, club: Connector) -> None:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - slow to load

    contract = yaml.safe_load(Path("docs/source-contract.yaml").read_text())
    plan = plan_of(club, EMAIL, members=Action.DEIDENTIFY, orders=Action.DELETE)
    club.correct("members", [((1,), "Ann")], "name", new="Anna")
    club.suppress(Right.OPT_OUT_SALE_SHARE, EMAIL)
    club.delete(plan)
    assert {path for path, _question, _headers in service.asked} == {f"/privacy{path}" for path in contract["paths"]}
    named = {entry["name"].lower() for entry in contract["components"]["parameters"].values()}
    for path, question, headers in service.asked:
        body = contract["paths"][path.removeprefix("/privacy")]["post"]["requestBody"]
        schema = body["content"]["application/json"]["schema"] | {"components": contract["components"]}
        Draft202012Validator(json.loads(json.dumps(schema))).validate(question)
        assert {name for name in headers if name.startswith("dsar-")} == named
