"""What hangs on rows that are deleted, by the database's own keys: it goes before them as planned, or nothing goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from exports.sources.connector import Action, Connector, open_source
from exports.sources.datamap import read_data_map
from exports.sources.errors import ChangeRefusedError
from tests.exports.sources.databases import MARIADB, POSTGRESQL, SQLITE, on
from tests.exports.sources.plans import plan_of

HEAD = """
source: desk
title: Desk
connector: sql
role: controller
purposes: {help: Help}
origins: {person: You}
collections:
"""
COLLECTION = """
  - name: {name}
    title: T
    table: {table}
    key: [{key}]
    provided_by_person: true
    purposes: [help]
    collected_from: [person]
    reached: [{reached}]
    on_delete: delete
    fields: [{{column: mail, title: M, category: identifiers}}]
"""
BY_MAIL = "{by: email, column: mail}"
ANN, BOB = {"email": ["ann"]}, {"email": ["bob"]}

Make = Callable[..., None]
Open = Callable[..., Connector]


@pytest.fixture
def make(engine: sa.Engine) -> Iterator[Make]:
    """Make tables and fill them; what a statement makes is dropped after the test, last first."""
    undo: list[str] = []

    def run(*statements: str) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
                words = statement.split()
                if words[0] == "CREATE":
                    undo.insert(0, f"DROP {words[1]} {words[2]}")

    yield run
    with engine.begin() as connection:
        for statement in undo:
            connection.exec_driver_sql(statement)


@pytest.fixture
def opened(small_url: str) -> Iterator[Open]:
    """A connector that may write, by collections: (name, table, key, how it is reached)."""
    with ExitStack() as stack:

        def open_(*collections: tuple[str, str, str, str], url: str = small_url, more: str = "") -> Connector:
            text = HEAD + "".join(
                COLLECTION.format(name=name, table=f"{table}{more}", key=key, reached=reached)
                for name, table, key, reached in collections
            )
            return stack.enter_context(open_source(read_data_map(text), read_url=url, write_url=url))

        yield open_


def rows(engine: sa.Engine, table: str, column: str = "id") -> list[object]:
    """What a column of a table holds."""
    with engine.connect() as connection:
        return list(connection.execute(sa.text(f"SELECT {column} FROM {table} ORDER BY {column}")).scalars())


TICKETS = "CREATE TABLE tickets (id INTEGER PRIMARY KEY, mail VARCHAR(20))"
MESSAGES = """CREATE TABLE messages (id INTEGER PRIMARY KEY, ticket INTEGER, mail VARCHAR(20),
              FOREIGN KEY (ticket) REFERENCES tickets (id) ON DELETE CASCADE)"""
DESK = ("tickets", "tickets", "id", BY_MAIL), ("messages", "messages", "id", BY_MAIL)
BOTH = {"tickets": Action.DELETE, "messages": Action.DELETE}


def test_rows_of_others_that_hang_on_the_persons_own_stop_everything(
    engine: sa.Engine, make: Make, opened: Open
) -> None:
    make(TICKETS, MESSAGES, "INSERT INTO tickets VALUES (1, 'bob'), (2, 'bob')")
    make("INSERT INTO messages VALUES (10, 1, 'bob'), (11, 1, 'ann'), (12, 2, 'bob')")
    desk = opened(*DESK)
    with pytest.raises(ChangeRefusedError, match="from tickets would also change rows of messages, which are not to"):
        desk.delete(plan_of(desk, BOB, **BOTH))
    assert (rows(engine, "tickets"), rows(engine, "messages")) == ([1, 2], [10, 11, 12])
    desk.delete(plan_of(desk, ANN, **BOTH))
    desk.delete(plan_of(desk, BOB, **BOTH))
    assert (rows(engine, "tickets"), rows(engine, "messages")) == ([], [])


def test_the_order_is_told_with_the_keys_that_make_it(make: Make, opened: Open) -> None:
    make(TICKETS, MESSAGES)
    told = [(step.name, dict(step.before)) for step in opened(*DESK).deletion_order(["tickets", "messages"])]
    assert told == [("messages", {"tickets": ("ticket",)}), ("tickets", {})]


def test_who_has_no_row_in_a_table_that_would_go_along_is_deleted(engine: sa.Engine, make: Make, opened: Open) -> None:
    make(
        TICKETS,
        MESSAGES,
        "INSERT INTO tickets VALUES (1, 'bob'), (2, 'ann')",
        "INSERT INTO messages VALUES (9, 2, 'ann')",
    )
    desk = opened(*DESK)
    desk.delete(plan_of(desk, BOB, tickets=Action.DELETE))
    assert (rows(engine, "tickets"), rows(engine, "messages")) == ([2], [9])


def test_a_spared_row_does_not_go_along(engine: sa.Engine, make: Make, opened: Open) -> None:
    make(TICKETS, MESSAGES, "INSERT INTO tickets VALUES (1, 'bob')", "INSERT INTO messages VALUES (9, 1, 'bob')")
    desk = opened(*DESK)
    with pytest.raises(ChangeRefusedError, match="would also change rows of messages"):
        desk.delete(plan_of(desk, BOB, {"messages": {(9,)}}, **BOTH))
    assert rows(engine, "messages") == [9]


def test_a_key_of_several_columns_is_judged_by_all_of_them(engine: sa.Engine, make: Make, opened: Open) -> None:
    make(
        "CREATE TABLE seats (hall INTEGER, seat INTEGER, mail VARCHAR(20), PRIMARY KEY (hall, seat))",
        """CREATE TABLE notes (id INTEGER PRIMARY KEY, hall INTEGER, seat INTEGER,
           FOREIGN KEY (hall, seat) REFERENCES seats (hall, seat) ON DELETE SET NULL)""",
        "INSERT INTO seats VALUES (1, 1, 'bob'), (1, 2, 'ann'), (2, 1, 'ann')",
        "INSERT INTO notes VALUES (5, 1, 2), (6, NULL, NULL)",
    )
    hall = opened(("seats", "seats", "hall, seat", BY_MAIL))
    hall.delete(plan_of(hall, BOB, seats=Action.DELETE))
    with pytest.raises(ChangeRefusedError, match="would also change rows of notes"):
        hall.delete(plan_of(hall, ANN, seats=Action.DELETE))
    assert rows(engine, "seats", "hall") == [1, 2]
    assert rows(engine, "notes", "hall")[-1] in (1, None)


@on(POSTGRESQL, MARIADB)  # SQLite's keys don't lead out of their file
def test_a_table_in_a_schema_that_no_map_names_counts_too(
    engine: sa.Engine, make: Make, opened: Open, kind: str
) -> None:
    home = "public" if kind == "postgresql" else engine.url.database
    make(
        TICKETS,
        "CREATE SCHEMA sales",
        f"""CREATE TABLE sales.audit (id INTEGER PRIMARY KEY, ticket INTEGER,
            FOREIGN KEY (ticket) REFERENCES {home}.tickets (id) ON DELETE CASCADE)""",
        "INSERT INTO tickets VALUES (1, 'bob'), (2, 'ann')",
        "INSERT INTO sales.audit VALUES (7, 1)",
    )
    desk = opened(DESK[0])
    with pytest.raises(ChangeRefusedError, match="would also change rows of audit"):
        desk.delete(plan_of(desk, BOB, tickets=Action.DELETE))
    desk.delete(plan_of(desk, ANN, tickets=Action.DELETE))
    assert (rows(engine, "tickets"), rows(engine, "sales.audit")) == ([1], [7])


@on(POSTGRESQL, MARIADB)
@pytest.mark.parametrize("home", [True, False])
def test_it_does_not_matter_whether_the_map_names_the_schema(
    engine: sa.Engine, make: Make, opened: Open, kind: str, home: bool
) -> None:
    """Messages stand above their tickets in the map, so that only the database knows the order."""
    schema = "public" if kind == "postgresql" else engine.url.database
    make(TICKETS, MESSAGES.replace(" ON DELETE CASCADE", ""), "INSERT INTO tickets VALUES (1, 'bob')")
    make("INSERT INTO messages VALUES (9, 1, 'bob')")
    desk = opened(DESK[1], DESK[0], more=f"\n    schema: {schema}" if home else "")
    done = desk.delete(plan_of(desk, BOB, messages=Action.DELETE, tickets=Action.DELETE))
    assert [item.name for item in done.collections] == ["messages", "tickets"]


@on(POSTGRESQL)  # MariaDB shows an account no key of a table that it may not see
def test_a_table_that_may_not_be_looked_at_stops_everything_with_the_cure(
    engine: sa.Engine, make: Make, opened: Open, small_url: str
) -> None:
    make("CREATE ROLE clerk LOGIN", TICKETS, MESSAGES, "GRANT SELECT, DELETE ON tickets TO clerk")
    make("INSERT INTO tickets VALUES (1, 'bob')", "INSERT INTO messages VALUES (9, 1, 'bob')")
    url = sa.make_url(small_url).set(username="clerk").render_as_string(hide_password=False)
    desk = opened(DESK[0], url=url)
    with pytest.raises(ChangeRefusedError, match="rows of messages may hang on those of tickets, and the writing acc"):
        desk.delete(plan_of(desk, BOB, tickets=Action.DELETE))
    assert rows(engine, "tickets") == [1]


POSTS = """CREATE TABLE posts (id INTEGER PRIMARY KEY, answers INTEGER, mail VARCHAR(20),
           FOREIGN KEY (answers) REFERENCES posts (id){rule})"""
POST = ("posts", "posts", "id", BY_MAIL)
RULES = pytest.mark.parametrize("rule", ["", " ON DELETE CASCADE"], ids=["no rule", "cascade"])


@pytest.mark.slow
@RULES
def test_rows_that_hang_on_rows_of_their_own_table_go_first_however_many(
    engine: sa.Engine, make: Make, opened: Open, rule: str
) -> None:
    answers = ", ".join(f"({n}, {n % 600}, 'bob')" for n in range(600, 1800))  # to posts read long before them
    posts = ", ".join(f"({n}, NULL, 'bob')" for n in range(600))
    make(POSTS.format(rule=rule), f"INSERT INTO posts VALUES {posts}", f"INSERT INTO posts VALUES {answers}")
    make("INSERT INTO posts VALUES (5000, NULL, 'ann')", "UPDATE posts SET answers = 1799 WHERE id = 3")
    forum = opened(POST)
    done = forum.delete(plan_of(forum, BOB, posts=Action.DELETE))
    assert [item.rows for item in done.collections] == [1800]
    assert rows(engine, "posts") == [5000]


@on(SQLITE, POSTGRESQL)  # MariaDB itself refuses to delete such a row
@RULES
def test_a_row_may_hang_on_itself(engine: sa.Engine, make: Make, opened: Open, rule: str) -> None:
    make(POSTS.format(rule=rule), "INSERT INTO posts VALUES (1, 1, 'bob'), (2, 1, 'bob')")
    forum = opened(POST)
    forum.delete(plan_of(forum, BOB, posts=Action.DELETE))
    assert rows(engine, "posts") == []


@RULES
def test_an_answer_of_somebody_else_is_not_deleted_along(
    engine: sa.Engine, make: Make, opened: Open, rule: str
) -> None:
    make(POSTS.format(rule=rule), "INSERT INTO posts VALUES (1, NULL, 'bob'), (2, 1, 'bob')")
    make("INSERT INTO posts VALUES (3, 2, 'ann')")
    forum = opened(POST)
    with pytest.raises(ChangeRefusedError, match="would also change rows of posts" if rule else "a constraint"):
        forum.delete(plan_of(forum, BOB, posts=Action.DELETE))
    assert rows(engine, "posts") == [1, 2, 3]


def test_rows_that_point_round_in_a_circle_are_a_task_for_a_person(engine: sa.Engine, make: Make, opened: Open) -> None:
    make(POSTS.format(rule=""), "INSERT INTO posts VALUES (1, NULL, 'bob'), (2, 1, 'bob')")
    make("UPDATE posts SET answers = 2 WHERE id = 1")
    forum = opened(POST)
    try:
        with pytest.raises(ChangeRefusedError, match="rows of posts point to each other; deleting them is a task"):
            forum.delete(plan_of(forum, BOB, posts=Action.DELETE))
    finally:
        make("UPDATE posts SET answers = NULL")


THREADS = POST, ("answers", "posts", "id", "{from: posts, columns: {answers: id}}")


def test_two_collections_of_a_table_that_points_to_itself_go_children_first(
    engine: sa.Engine, make: Make, opened: Open
) -> None:
    make(POSTS.format(rule=""), "INSERT INTO posts VALUES (1, NULL, 'bob')", "INSERT INTO posts VALUES (2, 1, 'ann')")
    forum = opened(*THREADS)
    done = forum.delete(plan_of(forum, BOB, posts=Action.DELETE, answers=Action.DELETE))
    assert [item.name for item in done.collections] == ["answers", "posts"]
    assert rows(engine, "posts") == []


@pytest.mark.parametrize("other", [Action.DELETE, Action.KEEP])
def test_a_row_that_two_collections_of_one_table_share_stops_everything(
    engine: sa.Engine, make: Make, opened: Open, other: Action
) -> None:
    make(POSTS.format(rule=""), "INSERT INTO posts VALUES (1, NULL, 'bob')", "INSERT INTO posts VALUES (2, 1, 'bob')")
    forum = opened(*THREADS)
    with pytest.raises(ChangeRefusedError, match="posts and answers are of one table and share rows of this person"):
        forum.delete(plan_of(forum, BOB, posts=Action.DELETE, answers=other))
    assert rows(engine, "posts") == [1, 2]


@on(POSTGRESQL, MARIADB, SQLITE)
def test_nothing_is_deleted_through_a_view(engine: sa.Engine, make: Make, opened: Open) -> None:
    make(TICKETS, "CREATE VIEW open_tickets AS SELECT * FROM tickets", "INSERT INTO tickets VALUES (1, 'bob')")
    desk = opened(("tickets", "open_tickets", "id", BY_MAIL))
    with pytest.raises(ChangeRefusedError, match="tickets is a view, and what hangs on its rows can't be seen"):
        desk.delete(plan_of(desk, BOB, tickets=Action.DELETE))
    assert rows(engine, "tickets") == [1]
