"""A renderer that says on its output what its document holds, in place of frames."""

from __future__ import annotations

import os
from collections.abc import Iterator

from exports.documents.frames import Drawn
from exports.documents.kinds import Kind


def get_ready() -> None:
    """Nothing."""


def look(content: bytes, kind: Kind, language: str) -> int:
    """Not asked."""
    return 0


def pages(content: bytes, kind: Kind, language: str) -> Iterator[Drawn]:
    """Nothing: it has spoken."""
    os.write(1, content.removeprefix(b"%PDF-"))
    os._exit(0)
    yield Drawn(0, 0, b"")
