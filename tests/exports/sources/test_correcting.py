"""A correction changes one field of the rows that are named, if all are the person's and still hold what they held."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import sqlalchemy as sa

from exports.sources.connector import Connector, Correction, Held, open_source
from exports.sources.datamap import read_data_map
from exports.sources.errors import ChangeRefusedError, DataChangedError
from exports.sources.values import Json
from tests.exports.sources.databases import MARIADB, POSTGRESQL, SQLITE, on
from tests.exports.sources.small_company import MAP, everything

SCORES = """
source: scores
title: Scores
connector: sql
role: controller
purposes: {club: Run the club}
origins: {person: You}
collections:
  - name: scores
    title: Scores
    table: scores
    key: [id]
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached: [{by: email, column: email}]
    on_delete: delete
    fields:
      - {column: email, title: E-mail, category: identifiers}
      - {column: score, title: Score, category: commercial, correctable: true}
"""
ANN_AT = "Ann.O'Hara@Club.example"
ANN = {"email": ["ann.o'hara@club.example"]}
ALL_THREE = {"member_no": ["1", "2", "3"]}


def held(engine: sa.Engine, column: str) -> object:
    """What the first member's column holds."""
    with engine.connect() as connection:
        return connection.execute(sa.text(f"SELECT {column} FROM members WHERE id = 1")).scalar()


@pytest.mark.parametrize(
    ("field", "new", "written"),
    [
        ("name", "Ann O'Hara-Núñez 山", "Ann O'Hara-Núñez 山"),
        ("name", "ANN O'HARA", "ANN O'HARA"),
        ("name", None, None),
        ("name", "'; DROP TABLE members; --", "'; DROP TABLE members; --"),
        ("born", "1981-03-01", "1981-03-01"),
        ("points", 8, 8),
        ("points", "8", 8),
        ("joined_at", "2024-05-02T10:30:00", "2024-05-02 10:30:00"),
    ],
)
def test_a_field_is_corrected_and_nothing_else(
    engine: sa.Engine, company: Connector, field: str, new: Json, written: object
) -> None:
    before = everything(engine)
    (page,) = company.pages("members", {"member_no": ["1"]})
    old = page.records[0][field]
    company.correct([Correction("members", [((1,), old)], field, new)], ANN)
    found = held(engine, field)
    assert found == written or str(found).startswith(str(written))
    after = everything(engine)
    assert after["members"][1:] == before["members"][1:]
    assert sum(one != other for one, other in zip(before["members"][0], after["members"][0], strict=True)) == 1


def test_a_correction_made_twice_is_no_error(engine: sa.Engine, company: Connector) -> None:
    for _ in range(2):
        company.correct([Correction("members", [((1,), "(415) 555-0101")], "phone", "415 555 0199")], ANN)
    assert held(engine, "phone") == "415 555 0199"


def test_a_row_that_changed_hands_is_left_alone_and_so_are_the_others(engine: sa.Engine, company: Connector) -> None:
    before = everything(engine)
    rows: list[Held] = [((1,), "Ann O'Hara"), ((2,), "Bob")]
    for identifiers in (ANN, {"device_id": ["d"]}, {}):
        with pytest.raises(DataChangedError, match=r"rows of members are not this person's any more"):
            company.correct([Correction("members", rows, "name", "Kim")], identifiers)
    assert everything(engine) == before


def test_what_leads_to_a_row_is_corrected_with_the_rest_of_it_and_twice_is_no_error(
    engine: sa.Engine, company: Connector
) -> None:
    email = Correction("members", [((1,), ANN_AT)], "email", "ann@post.example")
    phone = Correction("members", [((1,), "(415) 555-0101")], "phone", "415 555 0199")
    for _ in range(2):
        company.correct([email, phone], ANN)
    assert (held(engine, "email"), held(engine, "phone")) == ("ann@post.example", "415 555 0199")
    with pytest.raises(DataChangedError, match="not this person's"):
        company.correct([email, Correction("members", [((1,), "Ann O'Hara")], "name", "Ann")], ANN)
    assert held(engine, "name") == "Ann O'Hara"


