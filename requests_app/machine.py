"""The database's own copy of the state machine: a table of allowed moves, and triggers that refuse everything else.

Called by the migration and by ``post_migrate``; knows the table names of this app and the two databases.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from requests_app.states import allowed_pairs

FAULT = "a case moves only along the table of moves, with its event"
BIRTH = "a case begins as received"

ONCE = "a case begins once"
CLOSED = "the table of moves is filled by migrate"

# A move is lawful if its pair stands in the table for the case's route, and the version rose by one: its event.
LAWFUL = """NEW.id = OLD.id AND NEW.submission_id = OLD.submission_id AND NEW."right" = OLD."right"
    AND NEW.route = OLD.route AND NEW.version >= OLD.version
    AND (NEW.state = OLD.state OR (NEW.version = OLD.version + 1 AND EXISTS (
        SELECT 1 FROM requests_app_allowedmove AS allowed
        WHERE allowed.source = OLD.state AND allowed.target = NEW.state AND allowed.route = NEW.route)))"""

# SQLite's REPLACE takes a row away without a word to the triggers of DELETE, whichever key it meets.
SQLITE = (
    f"""CREATE TRIGGER requests_app_case_moves BEFORE UPDATE ON requests_app_case FOR EACH ROW
        WHEN NOT ({LAWFUL} AND NEW.rowid = OLD.rowid) BEGIN SELECT RAISE(ABORT, '{FAULT}'); END""",
    f"""CREATE TRIGGER requests_app_case_begins BEFORE INSERT ON requests_app_case FOR EACH ROW
        WHEN NEW.state <> 'received' BEGIN SELECT RAISE(ABORT, '{BIRTH}'); END""",
    f"""CREATE TRIGGER requests_app_case_no_replace BEFORE INSERT ON requests_app_case FOR EACH ROW
        WHEN EXISTS (SELECT 1 FROM requests_app_case AS found WHERE found.id = NEW.id OR found.rowid = NEW.rowid
            OR (found.submission_id = NEW.submission_id AND found."right" = NEW."right"))
        BEGIN SELECT RAISE(ABORT, '{ONCE}'); END""",  # noqa: S608 - nothing of it comes from outside
)
POSTGRESQL = (
    f"""CREATE FUNCTION requests_app_case_machine() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.state = 'received' THEN RETURN NEW; END IF;
                RAISE EXCEPTION '{BIRTH}' USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            IF {LAWFUL} THEN RETURN NEW; END IF;
            RAISE EXCEPTION '{FAULT}' USING ERRCODE = 'integrity_constraint_violation';
        END $$""",
    """CREATE TRIGGER requests_app_case_moves BEFORE INSERT OR UPDATE ON requests_app_case
        FOR EACH ROW EXECUTE FUNCTION requests_app_case_machine()""",
    "ALTER TABLE requests_app_case ENABLE ALWAYS TRIGGER requests_app_case_moves",
)
DROP: Mapping[str, tuple[str, ...]] = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS requests_app_case_moves",
        "DROP TRIGGER IF EXISTS requests_app_case_begins",
        "DROP TRIGGER IF EXISTS requests_app_case_no_replace",
    ),
    "postgresql": (
        "DROP TRIGGER IF EXISTS requests_app_case_moves ON requests_app_case",
        "DROP FUNCTION IF EXISTS requests_app_case_machine()",
    ),
}
CREATE: Mapping[str, tuple[str, ...]] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}

# The table of moves is as good as the triggers that read it: nobody writes to it but `fill_allowed_moves`.
CLOSE_TABLE: Mapping[str, tuple[str, ...]] = {
    "sqlite": tuple(
        f"""CREATE TRIGGER requests_app_allowedmove_no_{act.lower()} BEFORE {act} ON requests_app_allowedmove
            FOR EACH ROW BEGIN SELECT RAISE(ABORT, '{CLOSED}'); END"""
        for act in ("INSERT", "UPDATE", "DELETE")
    ),
    "postgresql": (
        f"""CREATE FUNCTION requests_app_allowedmove_closed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '{CLOSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER requests_app_allowedmove_no_change
            BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON requests_app_allowedmove
            FOR EACH STATEMENT EXECUTE FUNCTION requests_app_allowedmove_closed()""",
        "ALTER TABLE requests_app_allowedmove ENABLE ALWAYS TRIGGER requests_app_allowedmove_no_change",
    ),
}
OPEN_TABLE: Mapping[str, tuple[str, ...]] = {
    "sqlite": tuple(
        f"DROP TRIGGER IF EXISTS requests_app_allowedmove_no_{act}" for act in ("insert", "update", "delete")
    ),
    "postgresql": (
        "DROP TRIGGER IF EXISTS requests_app_allowedmove_no_change ON requests_app_allowedmove",
        "DROP FUNCTION IF EXISTS requests_app_allowedmove_closed()",
    ),
}


def guard_states(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Set the triggers up."""
    _run(editor, CREATE)


def release_states(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Take the triggers away: for the migration's way back."""
    _run(editor, DROP)


def close_table(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Let nobody write to the table of moves."""
    _run(editor, CLOSE_TABLE)


def open_table(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Let everybody write to the table of moves: for the migration's way back."""
    _run(editor, OPEN_TABLE)


def fill_allowed_moves(*, using: str = DEFAULT_DB_ALIAS, **_signal: Any) -> None:
    """Make the database's table of moves equal to ``states.STATE_MOVES``; runs after every migrate."""
    from requests_app.models import AllowedMove  # noqa: PLC0415 - not loaded yet when the apps import this

    if AllowedMove._meta.db_table not in connections[using].introspection.table_names():
        return  # the key store, or a migrate of other apps only
    rows = [tuple(map(str, pair)) for pair in sorted(allowed_pairs())]
    with transaction.atomic(using=using):
        kept = set(AllowedMove.objects.using(using).values_list("source", "target", "route"))
        if kept != set(rows):
            _execute(using, OPEN_TABLE)
            AllowedMove.objects.using(using).all().delete()
            AllowedMove.objects.using(using).bulk_create(
                AllowedMove(source=source, target=target, route=route) for source, target, route in rows
            )
            _execute(using, CLOSE_TABLE)


def _run(editor: BaseDatabaseSchemaEditor, statements: Mapping[str, tuple[str, ...]]) -> None:
    if editor.connection.alias == DEFAULT_DB_ALIAS:
        for statement in statements[editor.connection.vendor]:
            editor.execute(statement, params=None)


def _execute(using: str, statements: Mapping[str, tuple[str, ...]]) -> None:
    with connections[using].cursor() as cursor:
        for statement in statements[connections[using].vendor]:
            cursor.execute(statement)
