"""Whatever a database can hold is gathered as it stands there, written alike as JSON and as CSV, and can be deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from jsonschema import Draft202012Validator

from exports import findings
from exports.bundle import schema, spreadsheet
from exports.sources.connector import Action, Connector, DeletionPlan, KeySet, Mode, PlannedCollection, open_source
from exports.sources.datamap import read_data_map
from exports.sources.datamap.choosing import with_only
from exports.sources.errors import MapDoesNotFitError
from tests.exports.csv_text import records_of
from tests.exports.sources.databases import MARIADB, POSTGRESQL, SQLITE, encoded_database, is_mysql, on

MAP = """
source: odd
title: Odd
connector: sql
role: controller
purposes: {x: x}
origins: {x: x}
collections:
  - name: things
    title: Things
    table: odd_things
    key: [KEY]
    provided_by_person: true
    purposes: [x]
    collected_from: [x]
    reached: [{by: owner, column: owner}]
    on_delete: delete
    fields: [FIELDS]
"""
CHILD = """
  - name: children
    title: Children
    table: odd_children
    key: [id]
    provided_by_person: true
    purposes: [x]
    collected_from: [x]
    reached: [{from: things, columns: {thing: odd}}]
    on_delete: delete
    fields: [{column: id, title: id, category: commercial}]
