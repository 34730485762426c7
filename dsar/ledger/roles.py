"""Two roles on PostgreSQL: one owns the tables and migrates, the other works on their rows.

Who owns a table can take its triggers away, so the role that runs owns none. SQLite knows no roles.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register  # noqa: A004 - Django's name
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from dsar.ledger.models import AnchoredHead, Checkpoint, Event

ONLY_ADDED_TO = (Event, Checkpoint, AnchoredHead)
OWNS = """
    SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class
    WHERE oid = to_regclass(%s)
"""


def grant_after_migrate(*, using: str, **_signal: object) -> None:
    """Let the role of DATABASE_URL work on the tables that the role of DATABASE_OWNER_URL has made."""
    connection = connections[using]
    role = settings.RUNTIME_ROLE
    is_main = using == DEFAULT_DB_ALIAS and connection.vendor == "postgresql"
    if is_main and role and connection.settings_dict["USER"] != role:
        _grant(connection, connection.ops.quote_name(role))


def _grant(connection: BaseDatabaseWrapper, role: str) -> None:
    """Rows may be read and written, those of the histories only read and added; TRUNCATE is nowhere granted."""
    histories = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in ONLY_ADDED_TO)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = connection.ops.quote_name(cursor.fetchone()[0])
        for statement in (
            f"GRANT USAGE ON SCHEMA {schema} TO {role}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
            f"REVOKE UPDATE, DELETE ON {histories} FROM {role}",
        ):
            cursor.execute(statement)


@register(Tags.database)
def check_histories_are_out_of_reach(
    *, databases: Sequence[str] | None = None, **_options: object
) -> list[CheckMessage]:
    """The role that runs does not own the histories; asked by `check --database default` and by `migrate`."""
    connection = connections[DEFAULT_DB_ALIAS]
    if DEFAULT_DB_ALIAS not in (databases or []) or connection.vendor != "postgresql" or _is_the_owners(connection):
        return []
    with connection.cursor() as cursor:
        cursor.execute(OWNS, [Event._meta.db_table])
        if cursor.fetchone() != (True,):
            return []
    return [
        Warning(
            "The database role that runs owns the histories: with its password their triggers can be taken away.",
            hint="Let another role own the tables: name it in DATABASE_OWNER_URL, which `migrate` uses; see "
            "docs/operations.md.",
            id="ledger.W001",
        )
    ]


def _is_the_owners(connection: BaseDatabaseWrapper) -> bool:
    """Whether this is a migrate of the owner's, and not what runs."""
    return bool(settings.RUNTIME_ROLE) and connection.settings_dict["USER"] != settings.RUNTIME_ROLE
