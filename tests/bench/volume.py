"""Many deletions and opt-outs, through the real services and one worker; beside them the bare SQL that does the same.

Run by ``tests.bench`` as a process of its own a database, since Django's settings name one.
"""

from __future__ import annotations

import argparse
import logging
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import psycopg

django.setup()

from django.core.management import call_command  # noqa: E402 - models exist only after setup
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from dsar.demo import company, systems  # noqa: E402
from dsar.demo.people import Person  # noqa: E402
from dsar.vault import keys  # noqa: E402
from requests_app.law.words import Right  # noqa: E402
from requests_app.models import Case  # noqa: E402
from requests_app.states import State  # noqa: E402
from tests.bench.tables import print_table  # noqa: E402
from tests.exports.house import APPROVER, House, everybody  # noqa: E402
from tests.servers import fresh_database  # noqa: E402

FIRST = 100  # below are the people who make finding a person hard
HEADINGS = (
    "", "cases", "before s", "s", "processor s", "a second", "days for a year's", "bare s", "bare a second", "ratio"
)  # fmt: skip
YEAR = {Right.DELETE: 2_400_000, Right.OPT_OUT_SALE_SHARE: 100_000}  # published figures of one large company

OF_CUSTOMER = ("addresses", "reviews", "avatars", "devices", "loyalty_entries", "wishlist_items")
OF_TICKET = "DELETE FROM ticket_messages WHERE ticket_id IN (SELECT id FROM support_tickets WHERE {of_person})"
OF_PERSON = "customer_id = ? OR lower(contact_email) = lower(?)"
DEVICES_OF_ADDRESS = (
    "SELECT device_id FROM devices WHERE customer_id IN (SELECT id FROM customers WHERE lower(email) = lower(?))"
)
DEIDENTIFY = (
    "UPDATE customers SET account_no = ?, email = NULL, name = '[deleted]', phone = NULL, birth_date = NULL,"
    " password_hash = '', driver_licence_no = NULL, marketing_email = ?, marketing_sms = ? WHERE id = ?"
)


@dataclass(frozen=True)
class Measured:
    """Seconds: what has to come before (a request, proof, gathering), the cases themselves, and the bare SQL.

    Where other processes want the processor and the disk, the seconds of our own on the processor say more.
    """

    right: Right
    cases: int
    before: float
    seconds: float
    processor: float
    bare: float

    def row(self) -> tuple[str, ...]:
        """The figures as the table shows them."""
        return (
            self.right.label,
            f"{self.cases:,}",
            f"{self.before:.1f}" if self.right == Right.DELETE else "-",
            f"{self.seconds:.2f}",
            f"{self.processor:.2f}",
            f"{self.cases / self.seconds:.1f}",
            f"{self.seconds / self.cases * YEAR[self.right] / 86_400:.1f}",
            f"{self.bare:.3f}",
            f"{self.cases / self.bare:,.0f}",
            f"{self.seconds / self.bare:.0f}",
        )


class Bare:
    """A connection to one of the company's systems, with nothing around it; a question mark stands for each value."""

    def __init__(self, url: str) -> None:
        if url.startswith("sqlite"):
            self.connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"))
            self._mark = "?"
        else:
            self.connection = psycopg.connect(url)
            self._mark = "%s"

    def __call__(self, statement: str, *values: object) -> list[Any]:
        """Run one statement; what it found, if it asked."""
        cursor = self.connection.execute(statement.replace("?", self._mark), values)
        return cursor.fetchall() if statement.startswith("SELECT") else []


def set_up(folder: Path) -> House:
    """The example company: its systems on the same kind of database as the program."""
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)
    call_command("migrate", database="keys", verbosity=0)
    keys.destroy(keys.create("content", at=timezone.now()), at=timezone.now())  # as in any house that is in use
    os.environ |= _built(folder)
    house = House(folder, company.set_up_organisation())
    company.set_up_sources(timezone.now())
    return house


