"""Coverage's tracer goes on where it was interrupted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType

import pytest

from tests.measuring import unmeasured


def a_tracer(_frame: FrameType, _event: str, _given: object) -> None:
    """Take note of nothing."""


@pytest.fixture
def traced() -> Iterator[None]:
    """This thread has a tracer of ours."""
    before = sys.gettrace()
    sys.settrace(a_tracer)
    yield
    sys.settrace(before)


def test_there_is_no_tracer_within_and_the_same_one_afterwards(traced: None) -> None:
    assert unmeasured(sys.gettrace)() is None
    assert sys.gettrace() is a_tracer


def test_it_is_back_after_an_error_too(traced: None) -> None:
    with pytest.raises(ZeroDivisionError):
        unmeasured(lambda: 1 / 0)()
    assert sys.gettrace() is a_tracer
