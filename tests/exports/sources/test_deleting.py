"""A deletion does exactly what was planned, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from exports.sources.connector import Action, Connector, open_source
from exports.sources.datamap import read_data_map
from exports.sources.errors import ChangeRefusedError
from tests.exports.sources.databases import SQLITE, on
from tests.exports.sources.plans import plan_of
from tests.exports.sources.small_company import MAP, everything, invoices, letters, members, stamps

ANN = {"email": ["ann.o'hara@club.example"]}
ALL = {"members": Action.DEIDENTIFY, "letters": Action.DELETE, "stamps": Action.DELETE, "invoices": Action.KEEP}


def test_a_plan_is_carried_out_and_nothing_else(engine: sa.Engine, company: Connector) -> None:
    before = everything(engine)
    plan = plan_of(company, ANN, **ALL)
    done = company.delete(plan)
    after = everything(engine)

    assert {item.name: (item.action, item.rows, item.spared) for item in done.collections} == {
        "members": (Action.DEIDENTIFY, 1, 0),
        "letters": (Action.DELETE, 2, 0),
        "stamps": (Action.DELETE, 2, 0),
        "invoices": (Action.KEEP, 0, 0),
    }
    assert {item.name: item.digest for item in done.collections} == {p.name: p.digest for p in plan.collections}
    assert not done.found_done
    assert after["letters"] == [row for row in before["letters"] if row[1] == 2]
    assert after["stamps"] == [row for row in before["stamps"] if row[0] == 20]
    assert after["invoices"] == before["invoices"]
    assert after["members"][1:] == before["members"][1:]


def test_a_deidentified_row_keeps_what_the_map_says_and_loses_the_rest(engine: sa.Engine, company: Connector) -> None:
    company.delete(plan_of(company, ANN, members=Action.DEIDENTIFY))
    ann, bob, _ = everything(engine)["members"]
    number, email, name, phone, born, points, picture, opted_out, joined = ann
    assert (number, name, phone, born, points, picture, opted_out) == (1, "[gone]", None, None, 7, None, True)
    assert joined is not None
    assert len(str(email)) == 16
    company.delete(plan_of(company, {"email": ["bob@club.example"]}, members=Action.DEIDENTIFY))
    assert everything(engine)["members"][1][1] not in (email, bob[1])


def test_a_plan_tried_again_after_it_was_carried_out_finds_that_it_is_done(
    engine: sa.Engine, company: Connector
) -> None:
    plan = plan_of(company, ANN, **ALL)
    company.delete(plan, repeated=True)
    after = everything(engine)
    again = company.delete(plan, repeated=True)
    assert again.found_done
    assert sum(item.rows for item in again.collections) == 0
    assert everything(engine) == after


def test_a_person_who_changed_their_address_is_not_taken_for_deleted(engine: sa.Engine, company: Connector) -> None:
    plan = plan_of(company, ANN, **ALL)
    with engine.begin() as connection:
        connection.execute(members.update().where(members.c.id == 1).values(email="new@club.example"))
    before = everything(engine)
    with pytest.raises(ChangeRefusedError, match="are not those that were planned"):
        company.delete(plan)
    assert everything(engine) == before


def test_an_empty_plan_does_nothing_and_says_so(engine: sa.Engine, company: Connector) -> None:
    nobody = {"email": ["nobody@club.example"]}
    before = everything(engine)
    done = company.delete(plan_of(company, nobody, **ALL))
    assert not done.found_done
    assert sum(item.rows for item in done.collections) == 0
    assert company.delete(plan_of(company, {}, **ALL), repeated=True) == done
    assert everything(engine) == before


@pytest.mark.parametrize("change", ["a row more", "a row less", "another row"])
def test_rows_that_are_not_the_planned_ones_stop_everything(engine: sa.Engine, company: Connector, change: str) -> None:
    plan = plan_of(company, ANN, **ALL)
    with engine.begin() as connection:
        if change != "a row more":
            connection.execute(letters.delete().where(letters.c.id == 11))
        if change != "a row less":
            connection.execute(letters.insert(), {"id": 12, "member_id": 1, "body": "new"})
    before = everything(engine)
    with pytest.raises(ChangeRefusedError, match="club: the rows in letters are not those that were planned"):
        company.delete(plan)
    assert everything(engine) == before


def test_a_new_row_among_what_is_kept_stops_everything_too(engine: sa.Engine, company: Connector) -> None:
    plan = plan_of(company, ANN, **ALL)
    with engine.begin() as connection:
        connection.execute(invoices.insert(), {"id": 9, "member_id": 1, "cents": 1})
    with pytest.raises(ChangeRefusedError, match="the rows in invoices are not those that were planned"):
        company.delete(plan)


def test_a_constraint_that_fails_undoes_everything(engine: sa.Engine, company: Connector) -> None:
    plan = plan_of(company, ANN, **ALL | {"members": Action.DELETE})  # but her invoice stays, and points to her
    before = everything(engine)
    with pytest.raises(ChangeRefusedError, match="a constraint of the database forbids it") as caught:
        company.delete(plan)
    assert "ann" not in str(caught.value).lower()
    assert everything(engine) == before


def test_spared_rows_stay(engine: sa.Engine, company: Connector) -> None:
    plan = plan_of(company, ANN, {"stamps": {(10, "top")}, "letters": {(10,)}}, **ALL)
    done = company.delete(plan)
    assert {item.name: (item.rows, item.spared) for item in done.collections if item.spared} == {
        "stamps": (1, 1),
        "letters": (1, 1),
    }
    after = everything(engine)
    assert [row[:2] for row in after["stamps"] if row[0] == 10] == [(10, "top")]
    assert [row[0] for row in after["letters"]] == [10, 20, 21]
    assert company.delete(plan, repeated=True).found_done


def test_a_spared_row_that_is_not_there_stops_everything(engine: sa.Engine, company: Connector) -> None:
    plan = plan_of(company, ANN, {"letters": {(99,)}}, **ALL)
    with pytest.raises(ChangeRefusedError, match="plan again"):
        company.delete(plan)


def test_a_spared_child_keeps_its_parent_from_going(engine: sa.Engine, company: Connector) -> None:
    before = everything(engine)
    with pytest.raises(ChangeRefusedError, match="a constraint"):
        company.delete(plan_of(company, ANN, {"stamps": {(10, "top")}}, **ALL))
    assert everything(engine) == before


@on(SQLITE)  # a trigger is written in another way on each; one stands for all
def test_a_database_that_quietly_keeps_a_row_stops_everything(engine: sa.Engine, company: Connector) -> None:
    with engine.begin() as connection:
        body = "SELECT raise(IGNORE)"
        connection.execute(sa.text(f"CREATE TRIGGER t BEFORE DELETE ON stamps BEGIN {body}; END"))
    before = everything(engine)
    try:
        with pytest.raises(ChangeRefusedError, match="rows in stamps changed meanwhile; plan again"):
            company.delete(plan_of(company, ANN, **ALL))
        assert everything(engine) == before
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TRIGGER t"))


@pytest.mark.slow
def test_more_rows_than_one_statement_takes_are_deleted(engine: sa.Engine, company: Connector) -> None:
    with engine.begin() as connection:
        connection.execute(letters.insert(), [{"id": n, "member_id": 1, "body": "x"} for n in range(1000, 3500)])
        connection.execute(stamps.insert(), [{"letter_id": n, "place": "x", "cents": 1} for n in range(1000, 3500)])
    done = company.delete(plan_of(company, ANN, stamps=Action.DELETE, letters=Action.DELETE))
    assert {item.name: item.rows for item in done.collections} == {"stamps": 2502, "letters": 2502}
    assert {row[1] for row in everything(engine)["letters"]} == {2}


def test_a_collection_that_the_map_can_not_deidentify_is_refused(company: Connector) -> None:
    with pytest.raises(ChangeRefusedError, match="the map does not say how to de-identify letters"):
        company.delete(plan_of(company, ANN, letters=Action.DEIDENTIFY))


def test_the_order_of_the_map_does_not_matter_where_the_database_has_its_own(engine: sa.Engine, small_url: str) -> None:
    """Stamps found by another way than their letters still go before them."""
    text = MAP.replace("{from: letters, columns: {letter_id: id}}", "{by: place, column: place}")
    first, second = text.index("  - name: stamps"), text.index("  - name: invoices")
    moved = text[: text.index("  - name: members")] + text[first:second] + text[text.index("  - name: members") : first]
    with open_source(read_data_map(moved), read_url=small_url, write_url=small_url) as club:
        bob = {"email": ["bob@club.example"], "place": ["left", "top"]}
        with engine.begin() as connection:
            connection.execute(stamps.delete().where(stamps.c.letter_id == 10))
        done = club.delete(plan_of(club, bob, letters=Action.DELETE, stamps=Action.DELETE))
    assert [item.name for item in done.collections] == ["stamps", "letters"]


@pytest.fixture
def diary(engine: sa.Engine) -> Iterator[sa.Engine]:
    """A table that no map names, whose rows the database deletes with their member."""
    table = sa.Table(
        "diary",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("member_id", sa.Integer, sa.ForeignKey(members.c.id, ondelete="CASCADE")),
    )
    table.create(engine)
    with engine.begin() as connection:
        connection.execute(table.insert(), {"id": 1, "member_id": 3})
    yield engine
    table.drop(engine)


CAT = {"member_no": ["3"]}
GOES_ALONG = "deleting from members would also change rows of diary, which are not to be deleted"


def test_rows_that_would_go_along_unasked_stop_everything(diary: sa.Engine, company: Connector) -> None:
    before = everything(diary)
    with pytest.raises(ChangeRefusedError, match=GOES_ALONG):
        company.delete(plan_of(company, CAT, members=Action.DELETE))
    assert everything(diary) == before


def test_nobody_is_kept_from_deletion_by_a_table_that_holds_nothing_of_theirs(
    diary: sa.Engine, company: Connector
) -> None:
    with diary.begin() as connection:
        connection.execute(sa.text("DELETE FROM diary"))
    company.delete(plan_of(company, CAT, members=Action.DELETE))
    assert [row[0] for row in everything(diary)["members"]] == [1, 2]


@on(SQLITE)  # the others write a rule down in one form, however it was typed
@pytest.mark.parametrize(
    "column",
    [
        "member_id INTEGER REFERENCES members (id) ON DELETE CASCADE",
        "member_id INTEGER REFERENCES members ON DELETE SET NULL",
        "member_id INTEGER DEFAULT 3 REFERENCES MEMBERS (id) ON UPDATE CASCADE ON DELETE SET DEFAULT",
        'member_id INTEGER, FOREIGN KEY (member_id) REFERENCES "members" ("id") ON DELETE CASCADE',
    ],
)
def test_a_rule_is_found_however_the_table_was_written(column: str, engine: sa.Engine, company: Connector) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE diary (id INTEGER PRIMARY KEY, {column})"))
        connection.execute(sa.text("INSERT INTO diary (id, member_id) VALUES (1, 3)"))
    try:
        with pytest.raises(ChangeRefusedError, match=GOES_ALONG):
            company.delete(plan_of(company, CAT, members=Action.DELETE))
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE diary"))


@on(SQLITE)  # the order is worked out alike everywhere; SQLite makes such tables most simply
def test_tables_that_point_to_each_other_are_a_task_for_a_person(engine: sa.Engine, small_url: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id), mail TEXT)"))
        connection.execute(sa.text("CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id), mail TEXT)"))
    collection = """
  - {name: NAME, title: T, table: NAME, key: [id], provided_by_person: true, purposes: [club], collected_from: [person],
     reached: [{by: email, column: mail}], on_delete: delete, fields: [{column: mail, title: M, category: identifiers}]}
"""
    head = MAP[: MAP.index("  - name: members")].rstrip()
    text = head + collection.replace("NAME", "a") + collection.replace("NAME", "b").lstrip("\n")
    club = open_source(read_data_map(text), read_url=small_url, write_url=small_url)
    with club, pytest.raises(ChangeRefusedError, match="a, b point to each other; deleting them is a task"):
        club.delete(plan_of(club, {"email": ["x"]}, a=Action.DELETE, b=Action.DELETE))
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE a"))
        connection.execute(sa.text("DROP TABLE b"))
