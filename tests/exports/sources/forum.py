"""A forum whose members have several addresses, in a table of their own: Bob and Cat share one, and have one each."""

from __future__ import annotations

import sqlalchemy as sa

ROWS = {
    "users": ("id", "name", [(1, "Ann"), (2, "Bob"), (3, "Cat")]),
    "user_emails": (
        *("id", "user_id", "email", "muted"),
        [
            (10, 1, "ann@club.example", 0),
            (11, 1, "ann@work.example", 0),
            (20, 2, "family@club.example", 0),
            (21, 2, "bob@club.example", 0),
            (30, 3, "family@club.example", 0),
            (31, 3, "cat@club.example", 0),
        ],
    ),
    "notes": ("id", "user_id", "body", [(100, 1, "a"), (101, 1, "b"), (200, 2, "c"), (300, 3, "d")]),
    "bounces": ("id", "email_id", "reason", [(1000, 10, "e"), (1001, 11, "f"), (2000, 21, "g"), (3000, 31, "h")]),
}
TABLES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(40));
CREATE TABLE user_emails (id INTEGER PRIMARY KEY, user_id INTEGER, email VARCHAR(40), muted INTEGER,
  FOREIGN KEY (user_id) REFERENCES users (id));
CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INTEGER, body VARCHAR(40),
  FOREIGN KEY (user_id) REFERENCES users (id));
CREATE TABLE bounces (id INTEGER PRIMARY KEY, email_id INTEGER, reason VARCHAR(40),
  FOREIGN KEY (email_id) REFERENCES user_emails (id))
"""
HEAD = """
source: forum
title: Forum
connector: {connector}
role: controller
purposes: {{talk: Talk}}
origins: {{person: You}}
collections:
"""
COLLECTION = """
  - name: {name}
    title: T
    {place}
    provided_by_person: true
    purposes: [talk]
    collected_from: [person]
    on_delete: delete
    {ways}
    fields:
"""
FIELD = "      - {{column: {column}, title: C, category: identifiers}}\n"
BACK = "back: {from: users, columns: {user_id: id}}"
WAYS = {
    "user_emails": f"reached: [{{by: email, column: email, compare: email}}]\n    {BACK}",
    "users": "reached: [{from: user_emails, columns: {id: user_id}}]\n    one_per_person: true",
    "notes": "reached: [{from: users, columns: {user_id: id}}]",
    "bounces": "reached: [{from: user_emails, columns: {email_id: id}}]",
}
ANN = {"users": [1], "user_emails": [10, 11], "notes": [100, 101], "bounces": [1000, 1001]}
BOB = {"users": [2], "user_emails": [20, 21], "notes": [200], "bounces": [2000]}
NOBODY: dict[str, list[int]] = {name: [] for name in ANN}


def map_of(connector: str = "sql", changed: dict[str, str] | None = None) -> str:
    """The map as somebody writes it; with other ways where they are given."""
    text = HEAD.format(connector=connector)
    for name, ways in (WAYS | (changed or {})).items():
        place = f"table: {name}\n    key: [id]" if connector == "sql" else f"files: {name}.csv\n    format: csv"
        text += COLLECTION.format(name=name, place=place, ways=ways)
        text += "".join(FIELD.format(column=column) for column in ROWS[name][:-1])
    return text


def fill(engine: sa.Engine, **renamed: str) -> None:
    """Make the tables with their rows; an address can be another one: `ann="x@club.example"`."""
    with engine.begin() as connection:
        for statement in TABLES.split(";"):
            connection.exec_driver_sql(statement)
        for name, (*columns, rows) in ROWS.items():
            marks = ", ".join(f":{column}" for column in columns)
            values = [dict(zip(columns, row, strict=True)) for row in rows]
            connection.execute(sa.text(f"INSERT INTO {name} VALUES ({marks})"), values)
        for local, address in renamed.items():
            known = {"email": address, "before": f"{local}@club.example"}
            connection.execute(sa.text("UPDATE user_emails SET email = :email WHERE email = :before"), known)


def left(engine: sa.Engine) -> dict[str, list[int]]:
    """The keys of all rows that are there."""
    with engine.connect() as connection:
        rows = {
            name: connection.execute(sa.text(f"SELECT id FROM {name} ORDER BY id")).scalars().all() for name in ROWS
        }
    return {name: list(keys) for name, keys in rows.items()}
