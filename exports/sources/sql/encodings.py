"""Which letters a column can hold: PostgreSQL keeps a database in one encoding, MariaDB each column in its own.

What a column can't hold stands in none of its rows, so nobody need ask for it; a server that is asked all the same
breaks the statement off.
"""

from __future__ import annotations

import codecs
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from pymysql.charset import charset_by_name

UNICODE = "utf-8"
SIXTEEN_BITS = frozenset({"utf8", "utf8mb3", "ucs2"})  # MariaDB's encodings that end before the pictures
LAST_OF_SIXTEEN_BITS = "\uffff"


def encoding_of(engine: sa.Engine) -> str:
    """In what the database is asked, by Python's name. One that checks no encoding is asked in UTF-8, as MariaDB is."""
    if engine.dialect.name != "postgresql":
        return UNICODE
    with engine.connect() as connection:
        found = cast("psycopg.Connection[Any]", connection.connection.driver_connection).info.encoding
    return UNICODE if found == "ascii" else found


def has_letters(text: str, column: sa.Column[Any], encoding: str) -> bool:
    """Whether a column can hold every letter of a text. `encoding`: the database's, by Python's name.

    Of an encoding that Python does not know all is believed.
    """
    charset = getattr(column.type, "charset", None)  # of MariaDB, as `exports.sources.sql.tables` notes it
    if charset in SIXTEEN_BITS and max(text, default="") > LAST_OF_SIXTEEN_BITS:
        return False
    try:
        text.encode(_python_name(charset) if charset else encoding)
    except UnicodeEncodeError:
        return False
    return True


def _python_name(charset: str) -> str:
    try:
        return codecs.lookup(str(charset_by_name(charset).encoding)).name
    except (AttributeError, LookupError):  # the driver does not know it, or Python does not
        return UNICODE
