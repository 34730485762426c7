"""Copies of the checkpoints outside of the database: whoever owns its tables can write them anew, but not a copy.

A copy is a file with a line of JSON for each checkpoint: its text as it was signed, signature and key id. The house
appends to one (CHECKPOINT_FILE), which is to be shipped to where nobody of the house can write; lines from elsewhere,
such as those that an auditor was mailed, have the same form.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dsar.ledger.canonical import LedgerError, canonical_text
from dsar.ledger.models import Checkpoint
from dsar.ledger.signing import known_keys
from dsar.ledger.verification import CHECKPOINTS, Break


@dataclass(frozen=True)
class Comparison:
    """How the database compares with a copy: the first checkpoint that differs, how many don't, the last of them."""

    first_break: Break | None
    checkpoints: int
    last_at: datetime | None


def line_of(checkpoint: Checkpoint) -> str:
    """The checkpoint as a line of a copy."""
    return canonical_text(
        {
            "key": checkpoint.key_id,
            "number": checkpoint.number,
            "signature": checkpoint.signature,
            "text": checkpoint.text,
        }
    )


def append_new(copy: Path) -> int:
    """Append the checkpoints that the copy lacks, and wait until the disk has them; returns how many.

    Raises LedgerError if the copy ends with another checkpoint than the database has under this number: one of the two
    was changed, or the database was restored.
    """
    last = _last_number(copy)
    lacking = Checkpoint.objects.filter(number__gt=last).order_by("number")
    lines = [line_of(checkpoint) + "\n" for checkpoint in lacking.iterator(chunk_size=100)]
    with copy.open("a", encoding="utf-8") as file:
        file.writelines(["\n" if _ends_torn(copy) else "", *lines])
        file.flush()
        os.fsync(file.fileno())
    return len(lines)


def compare(copy: Path) -> Comparison:
    """Compare the database's checkpoints with a copy, line by line; lines that are no checkpoint are passed by."""
    count, last_at = 0, None
    for line in _lines(copy):
        number = line["number"]
        checkpoint = Checkpoint.objects.filter(number=number).first()
        fault = _fault(line, checkpoint)
        if fault or checkpoint is None:
            return Comparison(Break(CHECKPOINTS, number, fault), count, last_at)
        count, last_at = count + 1, checkpoint.at
    return Comparison(None, count, last_at)


def _fault(line: dict[str, Any], checkpoint: Checkpoint | None) -> str:
    key = known_keys().get(str(line.get("key")))
    if key is None or not key.has_signed(str(line.get("text")), str(line.get("signature"))):
        return "the line of the copy was not signed by our key or an old one that is listed"
    if checkpoint is None:
        return "the copy has this checkpoint, the database lacks it"
    if checkpoint.text != line["text"]:
        return "the database has another text than the copy"
    return ""


def _last_number(copy: Path) -> int:
    """The number of the last checkpoint in the copy, 0 if there is none."""
    ends = deque(_lines(copy) if copy.exists() else (), maxlen=1)
    if not ends:
        return 0
    (last,) = ends
    if not Checkpoint.objects.filter(number=last["number"], text=last.get("text")).exists():
        raise LedgerError(
            f"{copy} ends with checkpoint {last['number']}, and the database has another one there or none: it was "
            "restored or changed. Keep the file as a proof, move it away, and see `verify_audit --against`."
        )
    return int(last["number"])


def _ends_torn(copy: Path) -> bool:
    """Whether the last line is not whole."""
    with copy.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return size > 0 and file.read(1) != b"\n"


def _lines(copy: Path) -> Iterator[dict[str, Any]]:
    """The lines that are a checkpoint; not half a line that a power cut left, nor what a mail has around it."""
    with copy.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                line = json.loads(text)
            except ValueError:
                continue
            if isinstance(line, dict) and isinstance(line.get("number"), int):
                yield line