"""
ANN = {"owner": ["ann"]}
NESTED = "[" * 200 + "]" * 200

# A column's type, what is put into it, and what is gathered.
Table = Mapping[str, tuple[str, str, object]]
POSTGRESQL_VALUES: Table = {
    "endless": ("date", "'infinity'", "infinity"),
    "caesar": ("date", "'0044-03-15 BC'", "0044-03-15 BC"),
    "far": ("date", "'12024-01-31'", "12024-01-31"),
    "never": ("timestamptz", "'-infinity'", "-infinity"),
    "ancient": ("timestamp", "'0044-03-15 12:00 BC'", "0044-03-15 12:00:00 BC"),
    "far_moment": ("timestamptz", "'294276-12-31 23:59:59.999999+00'", "294276-12-31 23:59:59.999999+00"),
    "local": ("timestamp", "'2024-05-01 10:30:00.5'", "2024-05-01T10:30:00.500000"),
    "elsewhere": ("timestamptz", "'2024-05-01 10:30:00+05:30'", "2024-05-01T05:00:00+00:00"),
    "midnight": ("time", "'24:00'", "24:00:00"),
    "zoned": ("timetz", "'24:00:00+15:59'", "24:00:00+15:59"),
    "month": ("interval", "'1 mon'", "1 mon"),
    "days": ("interval", "'30 days'", "30 days"),
    "mixed": ("interval", "'1 year -2 months 3 days -04:05:06.7'", "10 mons 3 days -04:05:06.7"),
    "half_a_sign": ("json", r"""'{"a": "\ud800"}'""", r'{"a": "\ud800"}'),
    "no_sign": ("json", r"""'{"a": "\u0000"}'""", {"a": "\0"}),
    "twice": ("json", """'{"a": 1,  "a": 2}'""", '{"a": 1,  "a": 2}'),
    "deep": ("json", f"'{NESTED}'", NESTED),
    "many_digits": ("json", f"'[{'7' * 5000}]'", f"[{'7' * 5000}]"),
    "minus_nothing": ("json", "'[-0]'", ["-0"]),
    "exact": ("jsonb", "'[0.1000000000000000055, 12345678901234567890123]'",
              ["0.1000000000000000055", 12345678901234567890123]),
    "huge": ("json", "'[1e400]'", ["1e400"]),
    "json_null": ("jsonb", "'null'", "null"),
    "json_text": ("jsonb", """'"null"'""", '"null"'),
    "json_number": ("jsonb", "'5'", "5"),
    "not_a_number": ("numeric", "'NaN'", "NaN"),
    "most": ("numeric", "'-Infinity'", "-Infinity"),
    "tiny": ("numeric", "0.0000000001", "0.0000000001"),
    "zeros": ("numeric(12, 4)", "1.5", "1.5000"),
    "real": ("real", "0.1", "0.1"),
    "double": ("double precision", "'Infinity'", "Infinity"),
    "exact_double": ("double precision", "0.1::float8 + 0.2::float8", "0.30000000000000004"),
    "price": ("money", "'12.50'", None),  # by the locale of the server
    "nested": ("text[]", "'{{a,NULL},{NULL,\"b,c\"}}'", [["a", None], [None, "b,c"]]),
    "no_entries": ("integer[]", "'{}'", []),
    "from_zero": ("integer[]", "'[0:1]={1,2}'", "[0:1]={1,2}"),
    "dates": ("date[]", "'{infinity,NULL,2024-05-01}'", ["infinity", None, "2024-05-01"]),
    "moments": ("timestamptz[]", "'{infinity,2024-05-01 10:30:00+00}'", ["infinity", "2024-05-01T10:30:00+00:00"]),
    "documents": ("json[]", r"""ARRAY['{"a": 1}', '"\ud800"']::json[]""", [{"a": 1}, r'"\ud800"']),
    "all_of_time": ("daterange", "'[-infinity,infinity]'", "[-infinity,infinity]"),
    "few": ("int4range", "'(1,5]'", "[2,6)"),
    "none_of": ("int4range", "'empty'", "empty"),
    "spans": ("datemultirange", "'{[2024-01-01,2024-02-01),[12024-01-01,)}'",
              "{[2024-01-01,2024-02-01),[12024-01-01,)}"),
    "moment_span": ("tstzrange", "'[2024-05-01 10:30+00,infinity)'", '["2024-05-01 10:30:00+00",infinity)'),
    "pair": ("odd_pair", "ROW(1, 'a b')", '(1,"a b")'),
    "pairs": ("odd_pair[]", "ARRAY[ROW(1, NULL)::odd_pair]", '{"(1,)"}'),
    "narrow": ("odd_domain", "'infinity'", "infinity"),
    "mood": ("odd_mood", "'so-so'", "so-so"),
    "moods": ("odd_mood[]", "'{so-so,NULL}'", "{so-so,NULL}"),
    "options": ("hstore", "'a=>NULL, \"b c\"=>\"\"'", {"a": None, "b c": ""}),
    "any_case": ("citext", "'Ann'", "Ann"),
    "network": ("cidr", "'192.0.2.0/24'", "192.0.2.0/24"),
    "host": ("inet", "'192.0.2.7/24'", "192.0.2.7/24"),
    "mapped": ("inet", "'::ffff:1.2.3.4'", "::ffff:1.2.3.4"),
    "card": ("macaddr", "'08:00:2b:01:02:03'", "08:00:2b:01:02:03"),
    "page": ("xml", "'<a>1</a>'", "<a>1</a>"),
    "words": ("tsvector", "'a fat cat'", "'a' 'cat' 'fat'"),
    "place": ("point", "'(1,2.5)'", "(1,2.5)"),
    "shape": ("polygon", "'((0,0),(1,1),(1,0))'", "((0,0),(1,1),(1,0))"),
    "guid": ("uuid", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    "bytes": ("bytea", "'\\x00ff'", {"$binary": "AP8=", "bytes": 2}),
    "padded": ("char(5)", "'ab'", "ab   "),
    "one_letter": ('"char"', "'x'", "x"),
    "bits": ("bit(5)", "B'00101'", "00101"),
    "more_bits": ("varbit", "B'0'", "0"),
    "number_of_object": ("oid", "4294967295", 4294967295),
}  # fmt: skip
MARIADB_VALUES: Table = {
    "zero_day": ("DATE", "'0000-00-00'", "0000-00-00"),
    "zero_in": ("DATE", "'2024-00-15'", "2024-00-15"),
    "zero_moment": ("DATETIME", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
    "zero_stamp": ("TIMESTAMP NULL", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
    "stamp": ("TIMESTAMP(6) NULL", "'2024-05-01 10:30:00.25'", "2024-05-01T10:30:00.250000+00:00"),
    "local": ("DATETIME", "'9999-12-31 23:59:59'", "9999-12-31T23:59:59"),
    "lengthy": ("TIME", "'838:59:59'", "838:59:59"),
    "back": ("TIME(3)", "'-30:15:00.5'", "-30:15:00.500"),
    "early": ("TIME", "'09:05:00'", "09:05:00"),
    "flag": ("BIT(1)", "b'1'", "1"),
    "bits": ("BIT(12)", "b'000000000101'", "000000000101"),
    "all_bits": ("BIT(64)", "18446744073709551615", "1" * 64),
    "choice": ("ENUM('a', '', 'b c')", "''", ""),
    "several": ("SET('a', 'b', 'c')", "'c,a'", "a,c"),
    "none_of": ("SET('a')", "''", ""),
    "tiny": ("DECIMAL(20, 10)", "0.0000000001", "0.0000000001"),
    "wide": ("DECIMAL(65, 0)", "9" * 65, "9" * 65),
    "single": ("FLOAT", "0.1", "0.1"),
    "twofold": ("DOUBLE", "1e300", "1e300"),
    "half": ("TINYINT(1)", "7", 7),
    "year_of": ("YEAR", "0", 0),
    "document": ("JSON", """'{"a":  1e400, "a": 1}'""", '{"a":  1e400, "a": 1}'),
    "no_sign": ("TEXT", "CONCAT('a', CHAR(0), 'b')", "a\0b"),
    "latin": ("VARCHAR(9) CHARACTER SET latin1", "'é€'", "é€"),
    "raw": ("BINARY(3)", "'a'", {"$binary": "YQAA", "bytes": 3}),
    "padded": ("CHAR(5)", "'ab'", "ab"),
    "network": ("INET6", "'::ffff:1.2.3.4'", "::ffff:1.2.3.4"),
    "guid": ("UUID", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    "place": ("POINT", "POINT(1, 2)", {"$binary": "AAAAAAEBAAAAAAAAAAAA8D8AAAAAAAAAQA==", "bytes": 25}),
}  # fmt: skip
SQLITE_VALUES: Table = {
    "no_text": ("TEXT", "CAST(x'61ff' AS TEXT)", {"$binary": "Yf8=", "bytes": 2}),
    "text_in_whole": ("INTEGER", "'abc'", "abc"),
    "part_in_whole": ("INTEGER", "1.5", "1.5"),
    "bytes_in_text": ("TEXT", "x'6162'", {"$binary": "YWI=", "bytes": 2}),
    "text_in_truth": ("BOOLEAN", "'yes'", "yes"),
    "half_truth": ("BOOLEAN", "0.5", "0.5"),
    "day_in_moment": ("DATETIME", "'2024-05-01'", "2024-05-01"),
    "packed_moment": ("DATETIME", "'20240501'", 20240501),  # the column makes it a number
    "week": ("DATETIME", "'2024-W18-3'", "2024-W18-3"),
    "zoned_moment": ("DATETIME", "'2024-05-01 10:30:00+02:00'", "2024-05-01T10:30:00+02:00"),
    "julian": ("DATE", "2460431.5", "2460431.5"),
    "no_day": ("DATE", "'0000-00-00'", "0000-00-00"),
    "most": ("REAL", "9e999", "inf"),
    "exact": ("REAL", "0.1 + 0.2", "0.30000000000000004"),
    "document": ("JSON", """'{"a": 1e400}'""", '{"a": 1e400}'),
    "no_sign": ("TEXT", "'a' || char(0) || 'b'", "a\0b"),
    "largest": ("INTEGER", "9223372036854775807", 2**63 - 1),
    "anything": ("", "x''", {"$binary": "", "bytes": 0}),
}  # fmt: skip
MARIADB_ALONE = {"network", "guid"}  # types that MySQL lacks
BY_MYSQL: Table = {"document": ("JSON", """'{"a":  1e300, "b": 1}'""", '{"a": 1e300, "b": 1}')}
VALUES = {"postgresql": POSTGRESQL_VALUES, "mariadb": MARIADB_VALUES, "sqlite": SQLITE_VALUES}
BEFORE = {
    "postgresql": (
        "CREATE EXTENSION IF NOT EXISTS hstore",
        "CREATE EXTENSION IF NOT EXISTS citext",
        "CREATE TYPE odd_pair AS (a integer, b text)",
        "CREATE TYPE odd_mood AS ENUM ('so-so')",
        "CREATE DOMAIN odd_domain AS date",
    ),
    "mariadb": (),
    "sqlite": (),
}
AFTER = {
    "postgresql": ("DROP TYPE odd_pair", "DROP TYPE odd_mood", "DROP DOMAIN odd_domain"),
    "mariadb": (),
    "sqlite": (),
}


@pytest.fixture(scope="module")
def odd_engine(kind: str, small_url: str) -> Iterator[sa.Engine]:
    """A database with the types of the tables above, and a session that lets zero dates in."""
    engine = sa.create_engine(small_url)
    with engine.begin() as connection:
        for statement in BEFORE[kind]:
            connection.exec_driver_sql(statement)
    yield engine
    with engine.begin() as connection:
        for statement in AFTER[kind]:
            connection.exec_driver_sql(statement)
    engine.dispose()


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A session that lets zero dates in, and whose moments are those of UTC."""
    with engine.begin() as connection:
        if engine.dialect.name in ("mysql", "mariadb"):
            connection.exec_driver_sql("SET time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES'")
        yield connection