def test_several_rows_are_corrected_in_one_transaction_or_not_at_all(engine: sa.Engine, company: Connector) -> None:
    before = everything(engine)
    rows: list[Held] = [((1,), "Ann O'Hara"), ((2,), "Bob"), ((3,), "Zoe")]
    with pytest.raises(ChangeRefusedError, match="no longer holds"):
        company.correct([Correction("members", rows, "name", "Kim")], ALL_THREE)
    assert everything(engine) == before
    company.correct([Correction("members", [*rows[:2], ((3,), "Zoë")], "name", "Kim")], ALL_THREE)
    assert {row[2] for row in everything(engine)["members"]} == {"Kim"}


def test_several_fields_are_corrected_in_one_transaction_or_none_of_them(engine: sa.Engine, company: Connector) -> None:
    before = everything(engine)
    phone = Correction("members", [((1,), "(415) 555-0101")], "phone", "415 555 0199")
    with pytest.raises(ChangeRefusedError, match=r"members\.name no longer holds"):
        company.correct([phone, Correction("members", [((1,), "Anne")], "name", "Kim")], ANN)
    assert everything(engine) == before
    company.correct([phone, Correction("members", [((1,), "Ann O'Hara")], "name", "Kim")], ANN)
    assert (held(engine, "phone"), held(engine, "name")) == ("415 555 0199", "Kim")


def test_whether_a_column_takes_a_value_is_asked_without_changing_anything(
    engine: sa.Engine, company: Connector
) -> None:
    before = everything(engine)
    company.check_correction(Correction("members", [], "born", "1981-03-01"))
    dates = ("yesterday", "infinity", "-infinity", "2024-02-30", "0000-00-00", "0044-03-15 BC", "12024-01-31")
    asked = [("points", "many"), ("picture", "x"), ("nowhere", "x"), ("joined_at", "2024-02-30T10:00:00")]
    for field, new in (*asked, *(("born", new) for new in dates)):
        with pytest.raises(ChangeRefusedError, match=rf"members\.{field} (can't hold|is not marked)"):
            company.check_correction(Correction("members", [], field, new))
    assert everything(engine) == before


@pytest.mark.parametrize("old", ["(415) 555-0100", None, "(415) 555-0101 ", 7])
def test_a_field_that_changed_meanwhile_is_left_alone(engine: sa.Engine, company: Connector, old: Json) -> None:
    with pytest.raises(ChangeRefusedError, match=r"members\.phone no longer holds what it held when"):
        company.correct([Correction("members", [((1,), old)], "phone", "415 555 0199")], ANN)
    assert held(engine, "phone") == "(415) 555-0101"


@pytest.mark.parametrize(
    ("field", "sentence"),
    [("picture", "is not marked as correctable"), ("id", "is not marked"), ("nowhere", "is not marked")],
)
def test_only_fields_marked_so_can_be_corrected(company: Connector, field: str, sentence: str) -> None:
    with pytest.raises(ChangeRefusedError, match=sentence):
        company.correct([Correction("members", [((1,), None)], field, "x")], ANN)


@pytest.mark.parametrize(
    ("field", "new"), [("born", "yesterday"), ("points", "many"), ("name", "a\0b"), ("joined_at", "2024-13-01")]
)
def test_a_value_of_the_wrong_kind_is_refused(engine: sa.Engine, company: Connector, field: str, new: str) -> None:
    before = everything(engine)
    with pytest.raises(ChangeRefusedError, match=rf"members\.{field} can't hold that kind of value"):
        company.correct([Correction("members", [((1,), None)], field, new)], ANN)
    assert everything(engine) == before


def test_a_row_that_is_gone_is_refused(company: Connector) -> None:
    with pytest.raises(ChangeRefusedError, match="the row is not there any more"):
        company.correct([Correction("members", [((99,), "x")], "name", "y")], ANN)


def test_a_value_that_some_other_row_must_keep_to_itself_is_refused(engine: sa.Engine, company: Connector) -> None:
    with pytest.raises(ChangeRefusedError, match="a constraint of the database forbids it") as caught:
        company.correct([Correction("members", [((1,), ANN_AT)], "email", "bob@club.example")], ANN)
    assert "bob" not in str(caught.value)
    assert held(engine, "email") == ANN_AT


@on(POSTGRESQL, MARIADB)  # SQLite takes texts of any length into any column
def test_a_value_that_is_too_long_is_refused(engine: sa.Engine, company: Connector) -> None:
    with pytest.raises(ChangeRefusedError, match="a value does not fit its column"):
        company.correct([Correction("members", [((1,), "(415) 555-0101")], "phone", "9" * 21)], ANN)
    assert held(engine, "phone") == "(415) 555-0101"


