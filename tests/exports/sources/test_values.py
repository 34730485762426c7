"""A source's values become JSON that loses nothing."""

from __future__ import annotations

import ipaddress
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from exports.sources.values import Json, Key, json_value, key_bytes, key_value

VALUES: list[tuple[object, Json]] = [
    (None, None),
    ("O'Hara, Zoë", "O'Hara, Zoë"),
    ("", ""),
    (True, True),
    (0, 0),
    (2**70, 2**70),
    (Decimal("12.50"), "12.50"),
    (Decimal("-0"), "-0"),
    (0.1, "0.1"),
    (float("nan"), "nan"),
    (date(2024, 2, 29), "2024-02-29"),
    (datetime.fromisoformat("2024-02-29 23:59:59.000005"), "2024-02-29T23:59:59.000005"),
    (datetime(2024, 2, 29, tzinfo=UTC), "2024-02-29T00:00:00+00:00"),
    (time(7, 30), "07:30:00"),
    (timedelta(hours=1), "1:00:00"),
    (b"\x00\xff", {"$binary": "AP8=", "bytes": 2}),
    (bytearray(b""), {"$binary": "", "bytes": 0}),
    (memoryview(b"abc"), {"$binary": "YWJj", "bytes": 3}),
    ([1, [None, Decimal("2.0")]], [1, [None, "2.0"]]),
    (("a", date(2026, 1, 1)), ["a", "2026-01-01"]),
    ({"a": {1: b"x"}}, {"a": {"1": {"$binary": "eA==", "bytes": 1}}}),
    (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (ipaddress.ip_address("192.0.2.1"), "192.0.2.1"),
]


@pytest.mark.parametrize(("value", "expected"), VALUES)
def test_a_value_becomes_json(value: object, expected: Json) -> None:
    found = json_value(value)
    assert found == expected
    assert type(found) is type(expected)
    assert json.loads(json.dumps(found)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        ("a", "a"),
        (UUID(int=7), str(UUID(int=7))),
        (b"\x00\xff", "$binary:AP8="),
        (date(2026, 1, 2), "2026-01-02"),
    ],
)
def test_a_key_is_made_of_plain_values(value: object, expected: Key) -> None:
    assert key_value(value) == expected
    hash(key_value(value))


@pytest.mark.parametrize("value", [None, [1], {"a": 1}])
def test_nothing_and_many_things_are_no_key(value: object) -> None:
    with pytest.raises(ValueError, match="never NULL"):
        key_value(value)


def test_a_binary_key_comes_back_as_its_bytes() -> None:
    assert key_bytes(key_value(b"\x00\xff")) == b"\x00\xff"


@pytest.mark.parametrize("part", [7, "AP8=", "$binary:!"])
def test_what_is_no_binary_key_is_refused(part: str | int) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - base64 has its own words for it
        key_bytes(part)
