"""Files in a bucket are read like those in a folder, piece by piece; what goes wrong there is told in a sentence."""

from __future__ import annotations

import gzip
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from exports.sources.connector import Connector, open_source
from exports.sources.datamap import Bucket as Terms
from exports.sources.datamap import DataMapError, read_data_map
from exports.sources.errors import BrokenDataError, MapDoesNotFitError, NotSetUpError, SourceUnavailableError
from exports.sources.files import FilesConnector
from exports.sources.files import bucket as buckets
from exports.sources.files.bucket import Bucket
from exports.sources.http import exchange
from tests.exports.sources.bucket import Reply, Trick, Wire, as_owner, s3_server, wired
from tests.exports.sources.test_files import ANN, BOB, CAT, HEADER, MAP, ORDERS, lines, records, search

TERMS = "bucket: {access_key: PARTNER_ACCESS_KEY, secret_key: PARTNER_SECRET_KEY}\n"
IN_A_BUCKET = MAP.replace("role: controller\n", f"{TERMS}role: controller\n", 1)
LOCAL = frozenset({"127.0.0.1"})

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with s3_server() as port:
        yield port


@pytest.fixture(scope="module")
def wire_of(port: int) -> Iterator[Wire]:
    with wired(port) as wire:
        yield wire


@pytest.fixture
def wire(wire_of: Wire, monkeypatch: pytest.MonkeyPatch) -> Wire:
    """The wire, whole again; our keys are in the environment."""
    monkeypatch.setenv("PARTNER_ACCESS_KEY", "access")
    monkeypatch.setenv("PARTNER_SECRET_KEY", "secret-of-the-partner")
    monkeypatch.setenv("AWS_PROFILE", "somebody-else")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://192.0.2.1")
    wire_of.tricks.clear()
    wire_of.asked.clear()
    return wire_of