@on(SQLITE)  # a trigger is written in another way on each; one stands for all
def test_a_value_that_the_database_changes_on_its_way_is_refused(engine: sa.Engine, company: Connector) -> None:
    with engine.begin() as connection:
        body = "UPDATE members SET phone = 'none' WHERE id = NEW.id"
        connection.execute(sa.text(f"CREATE TRIGGER t AFTER UPDATE OF phone ON members BEGIN {body}; END"))
    try:
        with pytest.raises(ChangeRefusedError, match="does not take the new value as it was given"):
            company.correct([Correction("members", [((1,), "(415) 555-0101")], "phone", "415 555 0199")], ANN)
        assert held(engine, "phone") == "(415) 555-0101"
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TRIGGER t"))


def test_a_field_is_emptied_where_it_still_holds_what_it_held_and_twice_is_no_error(
    engine: sa.Engine, company: Connector
) -> None:
    before = everything(engine)
    gone = Correction("members", [((1,), "(415) 555-0101")], "phone", None)
    with pytest.raises(ChangeRefusedError, match="no longer holds"):
        company.correct([gone, Correction("members", [((1,), "Anne")], "name", None)], ANN)
    assert everything(engine) == before
    for _ in range(2):
        company.correct([gone], ANN)
    assert held(engine, "phone") is None
    assert everything(engine)["members"][1:] == before["members"][1:]


def test_a_column_that_always_wants_a_value_is_known_before_anything_is_changed(
    engine: sa.Engine, small_url: str
) -> None:
    before = everything(engine)
    opted_out = "{column: opted_out, title: Opted out, category: commercial"
    datamap = read_data_map(MAP.replace(opted_out, f"{opted_out}, correctable: true"))
    emptied = Correction("members", [((1,), False)], "opted_out", None)
    phone = Correction("members", [((1,), "(415) 555-0101")], "phone", None)
    with open_source(datamap, read_url=small_url, write_url=small_url) as company:
        assert company.never_empty("members", ("phone", "opted_out")) == ("opted_out",)
        company.check_correction(phone)
        with pytest.raises(ChangeRefusedError, match=r"members\.opted_out can't be empty"):
            company.check_correction(emptied)
        with pytest.raises(ChangeRefusedError, match="can't be empty"):
            company.correct([phone, emptied], ANN)
    assert everything(engine) == before


@pytest.fixture
def scores(engine: sa.Engine, small_url: str) -> Iterator[Connector]:
    """Numbers with two decimals."""
    with engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TABLE scores (id INTEGER PRIMARY KEY, email VARCHAR(80), score DECIMAL(8, 2))")
        )
        connection.execute(sa.text("INSERT INTO scores VALUES (1, 'ann@club.example', 7.5)"))
    try:
        with open_source(read_data_map(SCORES), read_url=small_url, write_url=small_url) as connector:
            yield connector
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE scores"))


@pytest.mark.parametrize("new", ["3.1", "3.10", "1e3", "03", "-0.5", "+7", "7.500"])
def test_a_number_is_written_however_somebody_writes_it_and_twice_is_no_error(
    engine: sa.Engine, scores: Connector, new: str
) -> None:
    whose = {"email": ["ann@club.example"]}
    ((old,),) = [[row["score"] for row in page.records] for page in scores.pages("scores", whose)]
    correction = Correction("scores", [((1,), old)], "score", new)
    scores.check_correction(correction)
    for _ in range(2):
        scores.correct([correction], whose)
    with engine.connect() as connection:
        assert Decimal(str(connection.execute(sa.text("SELECT score FROM scores")).scalar())) == Decimal(new)
    with pytest.raises(DataChangedError, match="no longer holds"):
        scores.correct([Correction("scores", [((1,), "8.25")], "score", "9")], whose)


@on(POSTGRESQL, MARIADB)  # SQLite keeps whatever number it is given
def test_a_number_that_the_column_rounds_is_refused(engine: sa.Engine, scores: Connector) -> None:
    whose = {"email": ["ann@club.example"]}
    with pytest.raises(ChangeRefusedError, match="does not take the new value as it was given"):
        scores.correct([Correction("scores", [((1,), "7.50")], "score", "3.141")], whose)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT score FROM scores")).scalar() == Decimal("7.50")
