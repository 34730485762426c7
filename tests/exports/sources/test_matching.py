"""A value is compared as the map says, always as a whole, and to the letter on every kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Uuid,
)
from sqlalchemy.dialects import mysql, postgresql

from exports.sources.comparing import email_forms
from exports.sources.connector import Connector, open_source
from exports.sources.datamap import DataMap, read_data_map
from exports.sources.sql import reading
from tests.exports.sources.databases import is_mysql

ROOTS = """
      - {by: code, column: code, compare: exact}
      - {by: loose_code, column: loose_code, compare: exact}
      - {by: folded, column: code, compare: casefold}
      - {by: email, column: email, compare: email}
      - {by: phone, column: phone, compare: digits}
      - {by: phone_number, column: phone_number, compare: digits}
      - {by: number, column: number}
      - {by: small, column: small}
      - {by: amount, column: amount}
      - {by: day, column: day}
      - {by: uid, column: uid}
      - {by: sort, column: sort}
"""
MAP = f"""
source: things
title: Things
connector: sql
role: controller
purposes: {{x: x}}
origins: {{x: x}}
collections:
  - name: things
    title: Things
    table: things
    key: [id]
    provided_by_person: true
    purposes: [x]
    collected_from: [x]
    reached: {ROOTS}
    on_delete: delete
    fields: [{{column: id, title: Id, category: identifiers}}]
  - name: notes
    title: Notes
    table: notes
    key: [id]
    provided_by_person: true
    purposes: [x]
    collected_from: [x]
    reached: [{{from: things, columns: {{owner: code}}}}]
    on_delete: delete
    fields: [{{column: owner, title: Owner, category: identifiers}}]
  - name: pairs
    title: Notes by two columns
    table: notes
    key: [id]
    provided_by_person: true
    purposes: [x]
    collected_from: [x]
    reached: [{{from: things, columns: {{owner: code, thing: id}}}}]
    on_delete: delete
    fields: [{{column: owner, title: Owner, category: identifiers}}]
