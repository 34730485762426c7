"""A database that lacks letters is asked by them all the same: what it can't hold is not there, and is not written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from exports.sources.connector import Connector, Correction, open_source
from exports.sources.datamap import read_data_map
from exports.sources.errors import ChangeRefusedError
from exports.sources.sql import reading
from exports.sources.sql.folding import lowered_by_a_server
from requests_app.law.words import Right
from tests.exports.sources.databases import empty_database, encoded_database

MAP = """
source: club
title: Club
connector: sql
role: controller
purposes: {x: x}
origins: {x: x}
collections:
  - name: people
    title: People
    table: people
    key: [id]
    provided_by_person: true
    purposes: [x]
    collected_from: [x]
    reached:
      - {by: handle, column: name}
      - {by: folded, column: name, compare: casefold}
      - {by: email, column: name, compare: email}
      - {by: phone, column: name, compare: {e164: US}}
      - {by: number, column: id}
    suppress: {opt_out_sale_share: {opted_out: 1}}
    on_delete: delete
    fields:
      - {column: name, title: Name, category: identifiers, match: {kind: handle, compare: exact}, reliable: true,
         correctable: true}
  - name: notes
    title: Notes
    table: notes
    key: [id]
    provided_by_person: true
    purposes: [x]
    collected_from: [x]
    reached: [{from: people, columns: {owner: name}}]
    on_delete: delete
    fields: [{column: owner, title: Owner, category: identifiers}]
"""
PEOPLE = {1: "José", 2: "JOSÉ", 3: "jose", 4: "?ukasz", 5: "émile zéphyr", 6: "Émile ZÉphyr"}
POLISH = {7: "Łukasz"}  # where the encoding has him
# PostgreSQL by the encoding of the database, MariaDB by those of the two tables.
POSTGRESQL = ("LATIN1", "SQL_ASCII", "UTF8")
MARIADB = {
    "latin1 COLLATE latin1_german1_ci": "utf8mb4 COLLATE utf8mb4_unicode_ci",
    "utf8mb4 COLLATE utf8mb4_general_ci": "utf8mb4 COLLATE utf8mb4_unicode_ci",
    "utf8mb4 COLLATE utf8mb4_unicode_ci": "latin1",
    "latin2": "latin1",
}
WITHOUT_POLISH = {"LATIN1", "latin1 COLLATE latin1_german1_ci"}
WITHOUT_PICTURES = {*WITHOUT_POLISH, "latin2"}

pytestmark = pytest.mark.services


@pytest.fixture(scope="module", params=[*POSTGRESQL, *MARIADB])
def kept_in(request: pytest.FixtureRequest) -> str:
    """Each of them."""
    return str(request.param)


@pytest.fixture(scope="module")
def url(kept_in: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """People, each of whom has a note where it can be said whose it is."""
    if kept_in in POSTGRESQL:
        with encoded_database(request.getfixturevalue("postgres_server"), kept_in) as found:
            fill(sa.create_engine(found), kept_in, "", "")
            yield found
        return
    found = empty_database("mariadb", "encoded", tmp_path_factory.mktemp("encoded"), request)
    fill(sa.create_engine(found), kept_in, f" CHARACTER SET {kept_in}", f" CHARACTER SET {MARIADB[kept_in]}")
    yield found


def fill(engine: sa.Engine, kept_in: str, people: str, notes: str) -> None:
    """Make the two tables."""
    names = PEOPLE | ({} if kept_in in WITHOUT_POLISH else POLISH)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE TABLE people (id int, name varchar(40), opted_out int){people}")
        connection.exec_driver_sql(f"CREATE TABLE notes (id int, owner varchar(40)){notes}")
        for number, name in names.items():
            connection.execute(sa.text("INSERT INTO people VALUES (:id, :name, 0)"), {"id": number, "name": name})
            if number not in POLISH:
                connection.execute(sa.text("INSERT INTO notes VALUES (:id, :name)"), {"id": number, "name": name})
    engine.dispose()


@pytest.fixture
def club(url: str) -> Iterator[Connector]:
    """A connector that may write."""
    with open_source(read_data_map(MAP), read_url=url, write_url=url) as connector:
        yield connector


def found(club: Connector, collection: str, **by: str) -> list[object]:
    """The keys of the rows that a value finds."""
    pages = club.pages(collection, {kind: [value] for kind, value in by.items()})
    return [key for page in pages for (key,) in page.keys]


def test_a_value_finds_what_the_database_holds_of_it_and_is_no_error_where_it_can_hold_none(
    club: Connector, kept_in: str
) -> None:
    polish = [] if kept_in in WITHOUT_POLISH else [*POLISH]
    for by, value, keys in (
        ("handle", "José", [1]),
        ("handle", "Łukasz", polish),
        ("handle", "?ukasz", [4]),
        ("handle", "\N{GRINNING FACE}", []),
        ("handle", "half a sign \ud800", []),
        ("folded", "josé", [1, 2]),
        ("folded", "JOSÉ", [1, 2]),
        ("folded", "Émile Zéphyr", [5, 6]),
        ("folded", "ŁUKASZ", polish),
        ("email", "José", [1, 2]),
        ("email", "\N{GRINNING FACE}", []),
        ("phone", "\N{GRINNING FACE}", []),
    ):
        assert found(club, "people", **{by: value}) == keys, (by, value)
    assert found(club, "people", handle="Łukasz", folded="\N{GRINNING FACE}", number="5") == sorted([5, *polish])
    assert club.probe({"handle": "\N{GRINNING FACE}"}).kinds == frozenset()
    assert club.probe({"handle": "José"}).kinds == {"handle"}
    assert club.suppress(Right.OPT_OUT_SALE_SHARE, {"handle": ["Łukasz"]}).get("people", 0) == len(polish)


def test_columns_of_different_encodings_and_collations_are_joined_to_the_letter(
    club: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for few in (reading.FEW, 0):
        monkeypatch.setattr(reading, "FEW", few)
        assert [found(club, "notes", number=str(number)) for number in (1, 2, 4, 7)] == [[1], [2], [4], []]


def test_a_value_of_which_the_column_lacks_a_letter_is_refused_and_nothing_is_written(
    club: Connector, kept_in: str
) -> None:
    lacking = "half a sign \ud800" if kept_in not in WITHOUT_PICTURES else "\N{GRINNING FACE}"
    two = [Correction("people", [((1,), "José")], "name", new) for new in ("Zoé", lacking)]
    with pytest.raises(
        ChangeRefusedError, match=r"people\.name can't hold every letter of the new value, .*; write it"
    ):
        club.check_correction(two[1])
    with pytest.raises(ChangeRefusedError):
        club.correct(two, {"handle": ["José"]})
    assert found(club, "people", handle="José") == [1]
    club.check_correction(two[0])


@pytest.mark.parametrize(
    ("form", "forms"),
    [
        ("ann", {"ann"}),
        ("josé", {"josé", "josÉ"}),
        ("straße", {"straße"}),
        ("ıç", {"ıç", "ıÇ"}),
        ("σς", {"σς", "σσ", "σΣ", "Σς", "Σσ", "ΣΣ"}),  # noqa: RUF001 - Greek
        ("дядя юлия", {"дядя юлия", "ДЯДЯ ЮЛИЯ", "Дядя Юлия"}),
    ],
)
def test_the_forms_that_a_server_may_make_of_a_text(form: str, forms: set[str]) -> None:
    assert lowered_by_a_server(form) == forms
