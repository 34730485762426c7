"""SQL of the triggers that keep rows as they were written, for PostgreSQL and SQLite.

A refused statement is an IntegrityError on both. On PostgreSQL the triggers fire ALWAYS, so that
``session_replication_role = replica`` doesn't pass them by. Whoever owns the table can still remove
them; what is then done to a chain, verification finds.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from django.db.backends.base.base import BaseDatabaseWrapper


def append_only(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    """Statements after which rows of the table can be added, and neither changed nor removed.

    On SQLite an insert that meets an existing key, or the number that SQLite itself gives each row,
    is refused before its conflict clause is looked at: INSERT OR REPLACE can't remove a row, and OR
    IGNORE is refused with it. Unique indexes with a condition are not looked at.
    """
    return _guard(connection, table, f"{table} is append-only", allowed="false")


def forward_only(connection: BaseDatabaseWrapper, table: str, *, key: str, column: str) -> list[str]:
    """Statements after which a row keeps its key, its number only rises, and no row is removed."""
    key, column = connection.ops.quote_name(key), connection.ops.quote_name(column)
    allowed = f"NEW.{key} = OLD.{key} AND NEW.{column} > OLD.{column}"
    return _guard(connection, table, f"{table} only moves forward", allowed=allowed)


def drop(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    """Statements that take away what ``append_only`` or ``forward_only`` set up, if it is there."""
    quote = connection.ops.quote_name
    if connection.vendor == "sqlite":
        return [f"DROP TRIGGER IF EXISTS {quote(f'{table}_no_{act}')}" for act in ("update", "delete", "replace")]
    return [
        f"DROP TRIGGER IF EXISTS {quote(f'{table}_no_change')} ON {quote(table)}",
        f"DROP TRIGGER IF EXISTS {quote(f'{table}_no_truncate')} ON {quote(table)}",
        f"DROP FUNCTION IF EXISTS {quote(f'{table}_guard')}()",
    ]


def _guard(connection: BaseDatabaseWrapper, table: str, fault: str, *, allowed: str) -> list[str]:
    """The triggers that refuse, with this fault, every change but an UPDATE of which ``allowed`` is true."""
    if connection.vendor == "sqlite":
        return _sqlite_guard(connection, table, fault, allowed)
    return _postgresql_guard(connection, table, fault, allowed)


def _postgresql_guard(connection: BaseDatabaseWrapper, table: str, fault: str, allowed: str) -> list[str]:
    quote = connection.ops.quote_name
    guard, change, truncate = (quote(f"{table}_{name}") for name in ("guard", "no_change", "no_truncate"))
    table = quote(table)
    return [
        # Nested, because NEW stands only in an UPDATE.
        f"""CREATE FUNCTION {guard}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF TG_OP = 'UPDATE' THEN
                    IF {allowed} THEN RETURN NEW; END IF;
                END IF;
                RAISE EXCEPTION '{fault}' USING ERRCODE = 'integrity_constraint_violation';
            END $$""",
        f"CREATE TRIGGER {change} BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {guard}()",
        f"CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {guard}()",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {change}",
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {truncate}",
    ]


def _sqlite_guard(connection: BaseDatabaseWrapper, table: str, fault: str, allowed: str) -> list[str]:
    quote = connection.ops.quote_name
    same_keys = (
        " AND ".join(f"{quote(column)} = NEW.{quote(column)}" for column in columns)
        for columns in _sqlite_keys(connection, table)
    )
    meets_a_row = " OR ".join(
        f"EXISTS (SELECT 1 FROM {quote(table)} WHERE {same_key})"  # noqa: S608 - quoted names, from migrations
        for same_key in (*same_keys, "rowid = NEW.rowid")
    )
    return [
        f"CREATE TRIGGER {quote(f'{table}_no_{name}')} BEFORE {act} ON {quote(table)} FOR EACH ROW WHEN {refused} "
        f"BEGIN SELECT RAISE(ABORT, '{fault}'); END"
        for name, act, refused in (
            ("update", "UPDATE", f"({allowed} AND NEW.rowid = OLD.rowid) IS NOT TRUE"),
            ("delete", "DELETE", "TRUE"),
            ("replace", "INSERT", meets_a_row),
        )
    ]


def _sqlite_keys(connection: BaseDatabaseWrapper, table: str) -> list[list[str]]:
    """The columns of each key that a new row can meet: the primary key, and the unique indexes over all rows."""
    query = """
        SELECT 'primary key', name FROM pragma_table_info(%s) WHERE pk
        UNION ALL
        SELECT list.name, info.name FROM pragma_index_list(%s) AS list, pragma_index_info(list.name) AS info
        WHERE list."unique" AND list.origin <> 'pk' AND NOT list.partial
        ORDER BY 1
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [table, table])
        return [[column for _, column in rows] for _, rows in groupby(cursor.fetchall(), key=itemgetter(0))]
