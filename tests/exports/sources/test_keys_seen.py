"""A service that repeats a row is told so, however many rows lie between; a million keys take little memory."""

from __future__ import annotations

import tracemalloc

import pytest

from exports.sources.http.seen import KeysSeen


def test_a_key_is_new_once() -> None:
    seen = KeysSeen()
    keys = [*((number,) for number in range(5000)), *((str(number), "a") for number in range(5000)), ("\udc80",)]
    assert all(seen.add(key) for key in keys)
    assert not any(seen.add(key) for key in keys)


@pytest.mark.slow
def test_a_key_takes_less_than_forty_bytes_also_while_the_set_grows() -> None:
    tracemalloc.start()
    try:
        seen = KeysSeen()
        assert all(seen.add((f"a key of some length {number}",)) for number in range(100_000))
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 40 * 100_000
