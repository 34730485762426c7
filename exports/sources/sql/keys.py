"""Columns that are no key: whose values a server does not find again by what it gave, or can't put in order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql

# Whether a type that SQLAlchemy does not know is one that PostgreSQL sorts by, and makes of a text.
SORTED_AND_WRITTEN = sa.text("""
SELECT type.typtype <> 'c' AND (type.typtype = 'd' OR EXISTS (
    SELECT FROM pg_opclass AS sorted JOIN pg_am AS kind ON kind.oid = sorted.opcmethod
    WHERE kind.amname = 'btree' AND sorted.opcdefault AND sorted.opcintype = type.oid))
FROM pg_attribute AS own JOIN pg_type AS type ON type.oid = own.atttypid
WHERE own.attrelid = CAST(:table AS regclass) AND own.attname = :column
""")
# MariaDB's JSON is a text, and as good a key as any other.
NO_KEYS: Mapping[tuple[type[types.TypeEngine[Any]], ...], str] = {
    (mysql.FLOAT,): "is a FLOAT, which equals no number that can be written",
    (mysql.JSON,): "is JSON, which equals no text that MySQL writes of it",
    (types.ARRAY, postgresql.HSTORE): "holds several values in one",
}


def why_no_key(engine: sa.Engine, column: sa.Column[Any]) -> str:
    """Why rows can't be paged, chosen or changed by the column; empty if they can."""
    for kinds, why in NO_KEYS.items():
        if isinstance(column.type, kinds):
            return why
    if engine.dialect.name != "postgresql":
        return ""
    if isinstance(column.type, postgresql.JSON) and not isinstance(column.type, postgresql.JSONB):
        return "is json, which the database does not compare"
    if isinstance(column.type, types.NullType) and not _is_sorted_and_written(engine, column):
        return "is of a composite type, or of one that the database does not sort"
    return ""


def _is_sorted_and_written(engine: sa.Engine, column: sa.Column[Any]) -> bool:
    table = engine.dialect.identifier_preparer.format_table(column.table)
    with engine.connect() as connection:
        return bool(connection.execute(SORTED_AND_WRITTEN, {"table": table, "column": column.name}).scalar())