@contextmanager
def things(
    engine: sa.Engine, columns: Mapping[str, tuple[str, str]], *, key: str, child: str = ""
) -> Iterator[Connector]:
    """A table with these columns, by name: type and value. Ann has one row of it, and Bob one that is the same."""
    declared = ", ".join(f"{name} {type_}" for name, (type_, _) in columns.items())
    values = ", ".join(value for _, value in columns.values())
    with writing(engine) as connection:
        connection.exec_driver_sql(f"CREATE TABLE odd_things (id integer, owner varchar(20), {declared})")
        for number, owner in ((1, "ann"), (2, "bob"), (3, "ann")):
            connection.exec_driver_sql(
                f"INSERT INTO odd_things VALUES ({number}, '{owner}', {values})".replace("%", "%%")
            )
    fields = ", ".join(f"{{column: {name}, title: {name}, category: commercial}}" for name in columns)
    text = MAP.replace("KEY", key).replace("FIELDS", fields) + child
    url = engine.url.render_as_string(hide_password=False)
    try:
        with open_source(read_data_map(text), read_url=url, write_url=url) as connector:
            yield connector
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE odd_things")


def values_of(kind: str, engine: sa.Engine) -> Table:
    """The table of a kind; MySQL stands in for MariaDB where it is named instead."""
    if not is_mysql(engine.url):
        return VALUES[kind]
    return {name: entry for name, entry in {**VALUES[kind], **BY_MYSQL}.items() if name not in MARIADB_ALONE}


