"""A kind of database that only SQLAlchemy knows: gathered from and changed by what every dialect has, or refused."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, date
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from unicodedata import normalize

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mssql import pyodbc
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from exports.sources.connector import Action, Connector, Correction, Mode, open_source, slow_lookups, survey
from exports.sources.datamap import E164, Compare, read_data_map
from exports.sources.draft import draft
from exports.sources.errors import MapDoesNotFitError, SourceUnavailableError
from exports.sources.since import Since
from exports.sources.sql import told_apart
from exports.sources.sql.kinds import dialect_of
from exports.sources.sql.matching import Matching
from exports.sources.sql.portable import Portable
from exports.sources.sql.tables import Tables
from requests_app.law.words import Right
from tests.exports.sources import small_company
from tests.exports.sources.plans import plan_of
from tests.exports.sources.small_company import MAP, everything, letters, stamps

ANN = {"email": ["ann.o'hara@club.example"]}
PHONE = "{kind: phone, compare: digits}"
CLUB = MAP.replace(PHONE, "{kind: phone, compare: {e164: US}}")


BY_NAME = CLUB.replace("{from: members, columns: {member_id: id}}", "{from: members, columns: {body: name}}", 1)


# Collations of SQLite's own, and some that servers have: how each reads a text before it compares.
LOOSE: dict[str, Callable[[str], str]] = {
    "HYPHENLESS": lambda text: text.replace("-", ""),
    "COMPOSED": partial(normalize, "NFC"),
    "SOFT": lambda text: text.replace("\u00ad", ""),
    "JOINED": lambda text: text.replace("\u200d", ""),
    "UNVARIED": lambda text: text.replace("\U000e0100", ""),
    "SIXTEEN_BITS": lambda text: re.sub("[\U00010000-\U0010ffff]", "\ufffd", text),
}


def _by(read: Callable[[str], str], one: str, other: str) -> int:
    return (read(one) > read(other)) - (read(one) < read(other))


class OtherCompiler(SQLiteDialect_pysqlite.statement_compiler):
    """It has neither rows to compare nor rows to lock."""

    def visit_tuple(self, clauselist: sa.Tuple, **_named: object) -> str:
        raise sa.exc.CompileError("no tuples")

    def for_update_clause(self, select: sa.Select[tuple[object]], **_named: object) -> str:
        raise sa.exc.CompileError("no locks")


class Other(SQLiteDialect_pysqlite):
    """SQLite, under a name that nothing here knows, and poorer than it is."""

    name = "otherdb"
    statement_compiler = OtherCompiler
    supports_statement_cache = True

    def get_unique_constraints(self, *_: object, **__: object) -> list[object]:
        raise NotImplementedError

    def on_connect(self) -> Callable[[sqlite3.Connection], None]:
        usual = super().on_connect()

        def connect(connection: sqlite3.Connection) -> None:
            usual(connection)
            for name, read in LOOSE.items():
                connection.create_collation(name, partial(_by, read))

        return connect


registry.register("otherdb", __name__, "Other")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The small company behind such a database."""
    found = f"otherdb:///{tmp_path / 'club.db'}"
    engine = sa.create_engine(found)
    small_company.make(engine)
    small_company.fill(engine)
    engine.dispose()
    return found


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """The tests' own way in."""
    engine = sa.create_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture
def club(url: str) -> Iterator[Connector]:
    """A connector that may write."""
    with open_source(read_data_map(CLUB), read_url=url, write_url=url) as connector:
        yield connector


def test_its_schema_is_drafted_with_keys_and_foreign_keys(url: str) -> None:
    found = survey("club", read_url=url, sample_rows=5)
    assert {(key.child.table, key.parent.table) for key in found.schema.pointers} == {
        ("letters", "members"), ("invoices", "members"), ("stamps", "letters")
    }  # fmt: skip
    written = draft("club", found)
    assert "table: stamps" in written
    assert "{from: members, columns: {member_id: id}}" in written