def _built(folder: Path) -> dict[str, str]:
    if connection.vendor == "sqlite":
        systems.build(folder)
        return systems.addresses(folder)
    server, found = os.environ["TEST_POSTGRES_URL"], {}
    for name, build in systems.BUILD.items():
        url = fresh_database(server, f"bench_{name}")
        build(url.replace("postgresql://", "postgresql+psycopg://"))
        found |= dict.fromkeys((f"{systems.VARIABLES[name]}_{way}_URL" for way in ("READ", "WRITE")), url)
    return found


def measure(house: House, right: Right, people: Sequence[Person]) -> Measured:
    """Half of the people by the program, the other half bare."""
    ours, theirs = people[::2], people[1::2]
    began = time.perf_counter()
    cases = [house.deciding(right, who) for who in ours] if right == Right.DELETE else []
    before = time.perf_counter() - began
    began, began_processor = time.perf_counter(), time.process_time()
    for case in cases:
        house.move(case, "approve", APPROVER)
    if right != Right.DELETE:
        cases = [house.file(right, who=who).cases.get() for who in ours]
    house.work()
    seconds, processor = time.perf_counter() - began, time.process_time() - began_processor
    closed = Case.objects.filter(pk__in=[case.pk for case in cases], state=State.CLOSED)
    assert closed.count() == len(ours), "a case did not come to its end"
    return Measured(right, len(ours), before, seconds, processor, bare(right, theirs))


def bare(right: Right, people: Sequence[Person]) -> float:
    """What the same people's rows cost where nothing is asked, written down or told: one commit a person and system."""
    began = time.perf_counter()
    shop, web_log = (Bare(os.environ[f"{variable}_WRITE_URL"]) for variable in systems.VARIABLES.values())
    with closing(shop.connection), closing(web_log.connection):
        for who in people:
            BARE[right](shop, web_log, who)
            web_log.connection.commit()
            shop.connection.commit()
    return time.perf_counter() - began


def delete_bare(shop: Bare, web_log: Bare, who: Person) -> None:
    """As the data maps say: the same rows of the same tables."""
    for (device,) in shop("SELECT device_id FROM devices WHERE customer_id = ?", who.id):
        for table in ("page_views", "ad_segments", "web_devices"):
            web_log(f"DELETE FROM {table} WHERE device_id = ?", device)
    shop(OF_TICKET.format(of_person=OF_PERSON), who.id, who.email)
    shop(f"DELETE FROM support_tickets WHERE {OF_PERSON}", who.id, who.email)
    shop("DELETE FROM newsletter_subscribers WHERE lower(email) = lower(?)", who.email)
    for table in OF_CUSTOMER:
        shop(f"DELETE FROM {table} WHERE customer_id = ?", who.id)
    shop(DEIDENTIFY, f"bare-{who.id}", False, False, who.id)


def opt_out_bare(shop: Bare, web_log: Bare, who: Person) -> None:
    """The flags of the account that has this address, and of the devices that it signed in with."""
    shop("UPDATE customers SET sale_opt_out = ? WHERE lower(email) = lower(?)", True, who.email)
    for (device,) in shop(DEVICES_OF_ADDRESS, who.email):
        web_log("UPDATE web_devices SET sale_opt_out = ? WHERE device_id = ?", True, device)


BARE = {Right.DELETE: delete_bare, Right.OPT_OUT_SALE_SHARE: opt_out_bare}


def main() -> None:
    """Measure both, after one of each that warms the worker up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("deletions", type=int)
    parser.add_argument("opt_outs", type=int)
    asked = parser.parse_args()
    house = set_up(asked.folder)
    people = [who for who in everybody().values() if who.id >= FIRST and _can_ask(who)]
    rows = []
    for right, number in ((Right.DELETE, asked.deletions), (Right.OPT_OUT_SALE_SHARE, asked.opt_outs)):
        measure(house, right, [people.pop() for _ in range(2)])
        rows.append(measure(house, right, [people.pop() for _ in range(2 * number)]).row())
    print_table(HEADINGS, rows)


def _can_ask(who: Person) -> bool:
    return bool(who.email and who.phone and who.birth_date and not who.is_closed)


if __name__ == "__main__":
    main()