def check_that_all_is_as_it_stands(engine: sa.Engine, values: Table) -> None:
    """One value a column, gathered in the two rows of Ann."""
    with things(engine, {name: (type_, value) for name, (type_, value, _) in values.items()}, key="id") as connector:
        (page,) = connector.pages("things", ANN)
        held = connector.presence("things", ANN)
        collection = connector.datamap.collection("things")
    expected = {name: value for name, (_, _, value) in values.items()}
    expected |= {"price": page.records[0]["price"]} if "price" in expected else {}
    assert {name: value for name, value in page.records[0].items() if value != expected[name]} == {}
    assert page.records == [expected, expected]
    assert held.rows == 2
    assert {name for name, value in expected.items() if value != ""} == set(held.held)
    lines = findings.encoded(page.records)
    assert [json.loads(line) for line in lines.splitlines()] == page.records
    assert records_of(b"".join(spreadsheet.lines(list(values), [page.records]))) == page.records
    described = schema.of_records(collection, list(values), withheld=set(), language="en")
    assert not list(Draft202012Validator(described).iter_errors(json.loads(lines.splitlines()[0])))


@on(POSTGRESQL)
def test_postgresql_gives_what_stands_there(odd_engine: sa.Engine) -> None:
    check_that_all_is_as_it_stands(odd_engine, POSTGRESQL_VALUES)


@on(MARIADB)
def test_mariadb_gives_what_stands_there(odd_engine: sa.Engine) -> None:
    check_that_all_is_as_it_stands(odd_engine, values_of("mariadb", odd_engine))


@on(SQLITE)
def test_sqlite_gives_what_stands_there(odd_engine: sa.Engine) -> None:
    check_that_all_is_as_it_stands(odd_engine, SQLITE_VALUES)


# These are no keys: PostgreSQL can't compare them, or takes no text for them, or their JSON is a list.
NO_KEYS = {
    "postgresql": {"half_a_sign", "no_sign", "twice", "deep", "many_digits", "minus_nothing", "exact", "huge", "nested",
                   "no_entries", "from_zero", "dates", "moments", "documents", "moods", "options", "page", "place",
                   "shape", "pairs", "pair"},
    "mariadb": {"single", "place"},  # a FLOAT equals no number with a point that can be written
    "sqlite": set[str](),
}  # fmt: skip


