"""A row that was changed since its deletion was planned is not touched, though its key is the same."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from exports.sources import contents
from exports.sources.connector import Action, Connector, open_source
from exports.sources.contents import RowDigests
from exports.sources.datamap import DataMap, read_data_map
from exports.sources.errors import DataChangedError, SourceUnavailableError
from exports.sources.values import Json, Key
from tests.exports.sources.databases import MARIADB, POSTGRESQL, SQLITE, on
from tests.exports.sources.plans import plan_of
from tests.exports.sources.small_company import MAP, everything, invoices, letters, members, stamps

ANN = {"email": ["ann.o'hara@club.example"]}
BY_NUMBER = {"member_no": ["1"]}  # which a de-identified row still has
ALL = {"members": Action.DEIDENTIFY, "letters": Action.DELETE, "stamps": Action.DELETE, "invoices": Action.KEEP}
A_STAMP = sa.and_(stamps.c.letter_id == 10, stamps.c.place == "top")
DIGESTS = RowDigests(b"a secret of the case")


def write(engine: sa.Engine, table: sa.Table, is_row: sa.ColumnElement[bool], **values: object) -> None:
    """What the company's own program does meanwhile."""
    with engine.begin() as connection:
        assert connection.execute(table.update().where(is_row).values(values)).rowcount == 1


@pytest.mark.parametrize(
    ("table", "row", "values"),
    [
        pytest.param(members, members.c.id == 1, {"name": "Ann O'Hara-Li"}, id="a text"),
        pytest.param(letters, letters.c.id == 11, {"sent_at": None}, id="a moment"),
        pytest.param(stamps, A_STAMP, {"cents": 61}, id="a number"),
        pytest.param(members, members.c.id == 1, {"picture": b"\x89PNG\x01"}, id="bytes"),
        pytest.param(members, members.c.id == 1, {"points": None}, id="nothing any more"),
    ],
)
def test_a_row_that_holds_something_else_is_not_touched_and_neither_is_any_other(
    engine: sa.Engine,
    company: Connector,
    table: sa.Table,
    row: sa.ColumnElement[bool],
    values: Mapping[str, object],
) -> None:
    plan = plan_of(company, ANN, digests=DIGESTS, **ALL)
    write(engine, table, row, **values)
    before = everything(engine)
    said = f"club: rows hold something else .*: 1 in {table.name}; plan again"
    with pytest.raises(DataChangedError, match=said) as told:
        company.delete(plan)
    assert told.value.changed == {table.name: 1}
    assert told.value.columns == [f"{table.name}.{column}" for column in values]
    assert everything(engine) == before


def test_what_holds_what_it_held_goes_as_it_was_planned(engine: sa.Engine, company: Connector) -> None:
    plan = plan_of(company, ANN, digests=DIGESTS, **ALL)
    done = company.delete(plan)
    assert {item.name: item.rows for item in done.collections if item.rows} == {"members": 1, "letters": 2, "stamps": 2}
    assert [row for row in everything(engine)["letters"] if row[1] == 1] == []


def test_flags_that_we_set_kept_rows_spared_rows_and_other_people_may_change(
    engine: sa.Engine, company: Connector
) -> None:
    spared: dict[str, set[Key]] = {"stamps": {(10, "top")}}
    plan = plan_of(company, ANN, spared, DIGESTS, **{**ALL, "letters": Action.KEEP})
    write(engine, members, members.c.id == 1, opted_out=True)
    write(engine, members, members.c.id == 2, points=99)
    write(engine, letters, letters.c.id == 11, body="of no matter, for it is kept")
    write(engine, invoices, invoices.c.member_id == 1, cents=1)
    write(engine, stamps, A_STAMP, cents=1)
    done = {item.name: item.rows for item in company.delete(plan).collections}
    assert (done["members"], done["stamps"]) == (1, 1)


def test_several_changed_rows_are_counted_by_collection(engine: sa.Engine, company: Connector) -> None:
    plan = plan_of(company, ANN, digests=DIGESTS, **ALL)
    with engine.begin() as connection:
        connection.execute(letters.update().where(letters.c.member_id == 1).values(sent_at=None))
        connection.execute(members.update().where(members.c.id == 1).values(points=8))
    with pytest.raises(DataChangedError) as told:
        company.delete(plan)
    assert told.value.changed == {"members": 1, "letters": 2}
    assert sorted(told.value.columns) == ["letters.sent_at", "members.points"]
    assert "O'Hara" not in str(told.value)


