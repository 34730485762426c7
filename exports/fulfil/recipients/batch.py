"""One file a recipient and day: ``recipients/<recipient>/<day>.jsonl``, as docs/telling-recipients.md describes it.

A file is rebuilt under a lock from the tellings that it carries, written beside the old one and renamed: it is there
whole or not at all, whoever else writes, and a case stands in it once a round.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from django.conf import settings

from dsar.vault.disk import sync_folder
from exports.fulfil.recipients.instruction import Instruction, instruction_of, named_instruction_of
from exports.fulfil.recipients.whom import folder_of
from exports.models import RecipientBatch, Telling
from requests_app.services.history import local_day

FORMAT = "dsar-instructions/1"


def write(telling: Telling, *, at: datetime) -> str:
    """Put the instruction into the recipient's file of the day; its path, without ending. Its case is locked.

    In the caller's transaction, which comes after the file: one that fails leaves a line that the next writer takes
    out, or a retry repeats under the same id. Raises NothingToNameThePersonBy.
    """
    if telling.batch:
        return telling.batch
    line = _line(named_instruction_of(telling))
    day = local_day(at)
    path = f"{folder_of(telling.recipient)}/{day.isoformat()}"
    RecipientBatch.objects.get_or_create(path=path, defaults={"recipient": telling.recipient, "day": day})
    batch = RecipientBatch.objects.select_for_update().get(path=path)
    known = _lines(file_of(path))
    lines = [*_carried(path, known), known.get(str(telling.request_id), line)]
    content = _content(batch, lines)
    _write(file_of(path), content)
    batch.instructions, batch.sha256, batch.written_at = len(lines), hashlib.sha256(content).hexdigest(), at
    batch.save(update_fields=["instructions", "sha256", "written_at"])
    return path


def is_open(file: RecipientBatch, *, at: datetime) -> bool:
    """Whether lines may still be added: during its day."""
    return file.day >= local_day(at)


def file_of(path: str) -> Path:
    """The file of a batch."""
    return Path(settings.DATA_DIR) / "recipients" / f"{path}.jsonl"


def _content(batch: RecipientBatch, lines: list[str]) -> bytes:
    """A first line that tells how many follow and what their SHA-256 is, then one line an instruction."""
    following = "".join(f"{line}\n" for line in lines).encode()
    first = {
        "format": FORMAT,
        "recipient": batch.recipient,
        "day": batch.day.isoformat(),
        "instructions": len(lines),
        "sha256": hashlib.sha256(following).hexdigest(),
    }
    return json.dumps(first, ensure_ascii=False).encode() + b"\n" + following


def _carried(path: str, known: Mapping[str, str]) -> Iterator[str]:
    """The lines of the tellings that a file carries, as they stand in it; only one that is not there is made again."""
    carried = list(Telling.objects.filter(batch=path).order_by("pk").values_list("pk", "request_id"))
    missing = [number for number, request_id in carried if str(request_id) not in known]
    related = Telling.objects.select_related("case__submission__organisation")
    again = related.in_bulk(missing) if missing else {}
    for number, request_id in carried:
        yield known.get(str(request_id)) or _line(instruction_of(again[number]))


def _line(instruction: Instruction) -> str:
    return json.dumps(instruction, sort_keys=True, ensure_ascii=False)


def _lines(file: Path) -> dict[str, str]:
    """The lines of a file by id, so that they need not be made again; none if it is not as it was written."""
    try:
        first, _newline, following = file.read_bytes().partition(b"\n")
        if json.loads(first)["sha256"] != hashlib.sha256(following).hexdigest():
            return {}
        return {json.loads(line)["id"]: line for line in following.decode().splitlines()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, and on the disk before the database says that the recipient was told."""
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.stem}.unfinished")
    with unfinished.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    unfinished.rename(file)
    for folder in (file.parent, file.parent.parent):  # each may be new
        sync_folder(folder)
