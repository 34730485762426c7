"""The list of destroyed keys that lies outside the key store, so that a restored key store can be told.

A text file, ``destroyed-keys.txt`` in the data folder, one line a key: id and moment (UTC). It is only appended to. An
entry is on the disk before the key is deleted; half an entry, left by a power cut, counts as none, and the
destruction, which had not happened yet, is done again by whoever asked for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

ENTRY = re.compile(
    r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00)$"
)


def list_path() -> Path:
    return settings.DATA_DIR / "destroyed-keys.txt"


def note(key_id: UUID, *, at: datetime) -> None:
    """Append one key and wait until the disk has it."""
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    with list_path().open("a", encoding="ascii") as listing:
        listing.write(f"{key_id} {moment}\n")
        listing.flush()
        os.fsync(listing.fileno())


def entries(listing: Path) -> Iterator[tuple[UUID, datetime]]:
    """The keys of the list with the moment of their destruction; an absent list is an empty one."""
    if not listing.exists():
        return
    with listing.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            if found := ENTRY.search(line):
                yield UUID(found["id"]), datetime.fromisoformat(found["at"])
