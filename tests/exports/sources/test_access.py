"""Reading can't write, writing needs its own credential; a source that is down or built otherwise says so plainly."""

from __future__ import annotations

import sqlite3
import stat
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports.sources.connector import Action, Connector, Correction, DeletionPlan, open_source
from exports.sources.datamap import DataMap, read_data_map
from exports.sources.errors import (
    ChangeRefusedError,
    MapDoesNotFitError,
    NoWriteAccessError,
    SourceError,
    SourceUnavailableError,
)
from exports.sources.sql import SqlConnector, dialects
from exports.sources.sql.columns import typed
from exports.sources.sql.dialects import MariaDb
from exports.sources.sql.engines import guarded, make_engine
from requests_app.law.words import Right
from tests.exports.sources.databases import MARIADB, POSTGRESQL, SQLITE, on
from tests.exports.sources.plans import plan_of
from tests.exports.sources.small_company import MAP, everything
from tests.exports.sources.test_pages import add_letters

ANN = {"email": ["ann.o'hara@club.example"]}
SECOND = timedelta(seconds=1)


@pytest.fixture
def club() -> DataMap:
    """The small company's map."""
    return read_data_map(MAP)


def test_a_session_that_reads_can_not_write(engine: sa.Engine, small_url: str) -> None:
    before = everything(engine)
    reading = make_engine(small_url, "club", write=False, timeout=SECOND)
    for statement in ("UPDATE members SET name = 'x'", "DELETE FROM stamps", "CREATE TABLE y (id INTEGER)"):
        with pytest.raises(sa.exc.DBAPIError), reading.begin() as connection:
            connection.execute(sa.text(statement))
    reading.dispose()
    assert everything(engine) == before


def test_without_a_credential_to_write_nothing_is_changed(engine: sa.Engine, small_url: str, club: DataMap) -> None:
    with open_source(club, read_url=small_url) as connector:
        plan = plan_of(connector, ANN, letters=Action.DELETE)
        for change in (
            lambda: connector.delete(plan),
            lambda: connector.correct([Correction("members", [((1,), "Ann O'Hara")], "name", "x")], ANN),
            lambda: connector.suppress(Right.OPT_OUT_SALE_SHARE, ANN),
        ):
            with pytest.raises(NoWriteAccessError, match="club: it can only be read"):
                change()


@on(POSTGRESQL)  # one kind of server shows it
def test_a_credential_that_may_only_read_does_not_change_anything(
    engine: sa.Engine, small_url: str, club: DataMap
) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("DROP ROLE IF EXISTS reader"))
        connection.execute(sa.text("CREATE ROLE reader LOGIN"))
        connection.execute(sa.text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    url = sa.make_url(small_url).set(username="reader").render_as_string(hide_password=False)
    connector = open_source(club, read_url=url, write_url=url)
    with connector, pytest.raises(SourceUnavailableError, match="InsufficientPrivilege"):
        connector.suppress(Right.OPT_OUT_SALE_SHARE, ANN)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP OWNED BY reader"))
        connection.execute(sa.text("DROP ROLE reader"))


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////no/such/place.sqlite3",
        "postgresql://someone:secret@/db?host=/no/such/place",
        "mysql://someone:secret@127.0.0.1:9/place",
        "mariadb+pymysql://someone:secret@127.0.0.1:9/db",
    ],
)
def test_a_source_that_is_down_is_unavailable_and_gives_no_secret_away(url: str, club: DataMap) -> None:
    with open_source(club, read_url=url, write_url=url) as connector:
        for question in (
            lambda: list(connector.pages("members", ANN)),
            lambda: connector.subjects(ANN),
            lambda: connector.probe({"email": "ann@club.example"}),
            lambda: connector.presence("members", ANN),
            lambda: connector.suppress(Right.OPT_OUT_SALE_SHARE, ANN),
        ):
            with pytest.raises(SourceUnavailableError, match=r"^club: the database does not answer as it should") as it:
                question()
            assert not any(word in str(it.value) for word in ("secret", "someone", "place", "ann"))


def test_a_missing_file_is_not_made(tmp_path: Path, club: DataMap) -> None:
    path = tmp_path / "not-there.sqlite3"
    with open_source(club, read_url=f"sqlite:///{path}", write_url=f"sqlite:///{path}") as connector:
        with pytest.raises(SourceUnavailableError):
            connector.subjects(ANN)
        with pytest.raises(SourceUnavailableError):
            connector.suppress(Right.OPT_OUT_SALE_SHARE, ANN)
    assert not path.exists()


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path, club: DataMap) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is no database " * 100)
    path.chmod(stat.S_IRUSR)
    with open_source(club, read_url=f"sqlite:///{path}") as connector, pytest.raises(SourceUnavailableError):
        connector.subjects(ANN)


