"""A folder of files is read like any other source: the person's rows, nothing of others, and no line passed over."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, date
from pathlib import Path

import pytest

from exports.sources.connector import Action, Connector, Correction, Mode, Record, open_source
from exports.sources.datamap import DataMapError, read_data_map
from exports.sources.errors import BrokenDataError, MapDoesNotFitError, OnlyByHandError, SourceUnavailableError
from exports.sources.since import Since
from requests_app.law.words import Right
from tests.exports.sources.plans import plan_of

MAP = """
source: partner
title: Partner
connector: files
role: controller
purposes: {club: Run the club}
origins: {person: You}
collections:
  - name: members
    title: Members
    files: members/*.csv
    format: csv
    delimiter: ";"
    one_per_person: true
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached:
      - {by: email, column: email, compare: email}
      - {by: phone, column: phone, compare: digits}
    gives: [{kind: member_no, column: id}]
    suppress: {opt_out_sale_share: {opted_out: true}}
    on_delete: delete
    fields:
      - {column: id, title: Number, category: identifiers}
      - {column: email, title: E-mail, category: identifiers, match: {kind: email, compare: email}, reliable: true}
      - {column: name, title: Name, category: identifiers, match: {kind: name, compare: casefold}}
      - {column: phone, title: Phone, category: identifiers, match: {kind: phone, compare: digits}, reliable: true}
      - {column: opted_out, title: Opted out, category: commercial}
  - name: orders
    title: Orders
    files: orders.jsonl
    format: json_lines
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached: [{from: members, columns: {member: id}}]
    received_at: at
    on_delete: {keep: {ground: ca_105d8_legal_obligation, years: 7, counted_from: at}}
    fields:
      - {column: what, title: What, category: commercial, correctable: true}
      - {column: price, title: Price, category: commercial}
      - {column: at, title: When, category: commercial}
"""
HEADER = "id;email;name;phone;note;opted_out\n"
ANN = '1;Ann.Ó@Club.example ;"Ann; the\nfirst";(415) 555-0101;;false\n'
BOB = "2;bob@club.example;Bob;;;false\n"
CAT = "3;;Zoë;415.555.0103;;true\n"
ORDERS = [
    {"member": 1, "what": "tea", "price": 1.10, "at": "2026-01-01T10:00"},
    {"member": 2, "what": "bread", "price": 2, "at": "2026-01-01"},
    {"member": "1", "what": "cup", "at": "2012-05-01", "paid": True},
    {"member": 11, "what": "pot", "price": None, "at": None},
]
EMAIL = {"email": ["ann.ó@club.example"]}
Open = Callable[..., Connector]


def lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """The partner's folder: two files of members, one of them with a byte order mark, and one of orders."""
    (tmp_path / "members").mkdir()
    (tmp_path / "members" / "2025.csv").write_text(HEADER + ANN, encoding="utf-8-sig")
    (tmp_path / "members" / "2026.csv").write_text(HEADER + BOB + CAT)
    (tmp_path / "orders.jsonl").write_text(lines(ORDERS) + "\n")
    return tmp_path


@pytest.fixture
def partner(drop: Path) -> Connector:
    return opened(drop)


def opened(drop: Path, *changes: str) -> Connector:
    """A connector by the map, with changes: what stands there, and what is to stand there instead."""
    text = MAP
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new, 1)
    return open_source(read_data_map(text), read_url=str(drop))


def records(connector: Connector, collection: str, **options: object) -> list[Record]:
    pages = connector.pages(collection, EMAIL, **options)  # type: ignore[arg-type]
    return [record for page in pages for record in page.records]


def search(connector: Connector) -> None:
    for collection in connector.datamap.collections:
        connector.presence(collection.name, EMAIL)


def test_the_rows_of_the_person_are_found_and_nothing_of_others(partner: Connector) -> None:
    (ann,) = records(partner, "members")
    assert ann["name"] == "Ann; the\nfirst"
    assert list(ann) == ["id", "email", "name", "phone", "opted_out"]
    assert records(partner, "orders") == [
        {"what": "tea", "price": "1.1", "at": "2026-01-01T10:00"},
        {"what": "cup", "price": None, "at": "2012-05-01"},
    ]
    assert records(partner, "orders", since=Since(date(2022, 1, 1), UTC)) == records(partner, "orders")[:1]
    assert partner.presence("orders", EMAIL).held == {"what": 2, "price": 1, "at": 2}
    assert partner.past_keeping("orders", EMAIL, on=date(2026, 6, 1)) == 1
    assert not list(partner.pages("members", {"email": [""], "phone": ["-"], "member_no": ["1"]}))


def test_the_key_is_file_and_line_and_pages_go_on_behind_it(drop: Path) -> None:
    (drop / "members" / "2026.csv").write_text(HEADER + BOB + ANN + CAT + ANN)
    with opened(drop) as partner:
        pages = list(partner.pages("members", EMAIL, mode=Mode.PLAN, size=1))
        assert [page.last_key for page in pages] == [
            ("members/2025.csv", 2),
            ("members/2026.csv", 3),
            ("members/2026.csv", 6),
        ]
        assert pages[0].records == [{"$file": "members/2025.csv", "$line": 2, "id": "1"}]
        for place, page in enumerate(pages):
            after = json.loads(json.dumps(page.last_key))
            rest = list(partner.pages("members", EMAIL, mode=Mode.PLAN, after=tuple(after)))
            assert [key for later in rest for key in later.keys] == [later.last_key for later in pages[place + 1 :]]
        assert partner.subjects(EMAIL) == 3


@pytest.mark.parametrize(
    ("points", "met"),
    [
        ({"email": "ANN.ó@club.example", "phone": "415 555 0101"}, {"email", "phone"}),
        ({"email": "bob@club.example", "phone": "415 555 0101"}, {"email"}),  # one of Bob's, one of Ann's
        ({"phone": "4155550103", "name": "zoë"}, {"phone"}),
        ({"name": "Bob"}, set()),
        ({"email": "", "phone": ""}, set()),
    ],
)
def test_points_count_if_they_meet_in_one_row(partner: Connector, points: dict[str, str], met: set[str]) -> None:
    assert partner.probe(points).kinds == met


def test_an_empty_value_leads_to_nothing(drop: Path) -> None:
    (drop / "members" / "2025.csv").write_text(HEADER + ANN.replace("1;", ";", 1))
    (drop / "orders.jsonl").write_text(lines([{"member": ""}, {"member": None}, {}, {"member": []}]))
    with opened(drop) as partner:
        assert len(records(partner, "members")) == 1
        assert not records(partner, "orders")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_declared_encoding_and_gzip_are_read(drop: Path, encoding: str) -> None:
    (drop / "members" / "2025.csv").unlink()
    (drop / "members" / "2026.csv").unlink()
    (drop / "members" / "all.csv.gz").write_bytes(gzip.compress((HEADER + BOB + ANN).encode(encoding)))
    with opened(drop, "format: csv", f"format: csv\n    encoding: {encoding}") as partner:
        assert [record["id"] for record in records(partner, "members")] == ["1"]


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("members/2026.csv", HEADER + BOB + "4;x@y.example;X\n", "members/2026.csv line 3 has 3 fields"),
        ("members/2026.csv", HEADER + BOB + '4;x@y.example;"X;;;\n' + CAT, "members/2026.csv line 3 is no CSV"),
        ("members/2026.csv", (HEADER + BOB + CAT).encode("cp1252"), "members/2026.csv line 3 can't be read"),
        ("orders.jsonl", lines(ORDERS) + '{"member": 1,\n', "orders.jsonl line 5 is no JSON"),
        ("orders.jsonl", lines(ORDERS) + "[1]\n", "orders.jsonl line 5 is JSON, and no object"),
        ("orders.jsonl", '{"member": 2, "member": 1}\n', "orders.jsonl line 1 holds an object that has a name twice"),
        ("orders.jsonl", '{"member": NaN}\n', "orders.jsonl line 1 holds NaN"),
        ("orders.jsonl", '{"member": "\\ud800"}\n', "orders.jsonl line 1 holds half a sign"),
        ("orders.jsonl", "[" * 100_000, "orders.jsonl line 1 is no JSON"),
        ("members/2026.csv.gz", b"\x1f\x8b\x08 no gzip", "twice, plain and gzipped"),
        ("members/2027.csv.gz", gzip.compress(HEADER.encode() * 9000)[:-30], "members/2027.csv.gz line .* gzipped"),
    ],
)
def test_a_broken_line_stops_the_search_and_is_named_without_what_stands_there(
    drop: Path, file: str, content: str | bytes, sentence: str
) -> None:
    (drop / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with opened(drop) as partner, pytest.raises(BrokenDataError, match=sentence) as caught:
        search(partner)
    assert "y.example" not in str(caught.value)
    assert str(drop) not in str(caught.value)


def test_a_date_that_is_none_is_named(drop: Path) -> None:
    (drop / "orders.jsonl").write_text('{"member": 1, "at": "soon"}\n')
    with opened(drop) as partner, pytest.raises(BrokenDataError, match=r"orders\.jsonl line 1: 'at' is no date"):
        records(partner, "orders", since=Since(date(2022, 1, 1), UTC))


@pytest.mark.parametrize("content", ["", "id;email;name;phone\n", "id;email;name;phone;opted_out;email\n"])
def test_a_file_without_the_columns_of_the_map_is_named(drop: Path, content: str) -> None:
    (drop / "members" / "2026.csv").write_text(content)
    with opened(drop) as partner, pytest.raises(MapDoesNotFitError, match=r"members/2026\.csv line [01]"):
        partner.presence("members", EMAIL)


def test_a_drop_that_did_not_arrive_is_no_empty_answer(drop: Path) -> None:
    (drop / "orders.jsonl").unlink()
    with opened(drop) as partner, pytest.raises(SourceUnavailableError, match=r"no file is there of orders\.jsonl"):
        partner.presence("orders", EMAIL)
    with opened(drop / "gone") as partner, pytest.raises(SourceUnavailableError, match="can't be read"):
        partner.presence("members", EMAIL)
    with pytest.raises(MapDoesNotFitError, match="no absolute path"):
        opened(Path("drop"))


def test_a_file_that_grows_while_it_is_read_is_read_another_time(drop: Path) -> None:
    (drop / "orders.jsonl").write_text(lines(ORDERS * 300))
    pages = opened(drop).pages("orders", EMAIL, size=1)
    next(pages)
    (drop / "orders.jsonl").write_text(lines(ORDERS * 300))
    os.utime(drop / "orders.jsonl", ns=(1, 1))
    with pytest.raises(SourceUnavailableError, match=r"orders\.jsonl was written to"):
        list(pages)


@pytest.mark.parametrize("where", ["members/2027.csv", "orders.jsonl", "members"])
def test_no_link_leads_out_of_the_folder(drop: Path, tmp_path_factory: pytest.TempPathFactory, where: str) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "2027.csv").write_text(HEADER + ANN)
    if where == "members":
        (drop / "members").rename(outside / "members")
        (drop / where).symlink_to(outside / "members")
    else:
        (drop / where).unlink(missing_ok=True)
        (drop / where).symlink_to(outside / "2027.csv")
    with opened(drop) as partner, pytest.raises(MapDoesNotFitError, match=f"{where} is a link"):
        search(partner)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("files: orders.jsonl", "files: ../orders.jsonl", "is a path below the source's folder"),
        ("files: orders.jsonl", "files: /etc/passwd", "is a path below the source's folder"),
        ("files: orders.jsonl", "files: '**/orders.jsonl'", "is a path below the source's folder"),
        ("files: orders.jsonl", "table: orders", "knows no key 'table'"),
        ("format: csv", "format: xlsx", "can't be 'xlsx'"),
        ("format: json_lines", "format: json_lines\n    delimiter: ','", "is for csv"),
        ('delimiter: ";"', 'delimiter: ";;"', "is one sign"),
        ('delimiter: ";"', "encoding: utf8000", "no encoding 'utf8000'"),
        ('delimiter: ";"', "encoding: base64", "no encoding 'base64'"),
        ('delimiter: ";"', "key: [id]", "knows no key 'key'"),
        ("role: controller", "role: controller\nservice: {signing_key: KEY}", "knows no key 'service'"),
    ],
)
def test_a_fault_of_the_map_is_named_with_its_line(old: str, new: str, sentence: str) -> None:
    with pytest.raises(DataMapError, match=rf"(?m)^line \d+: .*{sentence}"):
        read_data_map(MAP.replace(old, new, 1))