def test_a_plan_from_before_there_were_digests_goes_by_its_keys(engine: sa.Engine, company: Connector) -> None:
    plan = plan_of(company, ANN, **ALL)
    write(engine, letters, letters.c.id == 11, sent_at=None)
    assert sum(item.rows for item in company.delete(plan).collections) == 5


def test_what_an_earlier_try_has_deidentified_itself_has_not_changed_since(
    engine: sa.Engine, company: Connector
) -> None:
    plan = plan_of(company, BY_NUMBER, digests=DIGESTS, members=Action.DEIDENTIFY)
    company.delete(plan)
    assert company.delete(plan, repeated=True).found_done
    with pytest.raises(DataChangedError):
        company.delete(plan)  # a first try has left nothing: somebody else wrote it
    write(engine, members, members.c.id == 1, name="Ann O'Hara")
    with pytest.raises(DataChangedError):
        company.delete(plan, repeated=True)


@pytest.mark.parametrize("digests", [DIGESTS, None])
def test_a_try_that_was_carried_out_is_found_done_though_what_it_deidentified_is_still_found(
    engine: sa.Engine, company: Connector, digests: RowDigests | None
) -> None:
    plan = plan_of(company, BY_NUMBER, digests=digests, **ALL)
    company.delete(plan)
    after = everything(engine)
    assert company.delete(plan, repeated=True).found_done
    assert everything(engine) == after
    write(engine, members, members.c.id == 1, name="Ann O'Hara")
    with pytest.raises(DataChangedError):
        company.delete(plan, repeated=True)


@on(SQLITE)  # the same everywhere
def test_what_programs_write_all_the_time_and_flags_of_any_type_may_change_and_nothing_beside_them(
    engine: sa.Engine, small_url: str
) -> None:
    datamap = read_data_map(MAP.replace("title: Cents,", "title: Cents, volatile: true,"))
    with open_source(datamap, read_url=small_url, write_url=small_url) as company:
        plan = plan_of(company, ANN, digests=DIGESTS, **ALL)
        write(engine, stamps, A_STAMP, cents=61)
        write(engine, letters, letters.c.id == 11, body="[limited]")
        write(engine, members, members.c.id == 1, points=8)
        with pytest.raises(DataChangedError) as told:
            company.delete(plan)
        assert (told.value.changed, told.value.columns) == ({"members": 1}, ["members.points"])
        write(engine, members, members.c.id == 1, points=7)
        assert sum(item.rows for item in company.delete(plan).collections) == 5


@on(POSTGRESQL, MARIADB)  # of SQLite's file there is one writer at a time
def test_nobody_changes_a_row_between_the_look_and_its_deletion(
    engine: sa.Engine, company: Connector, kind: str, small_url: str
) -> None:
    plan = plan_of(company, ANN, digests=DIGESTS, **ALL)
    before = everything(engine)
    impatient = sa.create_engine(small_url)
    wait = "SET lock_timeout = 500" if kind == "postgresql" else "SET innodb_lock_wait_timeout = 1"
    written: list[str] = []

    def write_between() -> None:
        if written:
            return
        written.append("refused")
        with impatient.begin() as connection:
            connection.execute(sa.text(wait))
            connection.execute(stamps.update().where(A_STAMP).values(cents=61))
            written[0] = "written"

    with pytest.raises(SourceUnavailableError):
        company.delete(plan, before_batch=write_between)
    impatient.dispose()
    assert written == ["written" if kind == "postgresql" else "refused"]
    after = everything(engine)
    if kind == "postgresql":
        assert (61 in [row[2] for row in after["stamps"]], len(after["stamps"])) == (True, len(before["stamps"]))
        with pytest.raises(DataChangedError):
            company.delete(plan, repeated=True)
    else:
        assert after == before


@on(SQLITE)  # the same everywhere
def test_a_digest_tells_nothing_without_its_secret_and_is_of_one_row_alone(company: Connector) -> None:
    collection = company.datamap.collection("stamps")
    held: dict[str, Json] = {"letter_id": 10, "place": "top", "cents": 60}
    one, same, other_row, other_secret = (
        RowDigests(secret).of(collection, key, held)
        for secret, key in ((b"a", (10, "top")), (b"a", (10, "top")), (b"a", (11, "top")), (b"b", (10, "top")))
    )
    assert one == same
    assert len({one, other_row, other_secret}) == 3
    assert len(one) == contents.SIZE


def test_of_values_that_are_never_disclosed_not_even_a_digest_is_kept(shop_map: DataMap) -> None:
    columns = contents.columns_of(shop_map.collection("customers"))
    assert "email" in columns
    assert {"id", "password_hash", "driver_licence_no", "sale_opt_out"}.isdisjoint(columns)
