"""Which kind of server a URL leads to: one that is known here, or any other that SQLAlchemy speaks to."""

from __future__ import annotations

import sqlalchemy as sa

from exports.sources.sql.dialects import Dialect, MariaDb, PostgreSql, Sqlite
from exports.sources.sql.portable import Portable, SqlServer

DIALECTS: dict[str, Dialect] = {
    "sqlite": Sqlite(),
    "postgresql": PostgreSql(),
    "mysql": MariaDb(),
    "mariadb": MariaDb(),
    "mssql": SqlServer(),
}
OTHER = Portable()
# Packages that bring a dialect, where they are not called like it.
PACKAGES = {
    "bigquery": "sqlalchemy-bigquery",
    "cockroachdb": "sqlalchemy-cockroachdb",
    "crate": "sqlalchemy-cratedb",
    "db2": "ibm-db-sa",
    "firebird": "sqlalchemy-firebird",
    "hana": "sqlalchemy-hana",
    "monetdb": "sqlalchemy-monetdb",
    "redshift": "sqlalchemy-redshift",
    "snowflake": "snowflake-sqlalchemy",
    "teradatasql": "teradatasqlalchemy",
}


def dialect_of(url: sa.URL) -> Dialect:
    """The kind of server that a URL leads to."""
    return DIALECTS.get(url.get_backend_name(), OTHER)


def package_of(url: sa.URL) -> str:
    """What is to be installed where SQLAlchemy knows no dialect of that name."""
    kind = url.get_backend_name()
    return PACKAGES.get(kind) or f"a package that brings a dialect {kind!r} for SQLAlchemy"
