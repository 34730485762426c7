"""What may be typed anywhere: text that every database, letter and page can carry."""

from __future__ import annotations

import re

# Control characters, and halves of characters that JSON can smuggle in but no letter can carry.
UNUSABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def is_usable(text: str) -> bool:
    """Whether the text holds nothing but characters that can be kept and written."""
    return not UNUSABLE.search(text)
