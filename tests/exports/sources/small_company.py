"""A company of three members, small enough to see what a change does to it."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Date, DateTime, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.dialects import mysql

tables = MetaData()
members = Table(
    "members",
    tables,
    Column("id", Integer, primary_key=True),
    Column("email", String(80), unique=True),
    Column("name", String(80)),
    Column("phone", String(20)),
    Column("born", Date),
    Column("points", Integer),
    Column("picture", LargeBinary),
    Column("opted_out", Boolean, nullable=False),
    Column("joined_at", DateTime),
)
letters = Table(
    "letters",
    tables,
    Column("id", Integer, primary_key=True),
    Column("member_id", ForeignKey("members.id"), nullable=False, index=True),
    Column("body", Text().with_variant(mysql.MEDIUMTEXT(), "mysql")),
    Column("sent_at", DateTime),
)
stamps = Table(
    "stamps",
    tables,
    Column("letter_id", ForeignKey("letters.id"), primary_key=True),
    Column("place", String(20), primary_key=True),
    Column("cents", Integer, nullable=False),
)
invoices = Table(
    "invoices",
    tables,
    Column("id", Integer, primary_key=True),
    Column("member_id", ForeignKey("members.id"), nullable=False, index=True),
    Column("cents", Integer, nullable=False),
)

MAP = """
source: club
title: Club
connector: sql
role: controller
purposes: {club: Run the club}
origins: {person: You}
collections:
  - name: members
    title: Members
    table: members
    key: [id]
    one_per_person: true
    degree: reasonable
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached:
      - {by: email, column: email, compare: email}
      - {by: member_no, column: id}
    received_at: joined_at
    suppress: {opt_out_sale_share: {opted_out: true}}
    on_delete:
      deidentify:
        {email: random, name: {constant: "[gone]"}, phone: clear, born: clear, points: keep, picture: clear,
         opted_out: {constant: true}, joined_at: keep}
    fields:
      - {column: email, title: E-mail, category: identifiers, match: {kind: email, compare: email}, reliable: true,
         correctable: true}
      - {column: name, title: Name, category: identifiers, match: {kind: name, compare: casefold}, correctable: true}
      - {column: phone, title: Phone, category: identifiers, match: {kind: phone, compare: digits}, reliable: true,
         correctable: true}
      - {column: born, title: Born, category: protected_characteristics, match: {kind: birth_date, compare: exact},
         reliable: true, correctable: true}
      - {column: points, title: Points, category: commercial, correctable: true}
      - {column: picture, title: Picture, category: sensory}
      - {column: opted_out, title: Opted out, category: commercial}
      - {column: joined_at, title: Joined, category: commercial, correctable: true}
  - name: letters
    title: Letters
    table: letters
    key: [id]
    provided_by_person: true
    purposes: [club]
    collected_from: [person]
    reached: [{from: members, columns: {member_id: id}}]
    received_at: sent_at
    suppress: {limit_sensitive: {body: "[limited]"}}
    gives: [{kind: letter_no, column: id}]
    on_delete: delete
    fields:
      - {column: id, title: Number, category: identifiers}
      - {column: body, title: Text, category: commercial}
      - {column: sent_at, title: Sent, category: commercial}
  - name: stamps
    title: Stamps
    table: stamps
    key: [letter_id, place]
    provided_by_person: false
    purposes: [club]
    collected_from: [person]
    reached: [{from: letters, columns: {letter_id: id}}]
    on_delete: delete
    fields:
      - {column: place, title: Place, category: commercial}
      - {column: cents, title: Cents, category: commercial}
  - name: invoices
    title: Invoices
    table: invoices
    key: [id]
    provided_by_person: false
    purposes: [club]
    collected_from: [person]
    reached: [{from: members, columns: {member_id: id}}]
    on_delete: {keep: {ground: ca_105d8_legal_obligation, years: 7}}
    fields:
      - {column: cents, title: Cents, category: commercial}
"""

ANN = {
    "id": 1,
    "email": "Ann.O'Hara@Club.example",
    "name": "Ann O'Hara",
    "phone": "(415) 555-0101",
    "born": date(1980, 2, 29),
    "points": 7,
    "picture": b"\x89PNG\x00\xff",
    "opted_out": False,
    "joined_at": datetime.fromisoformat("2024-05-01T10:30"),
}
BOB = ANN | {"id": 2, "email": "bob@club.example", "name": "Bob", "points": None, "picture": None}
CAT = BOB | {"id": 3, "email": None, "name": "Zoë", "phone": "415.555.0103", "born": None, "joined_at": None}


LETTERS = [
    {"id": 10, "member_id": 1, "body": "letter 10", "sent_at": datetime.fromisoformat("2021-12-31")},
    {"id": 11, "member_id": 1, "body": "letter 11", "sent_at": datetime.fromisoformat("2026-01-01")},
    {"id": 20, "member_id": 2, "body": "letter 20", "sent_at": datetime.fromisoformat("2021-12-31")},
    {"id": 21, "member_id": 2, "body": "letter 21", "sent_at": datetime.fromisoformat("2026-01-01")},
]
STAMPS = [{"letter_id": letter, "place": place, "cents": 60} for letter in (10, 20) for place in ("left", "top")]
INVOICES = [{"id": 1, "member_id": 1, "cents": 500}, {"id": 2, "member_id": 2, "cents": 500}]


def make(engine: sa.Engine) -> None:
    """Make the tables."""
    for table in tables.tables.values():
        table.dialect_options["mysql"]["charset"] = "utf8mb4"
    tables.drop_all(engine)
    tables.create_all(engine)


def fill(engine: sa.Engine) -> None:
    """Fill the tables anew: Ann and Bob have two letters, two stamps on the first, and an invoice; Cat has none."""
    with engine.begin() as connection:
        for table in reversed(tables.sorted_tables):
            connection.execute(table.delete())
        for table, rows in ((members, [ANN, BOB, CAT]), (letters, LETTERS), (stamps, STAMPS), (invoices, INVOICES)):
            connection.execute(table.insert(), rows)


def everything(engine: sa.Engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the company, to see that nothing else has changed."""
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(sa.select(table).order_by(*table.primary_key))]
            for name, table in tables.tables.items()
        }
