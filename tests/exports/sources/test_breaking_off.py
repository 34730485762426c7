"""A source that dies between two tables, or whose rows somebody has locked: nothing is done, and then all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from exports.sources.connector import Action, Connector, SourceUnavailableError, open_source
from exports.sources.datamap import read_data_map
from tests.exports.sources.databases import MARIADB, POSTGRESQL, on
from tests.exports.sources.plans import plan_of
from tests.exports.sources.small_company import MAP, everything, letters

pytestmark = pytest.mark.slow

ANN = {"email": ["ann.o'hara@club.example"]}
ALL = {"members": Action.DEIDENTIFY, "letters": Action.DELETE, "stamps": Action.DELETE, "invoices": Action.KEEP}
SOON = timedelta(seconds=1)
# Ends every other connection to the database, as a server does that is stopped or restarted.
OTHERS = {
    "postgresql": "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mariadb": "SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()",
}
END = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}


class DiesAt:
    """What is called before each batch, and ends the source's connections before one of them."""

    def __init__(self, engine: sa.Engine, kind: str, batch: int) -> None:
        self._engine, self._kind, self._batch = engine, kind, batch
        self.batches = 0

    def __call__(self) -> None:
        self.batches += 1
        if self.batches == self._batch:
            with self._engine.begin() as connection:
                for number in connection.execute(sa.text(OTHERS[self._kind])).scalars().all():
                    connection.execute(sa.text(END[self._kind].format(number)))


@on(POSTGRESQL, MARIADB)  # SQLite's file has no server that could die; a worker that dies is tried elsewhere
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_a_source_that_dies_between_two_tables_has_done_nothing_and_then_does_all(
    engine: sa.Engine, company: Connector, kind: str, batch: int
) -> None:
    plan = plan_of(company, ANN, **ALL)
    before = everything(engine)
    dying = DiesAt(engine, kind, batch)
    with pytest.raises(SourceUnavailableError):
        company.delete(plan, before_batch=dying)
    assert dying.batches == batch
    assert everything(engine) == before
    done = company.delete(plan, repeated=True)
    assert not done.found_done
    assert {item.name: item.rows for item in done.collections if item.rows} == {"members": 1, "letters": 2, "stamps": 2}
    assert [row for row in everything(engine)["letters"] if row[1] == 1] == []


@contextmanager
def locked(engine: sa.Engine, kind: str) -> Iterator[None]:
    """Somebody else has written to one of Ann's letters, and does not end."""
    with engine.connect() as connection:
        if kind == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.execute(letters.update().where(letters.c.id == 11).values(body="being written"))
        yield
        connection.rollback()


@pytest.fixture
def impatient(engine: sa.Engine, small_url: str) -> Iterator[Connector]:
    """A connector to the small company that waits for a second."""
    with open_source(read_data_map(MAP), read_url=small_url, write_url=small_url, timeout=SOON) as connector:
        yield connector


def test_rows_that_somebody_else_has_locked_are_waited_for_and_then_nothing_is_done(
    engine: sa.Engine, impatient: Connector, kind: str
) -> None:
    plan = plan_of(impatient, ANN, **ALL)
    before = everything(engine)
    with locked(engine, kind), pytest.raises(SourceUnavailableError):
        impatient.delete(plan)
    assert everything(engine) == before
    assert not impatient.delete(plan, repeated=True).found_done
    assert [row for row in everything(engine)["letters"] if row[1] == 1] == []
