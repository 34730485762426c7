"""What a busy service says of how long to wait, in every form, and in forms that are none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from time_machine import TimeMachineFixture

from exports.sources.http.calls import retry_after
from exports.sources.http.exchange import Answer


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("", None),
        ("0", 0.0),
        ("120", 120.0),
        ("00000000000005", 5.0),
        ("9" * 400, 1e9),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Mon, 23 Nov 2026 18:02:00 GMT", 120.0),
        ("Mon, 23 Nov 2026 18:02:00", 120.0),
        ("Mon, 23 Nov 2026 17:00:00 GMT", 0.0),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 23 Nov 2026 18:02:00 +99999999999999", None),
        ("Fri, 31 Feb 2026 18:02:00 GMT", None),
    ],
)
def test_seconds_to_wait(said: str, seconds: float | None, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(datetime(2026, 11, 23, 18, 0, tzinfo=UTC), tick=False)
    assert retry_after(Answer(503, {"retry-after": said}, b"")) == seconds
