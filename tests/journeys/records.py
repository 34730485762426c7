"""What the company really holds of a customer: read from its databases by account number and foreign keys alone.

The data maps are read as plain YAML, for what they say of columns; nothing of the code that gathers is used.
"""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from dsar.demo.company import MAPS
from tests.journeys.bundle import Row
from tests.journeys.premises import Premises

ORDERS = "customer_id = :id OR lower(guest_email) = :email"
TICKETS = "customer_id = :id OR lower(contact_email) = :email"
DEVICES = "device_id IN (SELECT device_id FROM shop.devices WHERE customer_id = :id)"
OF_CUSTOMER = {
    "shop": {
        "customers": "id = :id",
        "addresses": "customer_id = :id",
        "orders": ORDERS,
        "order_lines": f"order_id IN (SELECT id FROM orders WHERE {ORDERS})",
        "payments": f"order_id IN (SELECT id FROM orders WHERE {ORDERS})",
        "support_tickets": TICKETS,
        "ticket_messages": f"ticket_id IN (SELECT id FROM support_tickets WHERE {TICKETS})",
        "newsletter_subscribers": "lower(email) = :email",
        "reviews": "customer_id = :id",
        "avatars": "customer_id = :id",
        "devices": "customer_id = :id",
        "loyalty_entries": "customer_id = :id",
        "wishlist_items": "customer_id = :id",
    },
    "web_log": {"web_devices": DEVICES, "page_views": DEVICES, "ad_segments": DEVICES},
}
Value = Any  # of a cell, as SQLite gives it
READ: Mapping[str, Callable[[Value], object]] = {
    "DATETIME": lambda value: datetime.fromisoformat(value).isoformat(),
    "BOOLEAN": bool,
    "BLOB": lambda value: {"$binary": base64.b64encode(value).decode(), "bytes": len(value)},
}


@cache
def collections(system: str) -> Mapping[str, Mapping[str, Any]]:
    """What the system's data map says, by collection."""
    told = yaml.safe_load((MAPS / f"{system}.yaml").read_text())
    return {collection["name"]: collection for collection in told["collections"]}


def columns(system: str, collection: str, **marked: object) -> list[str]:
    """The columns of a collection whose fields are marked so, or else their collection is."""
    told = collections(system)[collection]
    return [
        field["column"]
        for field in told["fields"]
        if all(field.get(mark, told.get(mark)) == value for mark, value in marked.items())
    ]


def title(name: str) -> str:
    """What a table, given as ``system/table``, is called."""
    system, table = name.split("/")
    return str(collections(system)[table]["title"]["en"])


def on_delete(name: str) -> str:
    """What a deletion does to a table: ``delete``, ``deidentify`` or ``keep``."""
    system, table = name.split("/")
    told = collections(system)[table]["on_delete"]
    return told if isinstance(told, str) else str(*told)


def held(premises: Premises, account_no: str) -> dict[str, list[dict[str, Value]]]:
    """All rows of a customer by ``system/table``, as they are stored."""
    with closing(_connect(premises)) as company:
        customer = company.execute("SELECT id, lower(email) FROM shop.customers WHERE account_no = ?", [account_no])
        values = dict(zip(("id", "email"), customer.fetchone(), strict=True))
        return {
            f"{system}/{table}": [
                dict(row) for row in company.execute(f"SELECT * FROM {system}.{table} WHERE {condition}", values)
            ]
            for system, tables in OF_CUSTOMER.items()
            for table, condition in tables.items()
        }


def recent(premises: Premises, account_no: str, *, since: date) -> dict[str, list[dict[str, Value]]]:
    """Those of a customer's rows that were received since a day, or have no such date."""
    found = {}
    for name, rows in held(premises, account_no).items():
        system, table = name.split("/")
        received_at = collections(system)[table].get("received_at")
        found[name] = [row for row in rows if received_at is None or row[received_at] >= since.isoformat()]
    return found


def answer(premises: Premises, account_no: str, *, since: date, **marked: object) -> dict[str, list[dict[str, object]]]:
    """The tables that an answer must hold: the recent rows, with the columns that are marked so, as JSON."""
    found = {}
    for name, rows in recent(premises, account_no, since=since).items():
        system, table = name.split("/")
        wanted = columns(system, table, never_disclose=None, **marked)
        if rows and wanted:
            read = _reader(premises.system(system), table)
            found[name] = [{column: read(column, row[column]) for column in wanted} for row in rows]
    return found


def never_disclosed(tables: Mapping[str, list[dict[str, Value]]]) -> dict[str, set[Value]]:
    """The values among these rows that no answer may hold, by what they are."""
    kinds: dict[str, set[Value]] = {}
    for name, rows in tables.items():
        system, table = name.split("/")
        for field in collections(system)[table]["fields"]:
            values = {row[field["column"]] for row in rows if row[field["column"]]}
            if "never_disclose" in field and values:
                kinds.setdefault(field["never_disclose"], set()).update(values)
    return kinds


def in_order(tables: Mapping[str, list[Row]]) -> dict[str, list[str]]:
    """Rows as texts that can be sorted: which comes first is no promise."""
    return {name: sorted(repr(sorted(row.items())) for row in rows) for name, rows in tables.items()}


Contents = Mapping[tuple[str, int], Row]


def contents(premises: Premises) -> Contents:
    """Every row of both systems, by ``system/table`` and its number there."""
    with closing(_connect(premises)) as company:
        tables = [
            f"{system}.{name}"
            for system in OF_CUSTOMER
            for (name,) in company.execute(f"SELECT name FROM {system}.sqlite_master WHERE type = 'table'").fetchall()
        ]
        return {
            (table.replace(".", "/"), row["rowid_"]): dict(row)
            for table in tables
            for row in company.execute(f"SELECT rowid AS rowid_, * FROM {table}")
        }


def gone(before: Contents, after: Contents) -> dict[str, int]:
    """How many rows were removed, by table."""
    counted: dict[str, int] = {}
    for table, _number in before.keys() - after.keys():
        counted[table] = counted.get(table, 0) + 1
    return counted


def changed(before: Contents, after: Contents) -> dict[tuple[str, int], dict[str, tuple[Value, Value]]]:
    """The cells that differ, by row: what they held, and what they hold."""
    return {
        place: {name: (before[place][name], row[name]) for name in row if before[place][name] != row[name]}
        for place, row in after.items()
        if place not in before or before[place] != row
    }


def _reader(path: Path, table: str) -> Callable[[str, Value], object]:
    """Turns what is stored in a column into JSON, by the column's declared type."""
    with closing(sqlite3.connect(path)) as database:
        types = {name: kind for _id, name, kind, *_rest in database.execute(f"PRAGMA table_info({table})")}
    return lambda column, value: value if value is None else READ.get(types[column], lambda same: same)(value)


def _connect(premises: Premises) -> sqlite3.Connection:
    company = sqlite3.connect(":memory:")
    company.row_factory = sqlite3.Row
    for system in OF_CUSTOMER:
        company.execute(f"ATTACH ? AS {system}", [f"file:{premises.system(system)}"])
    return company
