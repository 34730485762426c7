"""Letters on a screen or a sheet: the lines that were broken for mail programs are joined to paragraphs again."""

from __future__ import annotations

import re
from itertools import pairwise

from requests_app.services.letters import WIDTH


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a letter; a line break stays where it was written, and goes where it only kept the width."""
    return [_joined(block.splitlines()) for block in re.split(r"\n\s*\n", text.strip())]


def _joined(lines: list[str]) -> str:
    joined = lines[0]
    for line, following in pairwise(lines):
        joined += f" {following.lstrip()}" if _was_broken(line, following) else f"\n{following}"
    return joined


def _was_broken(line: str, following: str) -> bool:
    return len(line) + 1 + len(following.split(maxsplit=1)[0]) > WIDTH