@pytest.fixture
def owner(port: int, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The partner's own client, and the drop under a prefix of its bucket: other files beside it."""
    monkeypatch.delenv("AWS_PROFILE")
    client = as_owner(port)
    monkeypatch.setenv("AWS_PROFILE", "somebody-else")
    client.create_bucket(Bucket="drops")
    for name, content in {
        "partner/members/2025.csv": "\ufeff" + HEADER + ANN,
        "partner/members/2026.csv": HEADER + BOB + CAT,
        "partner/members/deeper/2027.csv": "not meant",
        "partner/orders.jsonl": lines(ORDERS) + "\n",
        "else/orders.jsonl": "not ours",
    }.items():
        put(client, name, content)
    yield client
    while found := client.list_objects_v2(Bucket="drops").get("Contents"):
        for entry in found:
            client.delete_object(Bucket="drops", Key=entry["Key"])
    client.delete_bucket(Bucket="drops")


def put(owner: Any, name: str, content: str | bytes) -> None:
    owner.put_object(Bucket="drops", Key=name, Body=content.encode() if isinstance(content, str) else content)


def drop_at(wire: Wire, path: str = "/drops/partner", piece: int = buckets.PIECE, seconds: float = 10) -> Bucket:
    terms = Terms("PARTNER_ACCESS_KEY", "PARTNER_SECRET_KEY", "us-east-1")
    timeout = timedelta(seconds=seconds)
    return Bucket("partner", wire.url + path, terms, hosts=LOCAL, timeout=timeout, piece=piece)


def opened(wire: Wire, path: str = "/drops/partner", **options: Any) -> Connector:
    return FilesConnector(read_data_map(IN_A_BUCKET), drop_at(wire, path, **options))


def test_the_rows_of_the_person_are_found_and_nothing_of_others(owner: Any, wire: Wire, settings: Any) -> None:
    settings.SOURCE_HOSTS = LOCAL
    partner = open_source(read_data_map(IN_A_BUCKET), read_url=f"{wire.url}/drops/partner")
    partner.check()
    (ann,) = records(partner, "members")
    assert ann["name"] == "Ann; the\nfirst"
    assert [row["what"] for row in records(partner, "orders")] == ["tea", "cup"]
    assert {"secret-of-the-partner", "else", "deeper"}.isdisjoint(wire.asked[0][1].values())
    assert all("AWS4-HMAC-SHA256 Credential=access/" in headers["Authorization"] for _, headers in wire.asked)
    assert not [path for path, _ in wire.asked if "deeper/2027" in path or "else" in path]


@pytest.mark.parametrize("piece", [1, 7, 64])
def test_pieces_make_the_whole_however_they_are_cut(owner: Any, wire: Wire, piece: int) -> None:
    content = bytes(range(256)) if piece > 1 else b"ab\ncd"
    put(owner, "partner/whole.bin", content)
    put(owner, "partner/empty.bin", b"")
    drop = drop_at(wire, piece=piece)
    with drop.open("whole.bin") as file:
        assert file.read() == content
    with drop.open("empty.bin") as file:
        assert file.read() == b""


def test_gzipped_files_and_names_with_odd_signs_are_read(owner: Any, wire: Wire) -> None:
    put(owner, "partner/members/ä + %41 &=?.csv.gz", gzip.compress((HEADER + ANN.replace("1;", "9;")).encode()))
    assert [row["id"] for row in records(opened(wire), "members")] == ["1", "9"]


def test_more_files_than_one_list_holds_are_all_met(owner: Any, wire: Wire) -> None:
    for number in range(25):
        put(owner, f"partner/many/{number:02}.csv", HEADER)
        put(owner, f"partner/many/{number:02}/1.csv", HEADER)
    assert len(drop_at(wire).files("many/*.csv")) == 25
    assert len(wire.asked) > 2
    assert drop_at(wire).files("m*/?4/*.csv") == ["many/04/1.csv", "many/14/1.csv", "many/24/1.csv"]


def test_memory_holds_a_piece_and_not_the_file(owner: Any, wire: Wire) -> None:
    line = b"x" * 1023 + b"\n"
    put(owner, "partner/long.txt", line * 20_000)  # 20 MB
    drop = drop_at(wire, piece=512 * 1024)
    drop.files("long.txt")  # what the library loads once is not what is measured
    tracemalloc.start()
    try:
        with drop.open("long.txt") as file:
            assert sum(1 for _ in file) == 20_000
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 6 * 1024 * 1024


# ---- what goes wrong


def test_a_bucket_that_is_not_there_is_named(owner: Any, wire: Wire) -> None:
    with pytest.raises(MapDoesNotFitError, match="partner: there is no such bucket"):
        search(opened(wire, "/other/partner"))
    with pytest.raises(MapDoesNotFitError, match="names no bucket"):
        opened(wire, "")
    with pytest.raises(SourceUnavailableError, match="no file is there of members"):
        search(opened(wire, "/drops/nobody"))


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        ((403, "AccessDenied"), SourceUnavailableError, "answers 403: it does not know our key"),
        ((403, "SignatureDoesNotMatch"), SourceUnavailableError, "answers 403: it does not know our key"),
        ((400, "AuthorizationHeaderMalformed"), MapDoesNotFitError, "the bucket answers 400"),
        ((301, "PermanentRedirect"), MapDoesNotFitError, "another region"),
        ((307, "TemporaryRedirect"), MapDoesNotFitError, "another region"),
    ],
)
def test_a_refusal_is_told_by_its_number(
    owner: Any, wire: Wire, answer: tuple[int, str], error: type[Exception], sentence: str
) -> None:
    status, code = answer
    body = f"<Error><Code>{code}</Code><Message>of Ann</Message></Error>".encode()
    told = {"Content-Type": "application/xml", "Content-Length": str(len(body)), "Location": "http://10.0.0.1/drops"}
    wire.tricks = [lambda _path, _reply: (status, told, body)]
    with pytest.raises(error, match=sentence) as caught:
        search(opened(wire))
    assert "Ann" not in str(caught.value)
    assert len(wire.asked) == 1


def test_a_server_that_is_busy_is_asked_three_times(owner: Any, wire: Wire) -> None:
    wire.tricks = [said(503)] * 2
    search(opened(wire))
    wire.tricks = [said(503)] * 3
    with pytest.raises(SourceUnavailableError, match="the bucket answers 503"):
        search(opened(wire))


def test_a_file_that_is_taken_away_while_it_is_read_is_no_answer(owner: Any, wire: Wire) -> None:
    drop = drop_at(wire, piece=16)
    assert "orders.jsonl" in drop.files("orders.jsonl")
    with drop.open("orders.jsonl") as file:
        file.read(10)
        owner.delete_object(Bucket="drops", Key="partner/orders.jsonl")
        with pytest.raises(SourceUnavailableError, match=r"orders\.jsonl is gone"):
            file.read()


def test_a_file_that_is_written_anew_while_it_is_read_is_no_answer(owner: Any, wire: Wire) -> None:
    drop = drop_at(wire, piece=16)
    with drop.open("orders.jsonl") as file:
        file.read(10)
        put(owner, "partner/orders.jsonl", lines(ORDERS[::-1]))
        with pytest.raises(SourceUnavailableError, match="was written to"):
            file.read()


