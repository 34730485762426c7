"""Lets transaction and live-server tests start with a clean database, although triggers guard its tables.

Django empties the tables after such a test (TRUNCATE on PostgreSQL, DELETE on SQLite), which
append-only tables refuse. Here, and nowhere in the product, that flush switches every trigger off
and on again within its own transaction: no other statement runs without them, and a flush that
fails leaves them as they were. What is filled after ``migrate`` is filled again by the flush, except for the house id
that joins the two databases when they are migrated: it outlives the flush.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.management.color import Style
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations

KEPT = {"ledger_house", "vault_house"}
# How PostgreSQL writes down when a trigger fires (pg_trigger.tgenabled). "D", disabled, stays so.
FIRES = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}


@pytest.fixture(scope="session", autouse=True)
def flush_switches_triggers_off() -> Iterator[None]:
    """Wrap the flush of every kind of database in use."""
    with pytest.MonkeyPatch.context() as patch:
        for operations in {type(connection.ops) for connection in connections.all()}:
            patch.setattr(operations, "sql_flush", _between_triggers(operations.sql_flush))
        yield


def _between_triggers(sql_flush: Callable[..., list[str]]) -> Callable[..., list[str]]:
    def sql_flush_between_triggers(
        operations: BaseDatabaseOperations, style: Style, tables: list[str], **options: bool
    ) -> list[str]:
        off, on = _switches(operations.connection)
        emptied = [table for table in tables if table not in KEPT]
        return [*off, *sql_flush(operations, style, emptied, **options), *on]

    return sql_flush_between_triggers


def _switches(connection: BaseDatabaseWrapper) -> tuple[list[str], list[str]]:
    """The statements that switch all triggers off, and those that bring each back as it was."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            definitions = cursor.fetchall()
            off = [f"DROP TRIGGER {connection.ops.quote_name(name)}" for name, _ in definitions]
            return off, [definition for _, definition in definitions]
        cursor.execute(
            "SELECT tgrelid::regclass, quote_ident(tgname), tgenabled FROM pg_trigger WHERE NOT tgisinternal"
        )
        triggers = [(table, name, FIRES[fires]) for table, name, fires in cursor.fetchall() if fires in FIRES]
    off = [f"ALTER TABLE {table} DISABLE TRIGGER {name}" for table, name, _ in triggers]
    return off, [f"ALTER TABLE {table} {fires} TRIGGER {name}" for table, name, fires in triggers]
