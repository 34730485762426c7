"""Small letters as servers make them: some know those of ASCII alone, and none knows that sigma ends a word as ς."""

from __future__ import annotations

from itertools import product
from math import prod

MOST = 64  # forms of one value: six letters beyond ASCII, each small or large


def lowered_by_a_server(form: str) -> frozenset[str]:
    """What a server's `lower` may make of a text that is `form` in Python's small letters, the form itself included.

    A letter beyond ASCII may have stayed large, so every mixture counts. Of a text with many such letters these are
    the usual ones: all small, all large, and words that begin large. What is no ASCII never becomes ASCII: that would
    be another letter, and maybe somebody else.
    """
    letters = [_letters(letter) for letter in form]
    if prod(map(len, letters)) <= MOST:
        return frozenset(map("".join, product(*letters)))
    begins = [not before.isalpha() for before in f" {form}"]
    ways = (
        (found[0] for found in letters),
        (found[-1] for found in letters),
        (found[-1] if begin else found[0] for begin, found in zip(begins, letters, strict=False)),
    )
    return frozenset((form, *map("".join, ways)))


def _letters(letter: str) -> tuple[str, ...]:
    """What stands for a small letter: as within a word, as it is, and large."""
    large = letter.upper()
    if letter.isascii() or len(large) > 1 or large.isascii():
        return (letter,)
    return tuple(dict.fromkeys((large.lower(), letter, large)))
