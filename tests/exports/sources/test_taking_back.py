"""Tables of MariaDB that know no transactions: a change that fails halfway would stay half done, so none is begun."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from exports.sources.connector import Action, Connector, Correction, open_source
from exports.sources.datamap import read_data_map
from exports.sources.errors import NoWriteAccessError
from requests_app.law.words import Right
from tests.exports.sources import small_company
from tests.exports.sources.databases import MARIADB, empty_database
from tests.exports.sources.plans import plan_of
from tests.exports.sources.small_company import MAP, everything

ANN = {"email": ["ann.o'hara@club.example"]}
ALL = {"members": Action.DEIDENTIFY, "letters": Action.DELETE, "stamps": Action.DELETE, "invoices": Action.KEEP}

pytestmark = pytest.mark.parametrize("kind", [MARIADB], indirect=True, scope="session")


@pytest.fixture
def url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The small company's database, of this test alone."""
    return empty_database(kind, "half_done", tmp_path, request)


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """The tests' own way in."""
    engine = sa.create_engine(url)
    small_company.make(engine)
    small_company.fill(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def company(engine: sa.Engine, url: str) -> Iterator[Connector]:
    """A connector that may write."""
    with open_source(read_data_map(MAP), read_url=url, write_url=url) as connector:
        yield connector


def keep_by_myisam(engine: sa.Engine, *tables: str) -> None:
    """The engine knows no foreign keys: all go, so that none leads there."""
    with engine.begin() as connection:
        inspector = sa.inspect(connection)
        for table in inspector.get_table_names():
            for key in inspector.get_foreign_keys(table):
                connection.execute(sa.text(f"ALTER TABLE {table} DROP FOREIGN KEY {key['name']}"))
        for table in tables:
            connection.execute(sa.text(f"ALTER TABLE {table} ENGINE = MyISAM"))


def test_no_deletion_is_begun_where_one_table_takes_nothing_back(engine: sa.Engine, company: Connector) -> None:
    plan = plan_of(company, ANN, **ALL)
    keep_by_myisam(engine, "stamps")
    before = everything(engine)
    with pytest.raises(
        NoWriteAccessError, match="half done in what MyISAM keeps, so that none is begun there: stamps;"
    ):
        company.delete(plan)
    assert everything(engine) == before


def test_a_table_of_which_everything_is_kept_may_take_nothing_back(engine: sa.Engine, company: Connector) -> None:
    plan = plan_of(company, ANN, **ALL)
    keep_by_myisam(engine, "invoices")
    assert sum(item.rows for item in company.delete(plan).collections) == 5


def test_no_correction_is_begun_there_and_a_flag_is_set(engine: sa.Engine, company: Connector) -> None:
    keep_by_myisam(engine, "stamps", "letters", "invoices", "members")
    before = everything(engine)
    with pytest.raises(NoWriteAccessError, match="none is begun there: members;"):
        company.correct([Correction("members", [((1,), "(415) 555-0101")], "phone", "415 555 0199")], ANN)
    assert everything(engine) == before
    assert company.suppress(Right.OPT_OUT_SALE_SHARE, ANN) == {"members": 1}


def test_it_is_told_of_whatever_may_be_changed_once_there_is_a_way_to_write(
    engine: sa.Engine, company: Connector, url: str
) -> None:
    assert company.stays_half_done() == ()
    keep_by_myisam(engine, "stamps", "letters", "invoices")
    (sentence,) = company.stays_half_done()
    assert sentence == (
        "a change that fails halfway would stay half done in what MyISAM keeps, so that none is begun there:"
        " letters, stamps; have the tables made InnoDB's, or deletions and corrections done by hand"
    )
    with open_source(read_data_map(MAP), read_url=url, write_url=None) as reading:
        assert reading.stays_half_done() == ()
