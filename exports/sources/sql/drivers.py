"""Drivers that give values as their database writes them.

A driver's own reading of a type is narrower than the type: Python's dates end with the year 9999 and know no infinity,
its spans know no months, its floats round what a JSON says. So each driver is told to leave such values as the texts
that they came as; `exports.sources.sql.columns` makes JSON of them.
"""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Mapping
from typing import Any, cast

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.types.json import set_json_loads
from psycopg.types.string import TextLoader
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from sqlalchemy.engine.interfaces import DBAPIConnection

from exports.sources.json_text import json_or_text
from exports.sources.values import Undecoded

PARSED = frozenset({
    *("date", "time", "timetz", "timestamp", "timestamptz", "interval"),
    *("numeric", "float4", "float8", "inet", "cidr", "uuid"),
})  # fmt: skip
RANGES = ("range", "multirange")
TEXTS = frozenset({"text", "varchar", "bpchar", "name", '"char"'})
UNKNOWN = 0  # what a type that the driver does not know is loaded as: enumerations, composites, extensions
MARIADB_TEXTS = frozenset({
    *(FIELD_TYPE.DATE, FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.TIME, FIELD_TYPE.NEWDATE),
    *(FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE),
})  # fmt: skip


def leave_postgresql_texts(opened: DBAPIConnection) -> None:
    """Of one connection. A database that checks no encoding (SQL_ASCII) gives bytes that need not be text."""
    connection = cast("psycopg.Connection[Any]", opened)
    checks_nothing = connection.info.parameter_status("server_encoding") == "SQL_ASCII"
    loader: type[Loader] = _MaybeText if checks_nothing else TextLoader
    for info in connection.adapters.types:
        if info.name in PARSED or info.name.endswith(RANGES) or (checks_nothing and info.name in TEXTS):
            connection.adapters.register_loader(info.oid, loader)
        if info.array_oid:
            known = connection.adapters.get_loader(info.array_oid, Format.TEXT)
            if known is not None:
                connection.adapters.register_loader(info.array_oid, _with_bounds(known))
    if checks_nothing:
        connection.adapters.register_loader(UNKNOWN, loader)
    set_json_loads(_json, connection)  # and no text loader: SQLAlchemy reads catalogues as JSON


def mariadb_conversions() -> Mapping[object, object]:
    """The driver's own conversions without those that lose something."""
    return {kind: convert for kind, convert in conversions.items() if kind not in MARIADB_TEXTS}


def leave_unread(cursor: Any) -> None:
    """Of a result of MariaDB, the rows to come: to close it would fetch all of them. Its connection has to end."""
    result = getattr(cursor, "_result", None)
    if result is not None:
        result.unbuffered_active = False


def leave_sqlite_bytes(opened: DBAPIConnection) -> str:
    """Of one connection, text that is none as its bytes; the encoding of its texts. SQLite checks no encoding."""
    connection = cast("sqlite3.Connection", opened)
    connection.text_factory = _text_or_bytes
    ((encoding,),) = connection.execute("PRAGMA encoding").fetchall()
    return str(encoding)


def _text_or_bytes(raw: bytes) -> str | Undecoded:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return Undecoded(raw)


def _json(raw: str | bytes) -> object:
    text = raw if isinstance(raw, str) else _text_or_bytes(raw)
    return json_or_text(text) if isinstance(text, str) else text


class _MaybeText(Loader):
    """Text where it is UTF-8, else its bytes."""

    def load(self, data: Buffer) -> str | Undecoded:
        return _text_or_bytes(bytes(data))


@functools.cache
def _with_bounds(known: type[Loader]) -> type[Loader]:
    """A loader of arrays that leaves one as a text that counts from another number than 1, which no list can say."""

    class OrText(Loader):
        def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
            super().__init__(oid, context)
            self._known = known(oid, context)

        def load(self, data: Buffer) -> Any:
            raw = bytes(data)
            return _text_or_bytes(raw) if raw.startswith(b"[") else self._known.load(raw)

    return OrText
