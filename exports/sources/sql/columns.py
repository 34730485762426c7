"""Values between JSON and the types that columns really have."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import mysql, postgresql

from exports.sources.values import Json, KeyPart, Undecoded, json_value, key_bytes, key_value, raw_key

ColumnType: TypeAlias = types.TypeEngine[Any]
Bound: TypeAlias = sa.BindParameter[Any]
Expression: TypeAlias = sa.ColumnElement[Any]
Reader: TypeAlias = Callable[[object], Json]

KNOWN = frozenset({"sqlite", "postgresql", "mysql", "mariadb"})
LARGEST_INTEGER = 2**63
AS_WRITTEN = (types.Date, types.DateTime, types.Time, types.Numeric)
WRITTEN_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d([.]\d{1,6})?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
ANY_LETTERS = types.Unicode()  # a text as a String goes to SQL Server in the letters of its code page
NO_YEAR = "0000"  # MariaDB's zero dates name no instant


def comparable(value: KeyPart, type_: ColumnType, backend: str) -> Bound:
    """A text, number or truth that somebody named, bound to be compared with a column of that type.

    ValueError if no such column can hold it; then it equals none of its values either. What SQLite holds as a date or
    a decimal is what somebody wrote, so there the comparison is with the text as it is.
    """
    if backend == "sqlite" and isinstance(type_, AS_WRITTEN):
        return sa.literal(value, types.String() if isinstance(value, str) else types.Integer())
    if backend == "sqlite" and isinstance(type_, types.Integer) and isinstance(value, str) and not _is_numeric(value):
        return sa.literal(value, types.String())  # its columns take a text, and compare it as one
    if backend not in KNOWN and is_text(type_):
        return sa.literal(typed(value, type_), ANY_LETTERS)
    # a number wider than the column is no error then: it equals nothing
    wide = types.BigInteger() if isinstance(type_, types.Integer) else type_
    return sa.literal(typed(value, type_), wide)


def key_bound(part: KeyPart, type_: ColumnType, backend: str) -> Expression:
    """A part of a key that a database gave, bound to be compared with the column that it came from.

    PostgreSQL takes a text as a value of the column's own type, whatever Python knows of that type. SQLite compares by
    what a value is, whatever its column was declared as. MariaDB makes the text what it compares it with.
    """
    if backend == "sqlite":
        raw = raw_key(part)
        if isinstance(raw, Undecoded):
            return sa.cast(sa.literal(bytes(raw), types.LargeBinary()), types.Text)
        return sa.literal(raw)
    if backend == "postgresql":
        return _postgresql_key(part)
    try:
        return comparable(part, type_, backend)
    except ValueError:
        return sa.literal(part)


def _postgresql_key(part: KeyPart) -> Expression:
    raw = raw_key(part)
    if isinstance(raw, Undecoded):
        return sa.func.convert_from(sa.literal(bytes(raw), types.LargeBinary()), "SQL_ASCII")
    if isinstance(raw, bytes):
        return sa.literal(raw, types.LargeBinary())
    return sa.literal(part, types.NullType() if isinstance(part, str) else None)


def typed(value: Json, type_: ColumnType) -> object:
    """A JSON value as one of Python for a column of that type; ValueError if no such column can hold it."""
    if value is None:
        return None
    if isinstance(type_, types.Boolean):
        return _truth(value)
    text = str(int(value) if isinstance(value, bool) else value)
    if "\0" in text:
        raise ValueError("no text holds the character 0")
    if isinstance(type_, types.Enum) and text not in type_.enums:
        raise ValueError("none of the values of the enumeration")
    for kind, convert in CONVERTERS:
        if isinstance(type_, kind):
            return convert(text)
    return text


def reader(type_: ColumnType, backend: str) -> Reader:
    """How a value of a column of that type, as the driver gives it, becomes JSON."""
    if isinstance(type_, types.Boolean) or (isinstance(type_, mysql.TINYINT) and type_.display_width == 1):
        return _read_truth
    if isinstance(type_, mysql.BIT):
        return functools.partial(_read_bits, width=type_.length or 1)
    if isinstance(type_, mysql.TIMESTAMP):
        return _read_utc
    if isinstance(type_, types.DateTime):
        return _read_written_moment if backend == "sqlite" else _read_moment
    if isinstance(type_, types.ARRAY):
        entry = reader(unwrapped(type_.item_type), backend)
        return json_value if entry is json_value else functools.partial(_read_list, entry=entry)
    return json_value


def are_same(one: Json, other: Json, type_: ColumnType) -> bool:
    """Whether two values of a column of that type are one: of numbers that may have decimals 3.1 is 3.10."""
    if one == other or not isinstance(type_, types.Numeric) or one is None or other is None:
        return one == other
    try:
        return _decimal(str(one)) == _decimal(str(other))
    except ValueError:  # SQLite's columns hold texts as well
        return False


def key_reader(type_: ColumnType, backend: str) -> Callable[[object], KeyPart]:
    """How a value of a key column becomes a part of a key, which `key_bound` takes back."""
    if isinstance(type_, types.DateTime) and backend != "sqlite":
        return lambda value: key_value(_read_moment(value))
    if isinstance(type_, mysql.BIT):
        bits = reader(type_, backend)
        return lambda value: key_value(bits(value))
    return key_value


def unwrapped(type_: ColumnType) -> ColumnType:
    """The type that a domain narrows."""
    return unwrapped(type_.data_type) if isinstance(type_, postgresql.DOMAIN) else type_


def is_text(type_: ColumnType) -> bool:
    """Whether the column holds text, and so whatever case and blanks somebody wrote."""
    return isinstance(type_, types.String) and not isinstance(type_, types.Enum)


def is_written(type_: ColumnType) -> bool:
    """Whether its values are letters to somebody who reads them: text, or the names of an enumeration."""
    return isinstance(type_, types.String)


def is_filled_up(type_: ColumnType) -> bool:
    """Whether the column's texts are all of one length, with blanks at the end that nobody wrote."""
    return isinstance(type_, types.CHAR | types.NCHAR)


