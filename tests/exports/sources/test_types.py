"""Values of every type that a column may have come out as JSON, on each kind of database, from a view too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

import pytest
import sqlalchemy as sa

from exports.sources.connector import Connector, Record, open_source
from exports.sources.datamap import read_data_map
from exports.sources.errors import MapDoesNotFitError
from tests.exports.sources.databases import POSTGRESQL, is_mysql, on

MAP = """
source: types
title: Types
connector: sql
role: controller
purposes: {x: x}
origins: {x: x}
collections:
  - name: things
    title: Things
    table: things_seen
    key: [KEY]
    provided_by_person: true
    purposes: [x]
    collected_from: [x]
    reached: [{by: owner, column: owner}]
    on_delete: delete
    fields: [FIELDS]
"""
COLUMNS: dict[str, dict[str, tuple[str, str, object]]] = {
    "sqlite": {
        "whole": ("INTEGER", "42", 42),
        "truth": ("BOOLEAN", "1", True),
        "no_truth": ("BOOLEAN", "7", 7),
        "amount": ("DECIMAL(10, 2)", "12.5", "12.5"),
        "moment": ("DATETIME", "'2024-05-01 10:30:00.000000'", "2024-05-01T10:30:00"),
        "odd_moment": ("DATETIME", "'last week'", "last week"),
        "epoch": ("DATETIME", "1714559400", 1714559400),
        "day": ("DATE", "'2024-05-01'", "2024-05-01"),
        "bytes": ("BLOB", "x'00ff'", {"$binary": "AP8=", "bytes": 2}),
        "odd": ("SOMETHING", "'as it is'", "as it is"),
        "free": ("", "3.25", "3.25"),
    },
    "postgresql": {
        "whole": ("bigint", "9007199254740993", 9007199254740993),
        "truth": ("boolean", "true", True),
        "amount": ("numeric", "12.50", "12.50"),
        "real": ("double precision", "0.1", "0.1"),
        "moment": ("timestamptz", "'2024-05-01 10:30:00+00'", "2024-05-01T10:30:00+00:00"),
        "day": ("date", "'2024-05-01'", "2024-05-01"),
        "hour": ("time", "'10:30'", "10:30:00"),
        "span": ("interval", "'1 day 01:00'", "1 day 01:00:00"),
        "bytes": ("bytea", "'\\x00ff'", {"$binary": "AP8=", "bytes": 2}),
        "document": ("jsonb", """'{"a": [1, null, 1.5]}'""", {"a": [1, None, "1.5"]}),
        "list": ("text[]", "'{a,NULL}'", ["a", None]),
        "address": ("inet", "'192.0.2.1'", "192.0.2.1"),
        "number": ("uuid", f"'{UUID(int=7)}'", str(UUID(int=7))),
        "point": ("point", "'(1,2)'", "(1,2)"),
    },
    "mariadb": {
        "whole": ("BIGINT UNSIGNED", "18446744073709551615", 18446744073709551615),
        "truth": ("BOOLEAN", "1", True),
        "small": ("TINYINT(4)", "1", 1),
        "amount": ("DECIMAL(10, 2)", "12.5", "12.50"),
        "moment": ("DATETIME(6)", "'2024-05-01 10:30:00.5'", "2024-05-01T10:30:00.500000"),
        "no_moment": ("DATETIME", "NULL", None),
        "stamp": ("TIMESTAMP", "'2024-05-01 10:30:00'", "2024-05-01T10:30:00+00:00"),
        "day": ("DATE", "'2024-05-01'", "2024-05-01"),
        "hour": ("TIME", "'10:30'", "10:30:00"),
        "year_of": ("YEAR", "2024", 2024),
        "bytes": ("VARBINARY(20)", "x'00ff'", {"$binary": "AP8=", "bytes": 2}),
        "document": ("JSON", """'{"a": 1}'""", '{"a": 1}'),
        "choice": ("ENUM('a', 'b')", "'b'", "b"),
        "several": ("SET('a', 'b')", "'a,b'", "a,b"),
        "prose": ("LONGTEXT", "repeat('é', 100000)", "é" * 100_000),
        "number": ("UUID", f"'{UUID(int=7)}'", str(UUID(int=7))),
    },
}
KEYS = {"sqlite": "BLOB", "postgresql": "bytea", "mariadb": "BINARY(16)"}


@pytest.fixture(scope="module")
def types(kind: str, small_url: str) -> Mapping[str, tuple[str, str, object]]:
    """The columns of a kind; MySQL, where it stands in for MariaDB, has no UUID."""
    lacking = {"number"} if is_mysql(small_url) else set()
    return {name: entry for name, entry in COLUMNS[kind].items() if name not in lacking}


@pytest.fixture(scope="module")
def things(kind: str, small_url: str, types: Mapping[str, tuple[str, str, object]]) -> Iterator[Connector]:
    """Two rows of one of each, with a binary key, behind a view."""
    engine = sa.create_engine(small_url)
    columns = ", ".join(f"{name} {type_}" for name, (type_, _, _) in types.items())
    values = ", ".join(value for _, value, _ in types.values())
    with engine.begin() as connection:
        if kind == "mariadb":
            connection.exec_driver_sql("SET time_zone = '+00:00'")  # in which the stamp is written; it is read in UTC
        connection.exec_driver_sql(f"CREATE TABLE all_things (id {KEYS[kind]}, owner varchar(20), {columns})")
        for number in (1, 2):
            key = f"{number:032x}"
            literal = f"'\\x{key}'" if kind == "postgresql" else f"x'{key}'"
            connection.exec_driver_sql(f"INSERT INTO all_things VALUES ({literal}, 'ann', {values})")
        connection.exec_driver_sql("CREATE VIEW things_seen AS SELECT * FROM all_things")
    fields = ", ".join(f"{{column: {name}, title: {name}, category: commercial}}" for name in types)
    with open_source(
        read_data_map(MAP.replace("KEY", "id").replace("FIELDS", fields)), read_url=small_url
    ) as connector:
        yield connector
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP VIEW things_seen")
        connection.exec_driver_sql("DROP TABLE all_things")
    engine.dispose()


def test_every_type_becomes_json(things: Connector, types: Mapping[str, tuple[str, str, object]]) -> None:
    (page,) = things.pages("things", {"owner": ["ann"]})
    expected: Record = {name: value for name, (_, _, value) in types.items()}  # type: ignore[misc]
    assert page.records[0] == expected
    held = {name for name, value in expected.items() if value is not None}
    assert set(things.presence("things", {"owner": ["ann"]}).held) == held


def test_a_binary_key_pages_and_resumes(things: Connector) -> None:
    first, second = things.pages("things", {"owner": ["ann"]}, size=1)
    assert first.last_key == ("$binary:AAAAAAAAAAAAAAAAAAAAAQ==",)
    (again,) = things.pages("things", {"owner": ["ann"]}, after=first.last_key)
    assert again.keys == second.keys


@on(POSTGRESQL)  # which has an order for documents, and what is no single value in them
def test_a_document_is_no_key(small_url: str, things: Connector) -> None:
    text = MAP.replace("KEY", "document").replace("FIELDS", "{column: whole, title: W, category: commercial}")
    connector = open_source(read_data_map(text), read_url=small_url)
    with connector, pytest.raises(MapDoesNotFitError, match="a key is made of single values"):
        list(connector.pages("things", {"owner": ["ann"]}))
