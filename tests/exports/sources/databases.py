"""Empty databases of the three kinds for the tests of connectors."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import servers

SQLITE = pytest.param("sqlite")
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.services)
MARIADB = pytest.param("mariadb", marks=pytest.mark.services)
KINDS = (SQLITE, POSTGRESQL, MARIADB)


def on(*kinds: object) -> pytest.MarkDecorator:
    """Run the test on these kinds only; the test says why."""
    return pytest.mark.parametrize("kind", kinds, indirect=True, scope="session")


def empty_database(kind: str, name: str, folder: Path, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database: a new file, or a new database on the session's server, one a worker."""
    name = f"{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    if kind == "sqlite":
        return f"sqlite:///{folder / name}.sqlite3"
    if kind == "postgresql":
        return servers.fresh_database(request.getfixturevalue("postgres_server"), name)
    url = sa.make_url(request.getfixturevalue("mariadb_url"))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(sa.text(f"CREATE DATABASE {name} CHARACTER SET utf8mb4"))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


def is_mysql(url: str | sa.URL) -> bool:
    """Whether TEST_MARIADB_URL names MySQL itself, which lacks some types and keeps JSON in a form of its own."""
    engine = sa.create_engine(url)
    if engine.dialect.name != "mysql":
        return False
    with engine.connect() as connection:
        version = connection.execute(sa.text("SELECT version()")).scalar_one()
    engine.dispose()
    return "mariadb" not in str(version).lower()


@contextmanager
def encoded_database(server_url: str, encoding: str) -> Iterator[str]:
    """The URL of an empty database of PostgreSQL in an encoding, whose locale C knows no letters beyond ASCII.

    Whoever takes the URL as it is speaks UTF-8 to the server.
    """
    url = sa.make_url(server_url).set(drivername="postgresql+psycopg")
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"{encoding.lower()}_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
        )
    found = url.set(database=name).update_query_dict({"client_encoding": "utf8"})
    yield found.render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


def make_index(engine: sa.Engine, sentence: str) -> None:
    """Make the index that a sentence ends with, so that it serves at once.

    PostgreSQL lets an index over rows just updated serve only when every older transaction of the server has ended,
    those of other test processes too, unless the rows' old versions are gone.
    """
    statement = sentence[sentence.index("CREATE INDEX") :]
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM"))
    with engine.begin() as connection:
        connection.execute(sa.text(statement.replace(":", "\\:")))
