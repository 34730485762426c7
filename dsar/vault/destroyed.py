"""The list of destroyed keys that lies outside the key store, so that a restored key store can be told.

A text file, ``destroyed-keys.txt`` in the data folder, one line a key: id and moment (UTC). It is only appended to. An
entry is on the disk before the key is deleted; half an entry, left by a power cut, counts as none, and the
destruction, which had not happened yet, is done again by whoever asked for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings

from dsar.vault.disk import sync_folder

ENTRY = re.compile(
    r"(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00)$"
)


@dataclass(frozen=True)
class Stamp:
    """By what a list is seen to have changed."""

    inode: int
    size: int
    changed_ns: int


def list_path() -> Path:
    return settings.DATA_DIR / "destroyed-keys.txt"


def stamp(listing: Path) -> Stamp | None:
    """How the list looks from outside; None if there is none."""
    try:
        found = listing.stat()
    except FileNotFoundError:
        return None
    return Stamp(found.st_ino, found.st_size, found.st_mtime_ns)


def note(key_id: UUID, *, at: datetime) -> None:
    """Append one key and wait until the disk has it, and the list's own name when the list is made."""
    listing, moment = list_path(), at.astimezone(UTC).isoformat(timespec="seconds")
    is_new = not listing.exists()
    with listing.open("a", encoding="ascii") as lines:
        lines.write(f"{key_id} {moment}\n")
        lines.flush()
        os.fsync(lines.fileno())
    if is_new:
        sync_folder(listing.parent)


def entries(listing: Path, *, since: int = 0) -> Iterator[tuple[UUID, datetime]]:
    """The keys of the list, from a byte on, with the moment of their destruction; an absent list is an empty one."""
    try:
        lines = listing.open("rb")
    except FileNotFoundError:
        return
    with lines:
        lines.seek(since)
        for line in lines:
            if found := ENTRY.search(line.decode("ascii", errors="replace")):
                yield UUID(found["id"]), datetime.fromisoformat(found["at"])
