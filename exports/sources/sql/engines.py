"""Engines that read or write, and one place where a driver's errors become ours.

A driver's message may hold a person's data, a statement with its values, or the server's address: only the class of
the error and its number go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from exports.sources.errors import ChangeRefusedError, MapDoesNotFitError, SourceError, SourceUnavailableError
from exports.sources.sql.kinds import dialect_of, package_of

POOLED = 2
DRIVERS = {
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}  # what is installed


def make_engine(url_text: str, source: str, *, write: bool, timeout: timedelta) -> sa.Engine:
    """An engine whose sessions can't write unless `write`; nothing is connected yet."""
    url = _url(url_text, source)
    dialect = dialect_of(url)
    try:
        options = dialect.connecting(url, write=write, timeout=timeout)
        engine = sa.create_engine(url, hide_parameters=True, pool_size=POOLED, **options)
    except exc.NoSuchModuleError:
        raise MapDoesNotFitError(
            f"{source}: SQLAlchemy knows no database {url.drivername!r}; install {package_of(url)} for the workers, or"
            " correct the URL"
        ) from None
    except ImportError as error:
        raise MapDoesNotFitError(
            f"{source}: the driver {error.name or url.get_driver_name()!r} is missing; install it for the workers, or"
            f" name another in the URL ({url.get_backend_name()}+driver://)"
        ) from None
    except (exc.ArgumentError, TypeError):
        raise MapDoesNotFitError(f"{source}: its URL is not understood") from None
    if engine.dialect.is_async:
        raise MapDoesNotFitError(f"{source}: {url.drivername} is an asynchronous driver; name another one in the URL")

    @sa.event.listens_for(engine, "connect", insert=True)  # before SQLAlchemy asks anything, and reads the answer
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        dialect.begin_session(connection, write=write, timeout=timeout)

    if url.get_backend_name() == "sqlite" and write:
        sa.event.listen(engine, "begin", _begin_immediately)
    return engine


def take_back_what_died(url_text: str, source: str) -> None:
    """Have a change taken back whose worker died while it was written, by the URL that writes: before one reads."""
    url = _url(url_text, source)
    dialect_of(url).take_back_what_died(url)


def _url(text: str, source: str) -> sa.URL:
    try:
        url = sa.make_url(text)
    except (exc.ArgumentError, ValueError):
        raise MapDoesNotFitError(f"{source}: its URL is not understood") from None
    return url.set(drivername=DRIVERS.get(url.drivername, url.drivername))


def _begin_immediately(connection: sa.Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


@contextmanager
def guarded(source: str, *, changing: bool = False) -> Iterator[None]:
    """Turn what a driver raises into our errors, without its message."""
    try:
        yield
    except exc.IntegrityError as error:
        ours: SourceError = ChangeRefusedError(f"{source}: a constraint of the database forbids it ({_kind(error)})")
    except exc.DataError as error:
        ours = (ChangeRefusedError if changing else MapDoesNotFitError)(
            f"{source}: a value does not fit its column ({_kind(error)})"
        )
    except exc.DBAPIError as error:
        ours = SourceUnavailableError(f"{source}: the database does not answer as it should ({_kind(error)})")
    except exc.TimeoutError:
        ours = SourceUnavailableError(f"{source}: no connection is free")
    except exc.SQLAlchemyError as error:
        ours = MapDoesNotFitError(f"{source}: the map asks what the database can't answer ({type(error).__name__})")
    else:
        return
    raise ours from None


def _kind(error: exc.DBAPIError) -> str:
    code = error.orig.args[0] if error.orig is not None and error.orig.args else None
    number = code if isinstance(code, int) else getattr(error.orig, "sqlite_errorname", None)  # SQLite's has a name
    return " ".join(filter(None, (type(error.orig).__name__, str(number or ""))))
