"""What the detector finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from exports.sources.datamap import NeverDisclose


class Why(StrEnum):
    """What a passage was found by, the surest first."""

    CHECK_DIGIT = "check_digit"  # range, length and check digit
    PATTERN = "pattern"  # its form alone
    WORDS = "words"  # the words beside it


@dataclass(frozen=True, slots=True)
class Passage:
    """One passage, from `start` to before `end` in code points."""

    start: int
    end: int
    kind: NeverDisclose
    why: Why