def is_dated(type_: ColumnType) -> bool:
    """Whether the column holds days or moments."""
    return isinstance(type_, types.Date | types.DateTime)


def _truth(value: object) -> bool:
    if value in (True, False, "true", "false"):
        return value in (True, "true")
    raise ValueError("neither true nor false")


def _whole(text: str) -> int:
    """Only the usual way to write a number counts: 007 is another account than 7."""
    number = int(text)
    if str(number) != text or not -LARGEST_INTEGER <= number < LARGEST_INTEGER:
        raise ValueError("no whole number that a database holds")
    return number


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except ArithmeticError:
        raise ValueError("no decimal number") from None
    if not number.is_finite():
        raise ValueError("no number")
    return number


def _is_numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bits(text: str) -> int:
    return int(text, 2)


def _moment(text: str) -> datetime:
    """A moment with a zone is that of its instant."""
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found


CONVERTERS: tuple[tuple[type[ColumnType], Callable[[str], object]], ...] = (
    (mysql.BIT, _bits),
    (mysql.YEAR, _whole),
    (types.Integer, _whole),
    (types.Numeric, _decimal),
    (types.DateTime, _moment),
    (types.Date, date.fromisoformat),
    (types.Time, time.fromisoformat),
    (types.Uuid, UUID),
    (types.LargeBinary, key_bytes),
    (types.BINARY, key_bytes),
    (types.VARBINARY, key_bytes),
)


def _read_truth(value: object) -> Json:
    """SQLite and MariaDB keep 0 and 1; any other number stays what it is."""
    return bool(value) if isinstance(value, int) and value in (0, 1) else json_value(value)


def _read_bits(value: object, *, width: int) -> Json:
    return format(int.from_bytes(value), f"0{width}b") if isinstance(value, bytes) else json_value(value)


def _read_moment(value: object) -> Json:
    """The usual way to write a moment; infinity, a year before the first or a day that is none stay as written."""
    if not isinstance(value, str):
        return json_value(value)
    try:
        return datetime.fromisoformat(value).isoformat()
    except ValueError:
        return value


def _read_utc(value: object) -> Json:
    """MariaDB keeps an instant and gives it in the zone of the session, which is UTC, without saying so."""
    found = _read_moment(value)
    is_moment = isinstance(found, str) and WRITTEN_MOMENT.fullmatch(found)
    return f"{found}+00:00" if is_moment and not str(found).startswith(NO_YEAR) else found


def _read_written_moment(value: object) -> Json:
    """SQLite keeps a moment as text in one of several forms, or as a number; only what is one is read."""
    if type(value) is not str or not WRITTEN_MOMENT.fullmatch(value):
        return json_value(value)
    try:
        return datetime.fromisoformat(value).isoformat()
    except ValueError:  # a day that is none
        return value


def _read_list(value: object, *, entry: Reader) -> Json:
    """Of a list each entry, however deep; a text if it is no list that JSON can say."""
    if isinstance(value, list):
        return [_read_list(inner, entry=entry) for inner in value]
    return None if value is None else entry(value)
