from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection, connections, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Model, QuerySet

from dsar.ledger.models import AnchoredHead, ChainHead, Checkpoint, Event
from dsar.ledger.operations import AppendOnly, ForwardOnly
from tests.ledger.conftest import AT, Write

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's statement")
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's statement")


@pytest.fixture
def rows(write: Write) -> dict[type[Model], str]:
    """A row in every table of the ledger; for each, a change that somebody might try."""
    write(count=3)
    checkpoint = Checkpoint.objects.create(number=1, at=AT, key_id="", text="", signature="")
    AnchoredHead.objects.create(checkpoint=checkpoint, chain="a", sequence=3)
    return {
        Event: "SET text = 'other'",
        Checkpoint: "SET text = 'other'",
        AnchoredHead: "SET sequence = 2",
        ChainHead: "SET sequence = 2",
    }


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except IntegrityError as error:
        return "append-only" in str(error) or "only moves forward" in str(error)
    return False


def test_no_row_is_changed_by_any_way_of_writing_it(rows: dict[type[Model], str]) -> None:
    for model, change in rows.items():
        assert refused(f"UPDATE {model._meta.db_table} {change}")


def test_no_row_is_deleted(rows: dict[type[Model], str]) -> None:
    for model in rows:
        assert refused(f"DELETE FROM {model._meta.db_table}")


def test_the_orm_is_refused_too(write: Write) -> None:
    (event,) = write()
    event.text = "other"
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        event.delete()


@pytest.mark.parametrize(
    "change",
    [
        "SET sequence = 2",
        "SET sequence = 3, hash = 'other'",
        "SET hash = 'other'",
        "SET chain = 'other', sequence = 4",
    ],
)
def test_a_head_only_moves_forward(write: Write, change: str) -> None:
    write(count=3)
    assert refused(f"UPDATE ledger_chainhead {change}")
    assert not refused("UPDATE ledger_chainhead SET sequence = 4, hash = 'next'")


@on_postgresql
def test_no_table_is_truncated(db: None) -> None:
    for table in ("ledger_event", "ledger_chainhead", "ledger_anchoredhead", "ledger_anchoredhead, ledger_checkpoint"):
        assert refused(f"TRUNCATE {table}")


