"""Part files: pages of what was found, sealed one by one under the content key of their case."""

from __future__ import annotations

import json
import uuid
from collections.abc import Set
from itertools import chain
from pathlib import Path

from django.conf import settings

from dsar.vault.files import SealedFile, SealedWriter
from exports import findings
from exports.bundle import redaction
from exports.models import Part, SourceRun
from exports.sources.connector import Page
from exports.sources.datamap import Collection


def seal(
    source_run: SourceRun, collection: Collection, page: Page, *, number: int, fence: int, columns: Set[str] | None
) -> Part:
    """Seal one page; the row of its part is not written yet. A job that dies before it is leaves a file without a row.

    `columns` are those of a plan; None is all that may be released: never-disclose values stay out. The fencing number
    is part of the name: a worker that was stopped can't write over its successor's file.
    """
    part_id = uuid.uuid5(source_run.pk, f"{collection.name}:{number}")
    part = Part(
        id=part_id,
        run=source_run,
        collection=collection.name,
        number=number,
        records=len(page.records),
        path=str(Path("findings") / str(source_run.case_id) / f"{part_id}.{fence}.sealed"),
    )
    part.last_key = json.dumps(page.last_key)
    released = frozenset(redaction.released_columns(collection)) if columns is None else columns
    sealed = _written(part, _lines(page, released))
    part.size, part.sha256 = sealed.size, sealed.sha256
    return part


def _lines(page: Page, columns: Set[str]) -> bytes:
    """A page as JSON lines."""
    if columns >= set(chain.from_iterable(page.records)):
        return findings.encoded(page.records)
    return findings.encoded([redaction.redact(record, columns) for record in page.records])


def _written(part: Part, lines: bytes) -> SealedFile:
    path = Path(settings.DATA_DIR) / part.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with SealedWriter(path, part.content_key, context=part.context) as sealed:
        sealed.write(lines)
        return sealed.finish()