def test_a_deletion_is_done_when_a_person_was_asked_and_did_it(drop: Path, partner: Connector) -> None:
    plan, begun = plan_of(partner, EMAIL, members=Action.DELETE, orders=Action.KEEP), list[bool]()
    with pytest.raises(OnlyByHandError, match="take the rows of the person out of members"):
        partner.delete(plan, before_commit=lambda: begun.append(True))
    assert begun, "from now on another try looks"
    with pytest.raises(OnlyByHandError, match="members has 1 rows more than are to stay"):
        partner.delete(plan, repeated=True)
    (drop / "members" / "2025.csv").write_text(HEADER)
    done = partner.delete(plan, repeated=True)
    assert done.found_done
    assert [(item.name, item.action) for item in done.collections] == [
        ("members", Action.DELETE),
        ("orders", Action.KEEP),
    ]


def test_a_correction_and_an_opt_out_are_done_when_a_person_made_them(drop: Path, partner: Connector) -> None:
    held = [
        (page.last_key, record["what"]) for page in partner.pages("orders", EMAIL, size=1) for record in page.records
    ]
    with pytest.raises(OnlyByHandError, match="write the corrected value to 'what' of 1 rows"):
        partner.correct([Correction("orders", held[:1], "what", "coffee")], EMAIL)
    (drop / "orders.jsonl").write_text((drop / "orders.jsonl").read_text().replace("tea", "coffee"))
    partner.correct([Correction("orders", held[:1], "what", "coffee")], EMAIL)
    with pytest.raises(OnlyByHandError, match="set the columns of members"):
        partner.suppress(Right.OPT_OUT_SALE_SHARE, EMAIL)
    (drop / "members" / "2025.csv").write_text(HEADER + ANN.replace("false", "true"))
    assert partner.suppress(Right.OPT_OUT_SALE_SHARE, EMAIL) == {"members": 1}


def test_what_is_deleted_in_place_of_a_correction_is_done_when_a_person_emptied_it(
    drop: Path, partner: Connector
) -> None:
    held = [
        (page.last_key, record["what"]) for page in partner.pages("orders", EMAIL, size=1) for record in page.records
    ]
    emptied = Correction("orders", held[:1], "what", None)
    with pytest.raises(OnlyByHandError, match=r"a person: empty 'what' of 1 rows of orders$"):
        partner.correct([emptied], EMAIL)
    (drop / "orders.jsonl").write_text((drop / "orders.jsonl").read_text().replace('"tea"', "null"))
    partner.correct([emptied], EMAIL)