@pytest.mark.parametrize("url", ["", "nonsense", "oracle://somewhere/db", "postgresql+unknown://somewhere/db"])
def test_a_url_that_leads_nowhere_is_a_fault_of_the_settings(url: str, club: DataMap) -> None:
    with open_source(club, read_url=url) as connector, pytest.raises(MapDoesNotFitError, match=r"^club: "):
        connector.subjects(ANN)


COUNTED = "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {}) SELECT {} FROM up"
GIVEN_UP = r"^club: the database does not answer as it should \(\w+"
SLOW = {
    "postgresql": "SELECT pg_sleep(20)",
    "mariadb": "SELECT sleep(20) FROM members",
    "sqlite": COUNTED.format(50_000_000, "max(n)"),
}


@pytest.mark.slow
@pytest.mark.usefixtures("engine")
def test_a_statement_that_takes_too_long_is_given_up(small_url: str, kind: str) -> None:
    reading = make_engine(small_url, "club", write=False, timeout=timedelta(milliseconds=300))
    began = time.monotonic()
    with pytest.raises(SourceUnavailableError, match=GIVEN_UP), guarded("club"), reading.connect() as connection:
        connection.execute(sa.text(SLOW[kind])).all()
    assert time.monotonic() - began < 3
    with reading.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM members")).scalar(), "the next one has its own time"
    reading.dispose()


@pytest.mark.slow
@on(SQLITE)  # it finds rows as they are fetched
def test_rows_that_are_slow_to_come_are_given_up_and_a_slow_reader_is_not(small_url: str) -> None:
    reading = make_engine(small_url, "club", write=False, timeout=timedelta(milliseconds=200))
    late = f"{COUNTED.format(50_000_000, 'n')} WHERE n IN (1, 100000, 200000, 40000000)"  # the driver is a row ahead
    with reading.connect() as connection:
        rows = connection.execution_options(yield_per=1).execute(sa.text(late))
        for _row in range(2):
            assert rows.fetchone()
            time.sleep(0.3)
        with pytest.raises(SourceUnavailableError, match="OperationalError SQLITE_INTERRUPT"), guarded("club"):
            rows.fetchone()
    reading.dispose()


@on(POSTGRESQL, MARIADB)  # where a server waits for who reads, and its clock may go on
def test_a_slow_reader_of_pages_fails_no_healthy_source(engine: sa.Engine, small_url: str, club: DataMap) -> None:
    add_letters(engine, 1_500, body="x" * 4_000)  # more than a connection takes in by itself
    rows = 0
    with open_source(club, read_url=small_url, timeout=timedelta(milliseconds=300)) as connector:
        for page in connector.pages("letters", ANN, size=150):
            time.sleep(0 if rows else 0.4)
            rows += len(page.keys)
    assert rows == 1_502


@on(MARIADB)
def test_a_server_that_falls_silent_is_given_up_whatever_it_was_told(
    engine: sa.Engine, small_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "SILENT_SECONDS", 0.2)
    writing = make_engine(small_url, "club", write=True, timeout=timedelta(milliseconds=200))
    with writing.connect() as connection:
        connection.execute(sa.text("SET SESSION max_statement_time = 0"))  # as MySQL binds no statement that writes
        with pytest.raises(SourceUnavailableError, match=GIVEN_UP), guarded("club"):
            connection.execute(sa.text("UPDATE members SET name = concat('x', sleep(20))"))
    writing.dispose()


@pytest.mark.slow
@on(SQLITE)
def test_a_view_that_takes_too_long_is_told_and_holds_no_worker(
    tmp_path: Path, club: DataMap, engine: sa.Engine
) -> None:
    path = tmp_path / "club.sqlite3"
    with sqlite3.connect(path) as copy, sqlite3.connect(engine.url.database or "") as small:
        small.backup(copy)
        copy.execute("ALTER TABLE members RENAME TO all_members")
        far = COUNTED.format(50_000_000, "max(n)")
        copy.execute(f"CREATE VIEW members AS SELECT * FROM all_members WHERE ({far}) > 0")
    url, timeout = f"sqlite:///{path}", timedelta(milliseconds=300)
    with (
        open_source(club, read_url=url, timeout=timeout) as connector,
        pytest.raises(SourceUnavailableError, match=GIVEN_UP),
    ):
        connector.subjects(ANN)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("table: letters", "table: notes", "letters names the table notes, which is not there"),
        ("column: body, title", "column: text, title", "letters names the column text, which is not in its table"),
        ("{member_id: id}", "{member: id}", "letters names the column member"),
        ("{member_id: id}", "{member_id: nr}", "members names the column nr"),
        ("{opted_out: true}", "{out: true}", "members names the column out"),
        ("received_at: sent_at", "received_at: posted_at", "letters names the column posted_at"),
        ("received_at: sent_at", "received_at: body", "letters.body is no date, so 'received_at' can't use it"),
        ("years: 7}", "years: 7, counted_from: paid_at}", "invoices names the column paid_at"),
        ("years: 7}", "years: 7, counted_from: cents}", "invoices.cents is no date, so 'counted_from' can't use it"),
    ],
)
def test_a_map_that_does_not_fit_its_source_is_told_apart_from_a_source_that_is_down(
    old: str, new: str, sentence: str, engine: sa.Engine, small_url: str
) -> None:
    datamap = read_data_map(MAP.replace(old, new, 1))
    with open_source(datamap, read_url=small_url) as connector, pytest.raises(MapDoesNotFitError, match=sentence):
        connector.subjects(ANN)