def test_a_person_is_gathered_exactly(club: Connector) -> None:
    club.check()
    (page,) = club.pages("members", ANN)
    assert page.records[0]["name"] == "Ann O'Hara"
    assert page.records[0]["opted_out"] is False
    assert page.records[0]["joined_at"] == "2024-05-01T10:30:00"
    assert [page.keys for page in club.pages("stamps", ANN)] == [[(10, "left"), (10, "top")]]
    assert [page.keys for page in club.pages("letters", ANN, since=Since(date(2022, 1, 1), UTC))] == [[(11,)]]
    assert club.presence("members", {"member_no": ["3"]}).held.keys() == {"name", "phone", "opted_out"}
    assert club.probe({"email": "ANN.O'hara@club.example", "phone": "+14155550101"}).kinds == {"email", "phone"}
    assert club.subjects({"email": ["nn.o'hara@club.example"]}) == 0


@pytest.mark.slow
def test_texts_are_joined_to_the_letter(url: str, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for number, body in ((10, "Ann O'Hara"), (11, "ann o'hara"), (20, "Ann O'Hara ")):
            connection.execute(letters.update().where(letters.c.id == number).values(body=body))
    with open_source(read_data_map(BY_NAME), read_url=url, write_url=url) as club:
        assert [page.keys for page in club.pages("letters", ANN)] == [[(10,)]]
        assert [page.keys for page in club.pages("stamps", ANN)] == [[(10, "left"), (10, "top")]]
        assert club.suppress(Right.LIMIT_SENSITIVE, ANN) == {"letters": 1}


def test_pages_follow_each_other_by_key(club: Connector, engine: sa.Engine) -> None:
    with engine.begin() as connection:
        more = [{"letter_id": 11, "place": f"p{place:03}", "cents": 1} for place in range(99)]
        connection.execute(stamps.insert(), more)
    first, *others = club.pages("stamps", ANN, mode=Mode.PLAN, size=20)
    rest = [key for page in others for key in page.keys]
    assert len({*first.keys, *rest}) == 101
    assert rest == [key for page in club.pages("stamps", ANN, after=first.last_key) for key in page.keys]


def test_exactly_what_was_planned_is_deleted(club: Connector, engine: sa.Engine) -> None:
    before = everything(engine)
    actions = {"members": Action.DEIDENTIFY, "letters": Action.DELETE, "stamps": Action.DELETE, "invoices": Action.KEEP}
    done = club.delete(plan_of(club, ANN, **actions))
    assert {item.name: item.rows for item in done.collections if item.rows} == {"members": 1, "letters": 2, "stamps": 2}
    after = everything(engine)
    assert [row for row in after["letters"] if row[1] == 1] == []
    assert of_others(after) == of_others(before)
    assert after["invoices"] == before["invoices"]
    assert club.subjects(ANN) == 0


def of_others(rows: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """The rows of Bob and Cat."""
    return {name: [row for row in found if row[0] in {2, 3, 20, 21}] for name, found in rows.items()}


def test_it_is_corrected_and_flagged(club: Connector, engine: sa.Engine) -> None:
    club.correct([Correction("members", [((1,), "Ann O'Hara")], "name", "Ann O'Shea")], ANN)
    assert club.suppress(Right.OPT_OUT_SALE_SHARE, ANN) == {"members": 1}
    ann, bob, _ = everything(engine)["members"]
    assert (ann[2], ann[7], bob[7]) == ("Ann O'Shea", True, False)


def as_sqlalchemy(message: str) -> Exception:
    """The driver's error, as where a dialect asks through SQLAlchemy."""
    return sa.exc.NotSupportedError(None, None, sqlite3.NotSupportedError(message))


@pytest.mark.parametrize("offers", [True, False])
def test_what_can_not_be_promised_is_said(club: Connector, offers: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not offers:
        monkeypatch.setattr(Other, "set_isolation_level", None, raising=False)
    said = " ".join(club.not_promised())
    for promise in ("a session which reads can't write", "a statement ends", "an index", "foreign key"):
        assert promise in said
    assert ("nobody changes a row between" in said) != offers


@pytest.mark.parametrize("error", [sqlite3.OperationalError, as_sqlalchemy])
def test_a_server_that_refuses_the_strictest_isolation_is_not_taken_for_one_that_is_gone(
    club: Connector, error: Callable[[str], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_dialect: Other, _connection: sqlite3.Connection, _level: str) -> None:
        raise error("no such level")

    monkeypatch.setattr(Other, "set_isolation_level", refuse)
    assert "nobody changes a row between" in " ".join(club.not_promised())
    assert club.suppress(Right.OPT_OUT_SALE_SHARE, ANN) == {"members": 1}


def test_a_server_that_is_gone_is_not_taken_for_one_that_refuses_the_strictest_isolation(
    club: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(_dialect: Other, connection: sqlite3.Connection, _level: str) -> None:
        connection.close()
        raise sqlite3.OperationalError("gone")

    with monkeypatch.context() as gone:
        gone.setattr(Other, "set_isolation_level", cut)
        with pytest.raises(SourceUnavailableError):
            club.suppress(Right.OPT_OUT_SALE_SHARE, ANN)
    assert club.suppress(Right.OPT_OUT_SALE_SHARE, ANN) == {"members": 1}
    monkeypatch.setattr(Other, "set_isolation_level", cut)
    with pytest.raises(SourceUnavailableError):
        club.suppress(Right.OPT_OUT_SALE_SHARE, ANN)


def test_look_ups_are_told_by_the_indexes_alone(club: Connector, engine: sa.Engine, url: str) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("DROP INDEX ix_letters_member_id"))
    (sentence,) = slow_lookups(club.datamap, read_url=url, large=1)
    assert sentence.endswith("CREATE INDEX ix_letters_member_id ON letters (member_id)")


def refused(datamap: str, url: str, sentence: str) -> None:
    """Opening it says so, before anybody is searched."""
    connector = open_source(read_data_map(datamap), read_url=url)
    with connector, pytest.raises(MapDoesNotFitError, match=sentence):
        connector.reader()


def test_a_comparison_that_it_can_not_be_asked_for_is_named_with_its_field(url: str) -> None:
    refused(MAP, url, "^club: members.phone is compared by digits, which this kind of database can't be asked for")
    by_email, by_moment = "by: email, column: email, compare: email", "by: at, column: joined_at, compare: casefold"
    by_moment = CLUB.replace(by_email, by_moment)
    refused(by_moment, url, "^club: members.joined_at is neither text nor number, and can be compared by exact alone")


def loose(folder: Path, collation: str, kind: str = "VARCHAR") -> str:
    """The small company, whose places of stamps take some texts as equal that differ."""
    folder.mkdir(exist_ok=True)
    url = f"otherdb:///{folder / 'loose.db'}"
    engine = sa.create_engine(url)
    small_company.make(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE members"))
        made = str(sa.schema.CreateTable(small_company.members).compile(engine))
        connection.execute(sa.text(made.replace("name VARCHAR(80)", f"name {kind}(80) COLLATE {collation}")))
    small_company.fill(engine)
    engine.dispose()
    return url


CALLED = CLUB.replace("{by: member_no, column: id}", "{by: called, column: name}", 1)


@pytest.mark.parametrize(("collation", "named"), [("NOCASE", "ZOë"), ("RTRIM", "Bob ")])
def test_a_column_that_compares_loosely_gives_nobody_elses_rows(tmp_path: Path, collation: str, named: str) -> None:
    with open_source(read_data_map(CALLED), read_url=loose(tmp_path, collation)) as club:
        assert club.presence("members", {"called": [named]}).rows == 0
        assert club.presence("members", {"called": ["Bob"]}).rows == 1


@pytest.mark.parametrize("kind", ["CHAR", "NCHAR"])
def test_the_blanks_that_fill_a_column_up_are_no_letters(tmp_path: Path, kind: str) -> None:
    url = loose(tmp_path, "RTRIM", kind)  # to a server that fills up, such blanks are nothing
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(small_company.members.update().where(small_company.members.c.id == 2).values(name="Bob   "))
    engine.dispose()
    with open_source(read_data_map(CALLED), read_url=url) as club:
        assert club.presence("members", {"called": ["Bob"]}).rows == 1
        assert club.presence("members", {"called": ["Bob   "]}).rows == 1


@pytest.mark.parametrize("collation", ["NOCASE", "RTRIM", *LOOSE])
def test_a_column_that_can_not_be_compared_to_the_letter_is_named(
    tmp_path: Path, collation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a text with a sign behind it is of the column's collation still."""
    monkeypatch.setattr(Portable, "to_the_letter", lambda self, text: sa.type_coerce(text, sa.String()))
    monkeypatch.setattr(told_apart, "END", "")
    refused(CALLED, loose(tmp_path, collation), "^club: members.name is compared by the server without regard to case")


class FilledUp(sa.TypeDecorator[str]):
    """As a server gives a text that is narrower than its column."""

    impl = sa.String
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.ljust(9)


def test_a_server_that_fills_up_what_it_gives_is_not_taken_for_one_that_lacks_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Portable, "to_the_letter", lambda self, text: sa.type_coerce(text, FilledUp()))
    refused(CALLED, loose(tmp_path, "NOCASE"), "^club: members.name is compared by the server without regard to case")


def refusing(statement: str) -> str:
    """As a server does with a letter that its encoding lacks."""
    if not statement.isascii():
        raise sqlite3.DatabaseError("no such letter")
    return statement


def replacing(statement: str) -> str:
    """As others do."""
    return statement.encode("ascii", "replace").decode()


@pytest.mark.parametrize("poor", [refusing, replacing])
def test_letters_that_a_server_lacks_are_no_fault_and_hide_none(
    tmp_path: Path, poor: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Other, "do_execute", lambda _, cursor, said, bound, context=None: cursor.execute(poor(said), bound)
    )
    monkeypatch.setattr(Portable, "to_the_letter", lambda self, text: sa.type_coerce(text, sa.String()))
    monkeypatch.setattr(told_apart, "END", "")
    with open_source(read_data_map(CALLED), read_url=loose(tmp_path / "exact", "BINARY")) as club:
        club.reader()
    refused(CALLED, loose(tmp_path / "loose", "NOCASE"), "^club: members.name is compared by the server without regard")


@pytest.mark.parametrize("kind", ["mssql+pyodbc", "oracle+oracledb"])
def test_other_well_known_dialects_can_say_what_is_asked(kind: str, engine: sa.Engine) -> None:
    datamap, dialect = read_data_map(BY_NAME), sa.make_url(f"{kind}://host/club").get_dialect()()
    tables = Tables(datamap, engine)
    matching = Matching(datamap, tables, of_kind(kind))
    for collection in datamap.collections:
        condition = matching.of_person(collection, ANN)
        assert condition is not None
        query = sa.select(tables[collection.name]).where(condition).order_by(tables[collection.name].columns[0])
        said = str(query.limit(10).compile(dialect=dialect))
        assert ("EXISTS" in said) == (collection.name in {"letters", "stamps"})


def of_kind(kind: str) -> Portable:
    """What knows such a database."""
    found = dialect_of(sa.make_url(f"{kind}://host/club"))
    assert isinstance(found, Portable)
    return found


def test_sql_server_compares_letters_whatever_the_collation_of_the_column() -> None:
    """Its usual ones ignore case. The bytes of a VARCHAR become letters by the column's own collation, before."""
    told = {}
    for type_ in (sa.VARCHAR(20), sa.NVARCHAR(20), sa.CHAR(20), sa.NCHAR(20)):
        told[str(type_)] = str(
            of_kind("mssql").to_the_letter(sa.Column("name", type_)).compile(dialect=pyodbc.dialect())
        )
    text, padded = ("CAST(name AS NVARCHAR(max))", "CAST(rtrim(name) AS NVARCHAR(max))")
    plain = {kind: said.removesuffix(" + :param_1 COLLATE Latin1_General_BIN2") for kind, said in told.items()}
    assert plain == {"VARCHAR(20)": text, "NVARCHAR(20)": text, "CHAR(20)": padded, "NCHAR(20)": padded}


class Loose(sa.VARCHAR):
    """As a dialect reflects a column with a collation."""

    def __init__(self, length: int) -> None:
        super().__init__(length, collation="LOOSE")


def test_no_text_is_bound_with_the_collation_of_its_column(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Firebird's dialect writes it with each value that it binds, where none may stand."""
    monkeypatch.setattr(Other, "ischema_names", {**Other.ischema_names, "VARCHAR": Loose})
    name = Tables(read_data_map(CLUB), engine).column("members", "name")
    assert (type(name.type), name.type.collation) == (Loose, None)


def test_a_text_goes_to_sql_server_in_all_its_letters(engine: sa.Engine) -> None:
    """As a plain VARCHAR it would become what the code page has: of another letter, or of another person."""
    datamap, dialect = read_data_map(CLUB), pyodbc.dialect()
    tables = Tables(datamap, engine)
    server = of_kind("mssql")
    matching, members = Matching(datamap, tables, server), datamap.collection("members")
    asked = [
        matching.same(members, "name", Compare.EXACT, ["Łucja"]),
        matching.same(members, "name", Compare.CASEFOLD, ["Łucja"]),
        matching.same(members, "phone", E164("US"), ["+14155550101"]),
        tables.key_column("stamps", "place") == tables.key_bound("stamps", "place", "Łódź"),
    ]
    query = sa.select(sa.literal("")).where(*(condition for condition in asked if condition is not None))
    texts = [bind for bind in query.compile(dialect=dialect).binds.values() if isinstance(bind.value, str)]
    driver = SimpleNamespace(SQL_VARCHAR="VARCHAR", SQL_WVARCHAR="NVARCHAR")
    sent = {text.value: text.type.dialect_impl(dialect).get_dbapi_type(driver)[0] for text in texts}
    assert {"Łucja", "Łucja|", "łucja|", "Łódź", "\u2011"} <= sent.keys()
    assert {kind for text, kind in sent.items() if not text.isascii()} == {"NVARCHAR"}
    probe = told_apart.alike(server.to_the_letter(tables.column("members", "name")), told_apart.ALIKE)
    said = str(probe.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
    assert said.count("N'") == said.count("'") / 2 > 1


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("firebird://host/club", "knows no database 'firebird'; install sqlalchemy-firebird for the workers"),
        ("nodb://host/club", "install a package that brings a dialect 'nodb' for SQLAlchemy"),
        ("mssql+pymssql://host/club", "the driver 'pymssql' is missing; install it for the workers"),
        ("sqlite+aiosqlite:///club.db", "aiosqlite"),
        ("no url", "its URL is not understood"),
        ("postgresql://reader:half@pass:other@host/club", "its URL is not understood$"),
        ("postgresql://host:33o6/club", "its URL is not understood$"),
    ],
)
def test_a_missing_driver_is_told_with_what_to_install(url: str, sentence: str) -> None:
    refused(CLUB, url, f"^club: .*{sentence}")


def test_what_speaks_like_a_known_kind_is_not_taken_for_it() -> None:
    assert not isinstance(dialect_of(sa.make_url("mariadb+pymysql://host/club")), Portable)
    assert isinstance(dialect_of(sa.make_url("cockroachdb://host/club")), Portable)
