"""Where the example company's systems are made: a SQLite file, or an empty database of a server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa

Row = dict[str, object]


class NotEmptyError(Exception):
    """The database holds tables already, and may be somebody's own."""


def make_database(where: str | Path, tables: sa.MetaData, rows: Mapping[str, Iterable[Row]]) -> None:
    """Make the tables and fill them: at a path a new SQLite file in the old one's place, at a URL in what is empty.

    Raises NotEmptyError if a table of one of these names is there.
    """
    engine = sa.create_engine(_url(where))
    try:
        taken = sorted(set(sa.inspect(engine).get_table_names()) & set(tables.tables))
        if taken:
            raise NotEmptyError(f"the database has tables already ({', '.join(taken)}): name an empty database")
        for table in tables.tables.values():  # MariaDB's own default may know western letters only
            table.dialect_options["mysql"]["charset"] = "utf8mb4"
        with engine.begin() as connection:
            tables.create_all(connection)
            for table in tables.sorted_tables:
                if found := list(rows.get(table.name, ())):
                    connection.execute(table.insert(), found)
    finally:
        engine.dispose()


def _url(where: str | Path) -> str:
    if "://" in str(where):
        return str(where)
    path = Path(where)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    return f"sqlite:///{path}"