def test_a_table_may_be_in_a_schema_of_its_own(engine: sa.Engine, small_url: str, kind: str) -> None:
    schema = {"sqlite": "main", "postgresql": "public", "mariadb": engine.url.database}[kind]
    text = MAP.replace("table: letters", f"table: letters\n    schema: {schema}")
    with open_source(read_data_map(text), read_url=small_url) as connector:
        assert connector.presence("stamps", ANN).rows == 2
    text = MAP.replace("table: letters", "table: letters\n    schema: nowhere")
    with (
        open_source(read_data_map(text), read_url=small_url) as connector,
        pytest.raises(SourceError, match=r"^club: "),
    ):
        connector.presence("stamps", ANN)


@pytest.mark.parametrize(
    ("version", "timeout"),
    [
        ("10.11.6-MariaDB-1", "SET SESSION max_statement_time = 1.0"),
        ("8.4.2", "SET SESSION max_execution_time = 1000"),
        (None, "SET SESSION max_execution_time = 1000"),
    ],
)
def test_mysql_and_mariadb_know_the_timeout_by_other_names(version: str | None, timeout: str) -> None:
    said: list[str] = []

    class Session:
        """A connection and its cursor, which write down what they are told."""

        def cursor(self) -> Session:
            return self

        def execute(self, statement: str) -> None:
            said.append(statement)

        def fetchone(self) -> tuple[str] | None:
            return (version,) if version else None

        def close(self) -> None:
            said.append("closed")

    MariaDb().begin_session(Session(), write=False, timeout=SECOND)  # type: ignore[arg-type]
    assert said[-3:] == [timeout, "SET SESSION TRANSACTION READ ONLY", "closed"]
    assert sum("NO_ZERO_DATE" in statement for statement in said) == 1
    binds_reading_alone = "max_execution_time" in timeout
    assert ("SET SESSION innodb_lock_wait_timeout = 1" in said) == binds_reading_alone
    assert ("SET SESSION lock_wait_timeout = 1" in said) == binds_reading_alone, "a year, where nobody says otherwise"


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (sa.exc.TimeoutError(), SourceUnavailableError),
        (sa.exc.InvalidRequestError("a secret"), MapDoesNotFitError),
        (sa.exc.DataError("a secret", None, ValueError("a secret")), MapDoesNotFitError),
        (sa.exc.InternalError("a secret", None, ValueError("a secret")), SourceUnavailableError),
        (sa.exc.IntegrityError("a secret", None, ValueError("a secret")), ChangeRefusedError),
    ],
)
def test_what_a_driver_raises_becomes_ours_without_its_words(error: Exception, ours: type[SourceError]) -> None:
    with pytest.raises(ours) as caught, guarded("club"):
        raise error
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_truth_can_be_written_as_text() -> None:
    assert [typed(value, sa.Boolean()) for value in (True, "false", "true", 0)] == [True, False, True, False]
    with pytest.raises(ValueError, match="neither true nor false"):
        typed("perhaps", sa.Boolean())


def test_a_closed_connector_opens_again_when_it_is_asked(company: Connector) -> None:
    assert company.subjects(ANN) == 1
    company.close()
    assert company.subjects(ANN) == 1


def test_a_collection_that_is_not_in_the_map_is_a_key_error(company: Connector) -> None:
    with pytest.raises(KeyError):
        company.presence("nowhere", ANN)


def test_what_carries_personal_data_does_not_show_it(company: Connector) -> None:
    plan = plan_of(company, ANN, letters=Action.DELETE)
    assert isinstance(plan, DeletionPlan)
    assert "ann" not in repr(plan).lower()
    assert "secret" not in repr(SqlConnector(company.datamap, read_url="postgresql://a:secret@/b"))