@pytest.mark.slow
def test_an_odd_key_pages_leads_on_and_is_deleted(odd_engine: sa.Engine, kind: str) -> None:
    for name, (type_, value, _) in values_of(kind, odd_engine).items():
        if name in NO_KEYS[kind] or (name == "document" and is_mysql(odd_engine.url)):
            continue
        with things(odd_engine, {"odd": (type_, value)}, key="odd, id", child=CHILD) as connector:
            with writing(odd_engine) as connection:
                connection.exec_driver_sql(f"CREATE TABLE odd_children (id integer, thing {type_})")
                connection.exec_driver_sql(f"INSERT INTO odd_children VALUES (1, {value})")
            try:
                assert what_is_left_of_deleting(connector, odd_engine) == ["bob"], name
            finally:
                with odd_engine.begin() as connection:
                    connection.exec_driver_sql("DROP TABLE odd_children")


def what_is_left_of_deleting(connector: Connector, engine: sa.Engine) -> list[str]:
    """Walk row by row, look at children, narrow to what was chosen, and delete Ann's rows; whose rows are left."""
    first, second = connector.pages("things", ANN, mode=Mode.PLAN, size=1)
    assert [page.keys[0][1] for page in (first, second)] == [1, 3]
    (behind,) = connector.pages("things", ANN, mode=Mode.PLAN, after=first.last_key)
    assert behind.keys == second.keys
    assert connector.presence("children", ANN).rows == 1
    narrowed = with_only(connector.datamap, "things", frozenset(second.keys))
    url = engine.url.render_as_string(hide_password=False)
    with open_source(narrowed, read_url=url) as chosen:
        assert [page.keys for page in chosen.pages("things", ANN)] == [second.keys]
    found = KeySet()
    found.add([*first.keys, *second.keys])
    planned = PlannedCollection("things", Action.DELETE, 2, found.hexdigest())
    done = connector.delete(DeletionPlan(ANN, (planned,)))
    assert done.collections[0].rows == 2
    with engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT owner FROM odd_things")).scalars())


# MariaDB's FLOAT is compared as another number than the one that it is written as.
WHY_NO_KEY = {
    "postgresql": {"pair": "composite", "pairs": "composite", "page": "composite", "place": "composite",
                   "twice": "is json", "nested": "several values", "options": "several values"},
    "mariadb": {"single": "is a FLOAT"},
}  # fmt: skip


@on(POSTGRESQL, MARIADB)  # SQLite compares whatever it holds
def test_what_is_no_key_is_told_by_a_check_before_a_row_is_read(odd_engine: sa.Engine, kind: str) -> None:
    json_too = {"document": "is JSON"} if is_mysql(odd_engine.url) else {}
    for name, why in (WHY_NO_KEY[kind] | json_too).items():
        type_, value, _ = values_of(kind, odd_engine)[name]
        named = pytest.raises(
            MapDoesNotFitError, match=rf"things\.odd .*{why}.*, so it can't be a key, .*; name another"
        )
        with things(odd_engine, {"odd": (type_, value)}, key="odd, id") as connector, named:
            connector.check()


@pytest.mark.services
def test_a_database_that_checks_no_encoding_gives_its_texts_and_the_bytes_of_what_is_none(postgres_server: str) -> None:
    """Of PostgreSQL, by the encoding SQL_ASCII."""
    columns = {"odd": ("text", "convert_from('\\x61ff', 'SQL_ASCII')"), "day": ("date", "'infinity'"),
               "word": ("varchar(9)", "convert_from('\\xc3a9', 'SQL_ASCII')"), "sum": ("numeric", "1.50"),
               "many": ("text[]", "ARRAY['a']")}  # fmt: skip
    expected = {"odd": {"$binary": "Yf8=", "bytes": 2}, "day": "infinity", "word": "é", "sum": "1.50", "many": ["a"]}
    with encoded_database(postgres_server, "SQL_ASCII") as url:
        engine = sa.create_engine(url)
        with things(engine, columns, key="odd, id", child=CHILD) as connector:
            with engine.begin() as connection:
                connection.exec_driver_sql("CREATE TABLE odd_children (id integer, thing text)")
                connection.exec_driver_sql("INSERT INTO odd_children SELECT id, odd FROM odd_things WHERE id = 1")
            assert [page.records for page in connector.pages("things", ANN)] == [[expected, expected]]
            assert what_is_left_of_deleting(connector, engine) == ["bob"]
        engine.dispose()