@pytest.mark.parametrize(
    ("trick", "error", "sentence"),
    [
        (lambda _path, reply: (reply[0], reply[1], reply[2][:-3]), SourceUnavailableError, "broke off|too slow"),
        (
            lambda _path, reply: (206, reply[1] | {"Content-Length": "7"}, reply[2][:7]),
            BrokenDataError,
            "orders.jsonl comes in other pieces",
        ),
        (lambda _path, reply: (200, {"Content-Length": "40"}, b"x" * 40), BrokenDataError, "in other pieces"),
        (
            lambda _path, reply: (206, reply[1] | {"Content-Range": "bytes 3-18/200"}, reply[2]),
            BrokenDataError,
            "in other pieces",
        ),
        (lambda _path, _reply: (404, {"Content-Length": "4"}, b"gone"), SourceUnavailableError, "is gone"),
    ],
    ids=["breaks off", "shorter", "ignores the range", "elsewhere", "not there"],
)
def test_a_piece_that_is_not_what_was_asked_for_stops_the_search(
    owner: Any, wire: Wire, trick: Trick, error: type[Exception], sentence: str
) -> None:
    drop = drop_at(wire, piece=16, seconds=2)
    wire.tricks = [trick]
    with pytest.raises(error, match=sentence), drop.open("orders.jsonl") as file:
        file.read()


@pytest.mark.parametrize(
    ("body", "error", "sentence"),
    [
        (b"<html/>", BrokenDataError, "what answers is no S3"),
        (b"", BrokenDataError, "what answers is no S3"),
        (b"<html>", SourceUnavailableError, "the bucket answers 500"),  # as the library takes what breaks off
        (b"\xff", SourceUnavailableError, "the bucket answers 500"),
    ],
)
def test_a_list_that_is_no_list_stops_the_search(
    owner: Any, wire: Wire, body: bytes, error: type[Exception], sentence: str
) -> None:
    wire.tricks = [lambda _path, _reply: (200, {"Content-Length": str(len(body))}, body)] * 3
    with pytest.raises(error, match=sentence):
        drop_at(wire).files("orders.jsonl")


def test_a_server_that_says_nothing_is_waited_for_no_longer_than_agreed(owner: Any, wire: Wire) -> None:
    drop = drop_at(wire, seconds=0.2)

    def slowly(_path: str, reply: Reply) -> Reply:
        time.sleep(0.6)
        return reply

    wire.tricks = [slowly]
    with pytest.raises(SourceUnavailableError, match="too slow"):
        drop.files("orders.jsonl")


def test_keys_that_are_not_set_are_asked_for_by_name(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARTNER_SECRET_KEY")
    with pytest.raises(NotSetUpError, match="set the environment variable PARTNER_SECRET_KEY"):
        drop_at(wire)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://127.0.0.1:1/drops", "address that is not public"),
        ("https://169.254.169.254/drops", "address that is not public"),
        ("http://s3.example/drops", "not https"),
        ("https://key:word@s3.example/drops", "has a user"),
        ("/var/drops", "no URL that begins with https"),
    ],
)
def test_no_call_goes_where_the_operator_has_not_allowed_it(wire: Wire, settings: Any, url: str, sentence: str) -> None:
    settings.SOURCE_HOSTS = frozenset()
    with pytest.raises(MapDoesNotFitError, match=sentence) as caught:
        search(open_source(read_data_map(IN_A_BUCKET), read_url=url))
    assert "word" not in str(caught.value)


def test_nothing_but_our_own_exchange_opens_a_connection(
    owner: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = drop_at(wire)

    def shut(*_words: object, **_more: object) -> None:
        raise OSError

    monkeypatch.setattr(exchange, "_connect", shut)
    with pytest.raises(SourceUnavailableError, match="can't be reached"):
        drop.files("orders.jsonl")
    assert not wire.asked


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("access_key: PARTNER_ACCESS_KEY, ", "", "access_key"),
        ("PARTNER_ACCESS_KEY", "AKIA-0815", "names an environment variable in capitals"),
        ("PARTNER_SECRET_KEY", "DSAR_SIGNING_KEY", "does not begin with DSAR_"),
        ("PARTNER_SECRET_KEY}", "PARTNER_SECRET_KEY, region: 'eu west'}", "a name such as eu-west-1"),
        ("connector: files", "connector: sql", "bucket"),
    ],
)
def test_a_fault_of_the_map_is_named_with_its_line(old: str, new: str, sentence: str) -> None:
    with pytest.raises(DataMapError, match=f"(?m)line.*{sentence}"):
        read_data_map(IN_A_BUCKET.replace(old, new, 1))


def test_a_folder_needs_no_library_for_buckets() -> None:
    program = "import tests.environment, exports.sources.files, sys; assert 'botocore' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


def said(status: int) -> Trick:
    return lambda _path, _reply: (status, {"Content-Length": "0"}, b"")