@on_postgresql
def test_replicas_mode_does_not_pass_the_triggers_by(rows: dict[type[Model], str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    for model, change in rows.items():
        assert refused(f"UPDATE {model._meta.db_table} {change}")
        assert refused(f"DELETE FROM {model._meta.db_table}")


@on_sqlite
def test_no_row_is_replaced_by_any_of_its_keys(rows: dict[type[Model], str]) -> None:
    head = "'a', 1, 'other'"
    event = "'a', 2, 'noted', 'staff:1', '2026-11-23', 'other', '', ''"
    columns = "chain, sequence, kind, actor, at, text, previous_hash, hash"
    assert refused(f"INSERT OR REPLACE INTO ledger_event ({columns}) VALUES ({event})")
    other_place = event.replace("2", "9", 1)
    assert refused(f"INSERT OR REPLACE INTO ledger_event (id, {columns}) SELECT id, {other_place} FROM ledger_event")
    assert refused(f"INSERT OR REPLACE INTO ledger_chainhead (chain, sequence, hash) VALUES ({head})")
    assert refused(
        f"INSERT INTO ledger_chainhead (chain, sequence, hash) VALUES ({head})"
        " ON CONFLICT (chain) DO UPDATE SET sequence = 1"
    )
    assert refused(
        "INSERT OR REPLACE INTO ledger_checkpoint SELECT number, at, key_id, 'other', signature FROM ledger_checkpoint"
    )
    assert refused("UPDATE OR REPLACE ledger_event SET sequence = 1 WHERE sequence = 2")


@on_sqlite
def test_no_row_is_replaced_by_the_number_that_sqlite_gives_it(rows: dict[type[Model], str], write: Write) -> None:
    write("b")
    for change in (
        (
            "INSERT OR REPLACE INTO ledger_chainhead (rowid, chain, sequence, hash)"
            " SELECT rowid, 'other', 0, hash FROM ledger_chainhead"
        ),
        (
            "INSERT OR REPLACE INTO ledger_checkpoint (rowid, number, at, key_id, text, signature)"
            " SELECT rowid, 9, at, key_id, text, signature FROM ledger_checkpoint"
        ),
        (
            "UPDATE OR REPLACE ledger_chainhead SET sequence = sequence + 1,"
            " rowid = (SELECT rowid FROM ledger_chainhead WHERE chain = 'b') WHERE chain = 'a'"
        ),
    ):
        assert refused(change), change


# A table as another app might want to guard: unique keys over one column, over two, and over some rows only.
CREATE_NOTE = CreateModel(
    "Note",
    [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.TextField(unique=True)),
        ("day", models.TextField()),
        ("place", models.TextField()),
        ("open", models.BooleanField(default=False)),
    ],
    options={
        "constraints": [
            models.UniqueConstraint(fields=["day", "place"], name="note_day_place"),
            models.UniqueConstraint(fields=["place"], condition=models.Q(open=True), name="note_open_place"),
        ]
    },
)


def migrate(operation: Operation, state: ProjectState, *, alias: str = "default", backwards: bool = False) -> None:
    before = state.clone()
    operation.state_forwards("ledger", state)
    with connections[alias].schema_editor() as editor:
        if backwards:
            operation.database_backwards("ledger", editor, state, before)
        else:
            operation.database_forwards("ledger", editor, before, state)


@pytest.fixture
def notes(transactional_db: None) -> Iterator[QuerySet[Model]]:
    state = ProjectState()
    migrate(CREATE_NOTE, state)
    model = state.apps.get_model("ledger", "Note")
    yield model._default_manager.all()
    with connection.schema_editor() as editor:
        editor.delete_model(model)


def test_another_apps_table_is_guarded_and_released_by_the_same_operation(notes: QuerySet[Model]) -> None:
    notes.create(name="a", day="1", place="x", open=True)
    operation = AppendOnly("ledger_note")
    migrate(operation, ProjectState())
    migrate(operation, ProjectState())  # again, as after a migration for which SQLite makes the table anew
    notes.create(name="b", day="2", place="x")
    assert refused("UPDATE ledger_note SET place = 'y'")
    assert refused("DELETE FROM ledger_note")
    with pytest.raises(IntegrityError):
        notes.create(name="a", day="3", place="z", open=True)
    with pytest.raises(IntegrityError):
        notes.create(name="c", day="1", place="x")
    migrate(operation, ProjectState(), backwards=True)
    assert not refused("UPDATE ledger_note SET day = '3' WHERE name = 'b'")
    assert not refused("DELETE FROM ledger_note")


def test_a_number_that_only_rises_is_guarded_and_released(notes: QuerySet[Model]) -> None:
    notes.create(id=1, name="a", day="1", place="x", open=True)
    operation = ForwardOnly("ledger_note", key="id", column="day")
    migrate(operation, ProjectState())
    assert refused("UPDATE ledger_note SET day = '0'")
    assert not refused("UPDATE ledger_note SET day = '2'")
    migrate(operation, ProjectState(), backwards=True)
    assert not refused("UPDATE ledger_note SET day = '0'")


@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_the_operation_leaves_databases_alone_that_do_not_hold_the_table() -> None:
    migrate(AppendOnly("ledger_event"), ProjectState(), alias="keys")


def test_migrate_prints_what_the_operations_do() -> None:
    assert AppendOnly("t").formatted_description() == "s Make t append-only"
    assert ForwardOnly("t", key="k", column="c").formatted_description() == "s Let t only move forward"


def triggers_of(table: str, *, alias: str) -> set[str]:
    query = {
        "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgenabled = 'A'",
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
    }[connections[alias].vendor]
    with connections[alias].cursor() as cursor:
        cursor.execute(query, [table])
        return {name.removeprefix(f"{table}_") for (name,) in cursor.fetchall()}


@pytest.mark.django_db(databases=["default", "keys"])
def test_every_guarded_table_is_still_guarded() -> None:
    """After all migrations: SQLite loses the triggers of a table that a migration alters."""
    loader = MigrationLoader(connection)
    guarded = {
        operation.table: "keys" if migration.app_label == "vault" else "default"
        for migration in loader.disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, AppendOnly | ForwardOnly)
    }
    assert guarded.keys() >= {"ledger_event", "ledger_chainhead", "ledger_checkpoint", "ledger_anchoredhead"}
    for table, alias in guarded.items():
        expected = {
            "postgresql": {"no_change", "no_truncate"},
            "sqlite": {"no_update", "no_delete", "no_replace"},
        }[connections[alias].vendor]
        assert triggers_of(table, alias=alias) >= expected, table
