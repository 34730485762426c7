"""Values between JSON and the types that columns really have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import types
from sqlalchemy.dialects import mysql

from exports.sources.values import Json, KeyPart, json_value, key_bytes

ColumnType: TypeAlias = types.TypeEngine[Any]
Reader: TypeAlias = Callable[[object], Json]

LARGEST_INTEGER = 2**63
AS_WRITTEN = (types.Date, types.DateTime, types.Time, types.Numeric)


def comparable(value: KeyPart, type_: ColumnType, backend: str) -> sa.BindParameter[Any]:
    """A text, number or truth, bound to be compared with a column of that type.

    ValueError if no such column can hold it; then it equals none of its values either. What SQLite holds as a date or
    a decimal is what somebody wrote, so there the comparison is with the text as it is.
    """
    if backend == "sqlite" and isinstance(type_, AS_WRITTEN):
        return sa.literal(value, types.String() if isinstance(value, str) else types.Integer())
    # a number wider than the column is no error then: it equals nothing
    wide = types.BigInteger() if isinstance(type_, types.Integer) else type_
    return sa.literal(typed(value, type_), wide)


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
    if backend == "sqlite" and isinstance(type_, types.DateTime):
        return _read_moment
    return json_value


def is_text(type_: ColumnType) -> bool:
    """Whether the column holds text, and so whatever case and blanks somebody wrote."""
    return isinstance(type_, types.String) and not isinstance(type_, types.Enum)


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
        return Decimal(text)
    except ArithmeticError:
        raise ValueError("no decimal number") from None


CONVERTERS: tuple[tuple[type[ColumnType], Callable[[str], object]], ...] = (
    (types.Integer, _whole),
    (types.Numeric, _decimal),
    (types.DateTime, datetime.fromisoformat),
    (types.Date, date.fromisoformat),
    (types.Time, time.fromisoformat),
    (types.Uuid, UUID),
    (types.LargeBinary, key_bytes),
    (types.BINARY, key_bytes),
    (types.VARBINARY, key_bytes),
)


def _read_truth(value: object) -> Json:
    """SQLite and MariaDB keep 0 and 1; any other number stays what it is."""
    return bool(value) if value in (0, 1) else json_value(value)


def _read_moment(value: object) -> Json:
    """SQLite keeps a moment as text in one of several forms, or as a number, which stays what it is."""
    if not isinstance(value, str):
        return json_value(value)
    try:
        return datetime.fromisoformat(value).isoformat()
    except ValueError:
        return value
