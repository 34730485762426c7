"""A source that dies between two tables, or whose rows somebody has locked: nothing is done, and then all of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from exports.sources.connector import Action, Connector, Correction, open_source
from exports.sources.datamap import read_data_map
from exports.sources.errors import SourceUnavailableError
from requests_app.law.words import Right
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


def end_others(engine: sa.Engine, kind: str) -> None:
    """The source ends every connection but our own one."""
    with engine.begin() as connection:
        for number in connection.execute(sa.text(OTHERS[kind])).scalars().all():
            connection.execute(sa.text(END[kind].format(number)))


class DiesAt:
    """What is called before each batch, and ends the source's connections before one of them."""

    def __init__(self, engine: sa.Engine, kind: str, batch: int) -> None:
        self._engine, self._kind, self._batch = engine, kind, batch
        self.batches = 0

    def __call__(self) -> None:
        self.batches += 1
        if self.batches == self._batch:
            end_others(self._engine, self._kind)


@contextmanager
def dying_before(table: str, engine: sa.Engine, kind: str) -> Iterator[list[str]]:
    """The source's connections end before a row of this table is written; gives what was written until then."""
    written: list[str] = []

    def look(connection: sa.Connection, _cursor: object, statement: str, *_more: object) -> None:
        changes = re.match(r"(?:UPDATE|DELETE FROM) (\w+) ", statement)
        if changes and connection.engine.url == engine.url:
            if changes[1] == table:
                end_others(engine, kind)
            written.append(changes[1])

    sa.event.listen(sa.Engine, "before_cursor_execute", look)
    try:
        yield written
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", look)


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


# Of the letters, too, a text may be corrected, is flagged by an opt-out, and is masked where they are to stay.
WIDER = (
    ("title: Text, category: commercial}", "title: Text, category: commercial, correctable: true}"),
    ('suppress: {limit_sensitive: {body: "[limited]"}}', 'suppress: {opt_out_sale_share: {body: "[not to be sold]"}}'),
    (
        "gives: [{kind: letter_no, column: id}]\n    on_delete: delete",
        "gives: [{kind: letter_no, column: id}]\n    on_delete: {deidentify: {id: keep, body: clear, sent_at: keep}}",
    ),
)


@pytest.fixture
def wider(engine: sa.Engine, small_url: str) -> Iterator[Connector]:
    """A connector to the small company whose letters are changed in every way that its members are."""
    text = MAP
    for old, new in WIDER:
        assert old in text
        text = text.replace(old, new)
    with open_source(read_data_map(text), read_url=small_url, write_url=small_url) as connector:
        yield connector


def to_correct(company: Connector) -> Callable[[], object]:
    """A name, and what a letter says."""
    name = Correction("members", [((1,), "Ann O'Hara")], "name", "Ann O'Shea")
    return lambda: company.correct([name, Correction("letters", [((10,), "letter 10")], "body", "letter ten")], ANN)


def to_opt_out(company: Connector) -> Callable[[], object]:
    """A flag on the member, and on each letter."""
    return lambda: company.suppress(Right.OPT_OUT_SALE_SHARE, ANN)


def to_mask(company: Connector) -> Callable[[], object]:
    """Both are de-identified, in the order in which rows would go: the letters first."""
    plan = plan_of(company, ANN, members=Action.DEIDENTIFY, letters=Action.DEIDENTIFY)
    return lambda: company.delete(plan, repeated=True)


@on(POSTGRESQL, MARIADB)
@pytest.mark.parametrize(
    ("to_change", "first", "then"),
    [(to_correct, "members", "letters"), (to_opt_out, "members", "letters"), (to_mask, "letters", "members")],
)
def test_a_source_that_dies_between_any_change_of_two_tables_has_done_nothing_and_then_does_all(  # noqa: PLR0917
    engine: sa.Engine,
    wider: Connector,
    kind: str,
    to_change: Callable[[Connector], Callable[[], object]],
    first: str,
    then: str,
) -> None:
    change, before = to_change(wider), everything(engine)
    with dying_before(then, engine, kind) as written, pytest.raises(SourceUnavailableError):
        change()
    assert set(written[:-1]) == {first}
    assert written[-1] == then
    assert everything(engine) == before
    change()
    after = everything(engine)
    changed = {name for name, rows in after.items() if rows != before[name]}
    assert changed == {"members", "letters"}
    of_others = {name: [row for row in rows if 1 not in row[:2]] for name, rows in before.items()}
    assert {name: [row for row in rows if 1 not in row[:2]] for name, rows in after.items()} == of_others


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
