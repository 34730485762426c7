"""Two threads in a line: what both make is what one would make, and neither waits for the other once one has failed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from exports.bundle.beside import MOST_WAITING, BrokenOff, used_beside

pytestmark = pytest.mark.timeout(20)  # who waits for the other would wait for ever


class Upset(Exception):
    """Something that goes wrong in the middle."""


def test_every_piece_is_used_in_order_in_another_thread() -> None:
    used_in: list[int] = []

    def use(pieces: Iterator[int]) -> list[int]:
        used_in.append(threading.get_ident())
        return list(pieces)

    assert used_beside(range(100), use) == list(range(100))
    assert used_in != [threading.get_ident()]


def test_what_is_made_is_never_far_ahead_of_what_is_used() -> None:
    made = 0

    def pieces() -> Iterator[int]:
        nonlocal made
        while made < 100:
            made += 1
            yield made

    def use(taken: Iterator[int]) -> int:
        return max(made - piece for piece in taken)

    assert used_beside(pieces(), use) <= MOST_WAITING + 2


def test_an_error_of_the_maker_is_raised_and_the_user_finishes_nothing() -> None:
    seen: list[str] = []

    def pieces() -> Iterator[int]:
        yield 1
        raise Upset

    def use(taken: Iterator[int]) -> None:
        try:
            for piece in taken:
                seen.append(str(piece))
        except BrokenOff:
            seen.append("broken off")
            raise

    with pytest.raises(Upset):
        used_beside(pieces(), use)
    assert seen == ["1", "broken off"]


def test_an_error_of_the_user_stops_the_maker_and_is_raised() -> None:
    made = 0

    def endless() -> Iterator[int]:
        nonlocal made
        while True:
            made += 1
            yield made

    def use(taken: Iterator[int]) -> None:
        next(taken)
        raise Upset

    with pytest.raises(Upset):
        used_beside(endless(), use)
    assert made


def test_who_has_enough_may_stop_before_the_end() -> None:
    assert used_beside(range(1000), next) == 0