"""

THINGS = [
    {"id": 1, "code": "ab-1", "email": "ann@club.example", "phone": "(415) 555-0101", "number": 7, "sort": "red"},
    {"id": 2, "code": "AB-1", "email": "ANN@CLUB.EXAMPLE ", "phone": "415.555.0101", "number": 70, "sort": "blue"},
    {"id": 3, "code": "áb-1", "email": "ann@club.example.org", "phone": "+1 415 555 0101"},
    {"id": 4, "code": "ab-1 ", "email": "o'hara@bücher.example", "phone": ""},
    {"id": 5, "code": "O'Hara; DROP TABLE things --", "email": "O'HARA@xn--bcher-kva.example"},
    {"id": 6, "code": "a%_1", "email": "xann@club.example", "phone": "no digits"},
    {"id": 7, "code": "Zoë", "email": "ann@club.example\u200b"},
    {"id": 8, "code": "ZOË"},
]
EMPTY = dict.fromkeys(("code", "email", "phone", "number", "sort"))


def _tables(kind: str) -> tuple[Table, Table]:
    loose = {
        "sqlite": String(40, collation="NOCASE"),
        "postgresql": String(40, collation="loose"),
        "mariadb": String(40),
    }[kind]
    sort = {
        "sqlite": String(10),
        "postgresql": postgresql.ENUM("red", "blue", name="sort_of_thing"),
        "mariadb": mysql.ENUM("red", "blue"),
    }[kind]
    tables = MetaData()
    notes = Table(
        "notes",
        tables,
        Column("id", Integer, primary_key=True),
        Column("owner", String(60)),
        Column("thing", Integer),
        mysql_charset="utf8mb4",
    )
    things = Table(
        "things",
        tables,
        Column("id", Integer, primary_key=True),
        Column("code", String(60)),
        Column("loose_code", loose),
        Column("email", String(80)),
        Column("phone", String(40)),
        Column("phone_number", BigInteger),
        Column("number", Integer),
        Column("small", SmallInteger),
        Column("amount", Numeric(10, 2, asdecimal=kind != "sqlite")),
        Column("day", Date),
        Column("uid", Uuid()),
        Column("raw", LargeBinary),
        Column("sort", sort),
        mysql_charset="utf8mb4",
    )
    return things, notes


@pytest.fixture(scope="module")
def things(kind: str, small_url: str) -> Iterator[Connector]:
    """Rows that are nearly alike."""
    engine = sa.create_engine(small_url)
    table, notes = _tables(kind)
    with engine.begin() as connection:
        if kind == "postgresql":
            options = "provider = icu, locale = 'und-u-ks-level2', deterministic = false"
            connection.execute(sa.text(f"CREATE COLLATION IF NOT EXISTS loose ({options})"))
        table.metadata.drop_all(connection)
        table.metadata.create_all(connection)
        more = {"day": date(2024, 2, 29), "small": 7, "amount": 1.5 if kind == "sqlite" else Decimal("1.50")}
        for row in THINGS:
            numbered = {"uid": UUID(int=int(str(row["id"]))), "phone_number": 4155550100 + int(str(row["id"]))}
            connection.execute(table.insert(), EMPTY | more | numbered | row | {"loose_code": row["code"]})
            connection.execute(notes.insert(), {"id": row["id"], "owner": row["code"], "thing": row["id"]})
    with open_source(read_data_map(MAP), read_url=small_url) as connector:
        yield connector
    table.metadata.drop_all(engine)
    engine.dispose()


FOUND: list[tuple[str, str, list[int]]] = [
    ("code", "ab-1", [1]),
    ("code", "AB-1", [2]),
    ("code", "áb-1", [3]),
    ("code", "ab-1 ", [4]),
    ("code", "ab", []),
    ("code", "%", []),
    ("code", "a__1", []),
    ("code", "a%_1", [6]),
    ("code", "O'Hara; DROP TABLE things --", [5]),
    ("code", "' OR '1'='1", []),
    ("code", "\0ab-1", []),
    ("code", "", []),
    ("loose_code", "ab-1", [1]),
    ("loose_code", "aB-1", []),
    ("loose_code", "AB-1", [2]),
    ("folded", "Ab-1", [1, 2]),
    ("folded", "ab-1 ", [4]),
    ("folded", "zoë", [7, 8]),
    ("folded", "zoe", []),
    ("folded", " ", []),
    ("email", "ann@club.example", [1, 2]),
    ("email", "  Ann@Club.Example", [1, 2]),
    ("email", "ann@club", []),
    ("email", "@club.example", []),
    ("email", "O'Hara@bücher.example", [4, 5]),
    ("email", "o'hara@XN--BCHER-KVA.example", [4, 5]),
    ("email", "аnn@club.example", []),  # noqa: RUF001 - a Cyrillic letter
    ("phone", "415 555 0101", [1, 2]),
    ("phone", "+1 (415) 555-0101", [3]),
    ("phone", "5550101", []),
    ("phone", "no digits", []),
    ("phone", "٤١٥٥٥٥٠١٠١", []),
    ("phone_number", "415-555-0102", [2]),
    ("number", "7", [1]),
    ("number", "07", []),
    ("number", "7.0", []),
    ("number", " 7", []),
    ("number", "seven", []),
    ("number", "99999999999", []),
    ("number", "9" * 40, []),
    ("small", "40000", []),
    ("small", "7", [1, 2, 3, 4, 5, 6, 7, 8]),
    ("amount", "1.50", [1, 2, 3, 4, 5, 6, 7, 8]),
    ("amount", "much", []),
    ("amount", "Infinity", []),
    ("day", "2024-02-29", [1, 2, 3, 4, 5, 6, 7, 8]),
    ("day", "2024-02-30", []),
    ("uid", "00000000-0000-0000-0000-000000000003", [3]),
    ("uid", "3", []),
    ("sort", "red", [1]),
    ("sort", "green", []),
]


@pytest.fixture(scope="module")
def has_uuids(kind: str, small_url: str) -> bool:
    """Whether the database has a type for them."""
    return kind != "sqlite" and not is_mysql(small_url)


@pytest.mark.parametrize(("by", "value", "ids"), FOUND)
def test_a_value_finds_exactly_its_rows(
    by: str, value: str, ids: list[int], things: Connector, has_uuids: bool
) -> None:
    if by == "uid" and not has_uuids:  # the text is compared as it stands
        value = value.replace("-", "")
    pages = things.pages("things", {by: [value]})
    assert [record["id"] for page in pages for record in page.records] == ids


def test_several_values_of_one_kind_find_the_rows_of_each(things: Connector) -> None:
    (page,) = things.pages("things", {"code": ["ab-1", "AB-1", "ab-1", "nobody"]})
    assert page.keys == [(1,), (2,)]


def test_identifiers_of_a_kind_that_leads_nowhere_find_nothing(things: Connector) -> None:
    assert list(things.pages("things", {"loyalty_card": ["ab-1"]})) == []
    assert things.presence("things", {}).rows == 0
    assert things.subjects({"code": []}) == 0


@pytest.mark.parametrize("few", [100, 0])
@pytest.mark.parametrize("collection", ["notes", "pairs"])
def test_texts_join_to_the_letter_too(
    things: Connector, collection: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "FEW", few)
    for numbers, ids in ((["7"], [(1,)]), (["70"], [(2,)]), (["700"], []), (["7", "70"], [(1,), (2,)])):
        pages = things.pages(collection, {"number": numbers})
        assert [key for page in pages for key in page.keys] == ids


@pytest.mark.parametrize(
    ("address", "forms"),
    [
        ("Ann@Club.Example ", ("ann@club.example",)),
        ("a@Bücher.example", ("a@bücher.example", "a@xn--bcher-kva.example")),
        ("a@xn--bcher-kva.example", ("a@xn--bcher-kva.example", "a@bücher.example")),
        ("a@bu\u0308cher.example", ("a@bücher.example", "a@xn--bcher-kva.example")),
        ("a@faß.example", ("a@faß.example",)),
        ("a@fass.example", ("a@fass.example",)),
        ("a@\u03b2\u03cc\u03bb\u03bf\u03c2.example", ("a@\u03b2\u03cc\u03bb\u03bf\u03c2.example",)),
        ("a@\uff45xample.example", ("a@\uff45xample.example",)),
        ("no address", ("no address",)),
        ("a@" + "x" * 70 + ".example", ("a@" + "x" * 70 + ".example",)),
        ("a@b..example", ("a@b..example",)),
    ],
)
def test_the_forms_of_an_address(address: str, forms: tuple[str, ...]) -> None:
    assert email_forms(address) == forms


def test_the_map_is_the_only_way_in(things: Connector) -> None:
    datamap: DataMap = things.datamap
    assert datamap.kinds_asked.isdisjoint({"id", "raw"})
