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

# A move is lawful if its pair stands in the table for the case's route, and the version rose by one: its event.
LAWFUL = """NEW.route = OLD.route AND (NEW.state = OLD.state OR (NEW.version = OLD.version + 1 AND EXISTS (
    SELECT 1 FROM requests_app_allowedmove AS allowed
    WHERE allowed.source = OLD.state AND allowed.target = NEW.state AND allowed.route = NEW.route)))"""

SQLITE = (
    f"""CREATE TRIGGER requests_app_case_moves BEFORE UPDATE ON requests_app_case FOR EACH ROW
        WHEN NOT ({LAWFUL}) BEGIN SELECT RAISE(ABORT, '{FAULT}'); END""",
    f"""CREATE TRIGGER requests_app_case_begins BEFORE INSERT ON requests_app_case FOR EACH ROW
        WHEN NEW.state <> 'received' BEGIN SELECT RAISE(ABORT, '{BIRTH}'); END""",
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
    ),
    "postgresql": (
        "DROP TRIGGER IF EXISTS requests_app_case_moves ON requests_app_case",
        "DROP FUNCTION IF EXISTS requests_app_case_machine()",
    ),
}
CREATE: Mapping[str, tuple[str, ...]] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def guard_states(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Set the triggers up."""
    _run(editor, CREATE)


def release_states(_apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    """Take the triggers away: for the migration's way back."""
    _run(editor, DROP)


def fill_allowed_moves(*, using: str = DEFAULT_DB_ALIAS, **_signal: Any) -> None:
    """Make the database's table of moves equal to ``states.STATE_MOVES``; runs after every migrate."""
    from requests_app.models import AllowedMove  # noqa: PLC0415 - not loaded yet when the apps import this

    if AllowedMove._meta.db_table not in connections[using].introspection.table_names():
        return  # the key store, or a migrate of other apps only
    rows = [tuple(map(str, pair)) for pair in sorted(allowed_pairs())]
    with transaction.atomic(using=using):
        kept = set(AllowedMove.objects.using(using).values_list("source", "target", "route"))
        if kept != set(rows):
            AllowedMove.objects.using(using).all().delete()
            AllowedMove.objects.using(using).bulk_create(
                AllowedMove(source=source, target=target, route=route) for source, target, route in rows
            )


def _run(editor: BaseDatabaseSchemaEditor, statements: Mapping[str, tuple[str, ...]]) -> None:
    if editor.connection.alias == DEFAULT_DB_ALIAS:
        for statement in statements[editor.connection.vendor]:
            editor.execute(statement, params=None)
