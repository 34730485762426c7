"""What the owner of a source brings: files of rows, looked at line by line before they are taken, then kept sealed.

Strict: the columns that are asked for and no others, each row the person's. A row passed over in silence would make an
answer wrong, and one of somebody else would disclose what is theirs. No sentence quotes what stands in a file.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dsar.vault.errors import FileDamaged
from dsar.vault.files import SealedWriter
from exports.fulfil.tasks import asking, page, repeats
from exports.fulfil.tasks.opening import AnswerRefused, open_task
from exports.fulfil.tasks.repeats import Repeats
from exports.models import Task, TaskKind, TaskUpload
from exports.sources.connector import Identifiers, Mode, Record
from exports.sources.datamap import Collection, DataMap, FileFormat, Files, Keep
from exports.sources.files import lines
from exports.sources.files.lines import BrokenLineError, LineFault, WrongColumnsError, records_of
from exports.sources.manual import Sheet
from exports.sources.rows import OfPerson, columns_needed, day_in
from requests_app.roles import Actor

ENCODINGS = {"utf-8-sig": "UTF-8", "cp1252": "Windows-1252"}
FOLDER = "uploads"
MOST_FILES = 50  # of one collection
MEGABYTE = 1024 * 1024
NO_JSON = gettext_lazy("Line %(line)s is no JSON object that can be read in one way only.")
SENTENCES = {
    lines.TOO_LONG: gettext_lazy("Line %(line)s is longer than 16 million letters."),
    lines.NOT_DECODED: gettext_lazy(
        "Line %(line)s holds signs that the chosen encoding does not know. Save the file as UTF-8, or choose the other"
        " one."
    ),
    lines.NOT_DECODED_SOON: gettext_lazy(
        "Line %(line)s, or one soon after, holds signs that the chosen encoding does not know. Save the file as UTF-8,"
        " or choose the other one."
    ),
    lines.EMPTY: gettext_lazy("The file is empty. If nothing is held there, send no file for it."),
    lines.NOT_ASKED_FOR: gettext_lazy(
        "Line %(line)s names a column that is not asked for. Take it out: we keep no more than we need."
    ),
    lines.OTHER_WIDTH: gettext_lazy(
        "Line %(line)s has %(found)s fields, and the first line names %(named)s. Put fields that hold the separator in"
        " double quotes."
    ),
    lines.NO_CSV: gettext_lazy("Line %(line)s is no CSV: a quote is open, or stands in the middle of a field."),
    lines.NAMED_TWICE: gettext_lazy("The first line names the column “%(column)s” twice."),
    lines.NOT_NAMED: gettext_lazy(
        "The first line does not name the column “%(column)s”. It names every column that is asked for, as it is"
        " written here."
    ),
}


class Brought(NamedTuple):
    """A file as it was sent: what it was called, which is told back and not kept, and its bytes."""

    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """By which it is known again."""
        return hashlib.sha256(self.content).hexdigest()


class Checked(NamedTuple):
    """A file that can be taken: how it is written, and how many rows it holds."""

    files: Files
    rows: int


def keep(
    task_id: uuid.UUID, collection: str, brought: Sequence[Brought], *, encoding: str, by: Actor, at: datetime
) -> list[str]:
    """Take files for a collection beside those that it has, and tell of rows that were there already.

    AnswerRefused says of each file what to do, and takes none.
    """
    with transaction.atomic():
        task = open_task(task_id, by=by, at=at)
        asked = {found.name: found for found in page.collections_asked(task)} if task.kind == TaskKind.LOOK else {}
        if collection not in asked:
            raise AnswerRefused(_("Nothing is asked for there."))
        sent = _check_together(task, asked[collection], brought)
    checked = _checked(task, asked[collection], brought, encoding=encoding)
    found = _rows_repeated(task, asked[collection], sent, brought, checked)
    uploads: list[TaskUpload] = []
    try:
        for file, read in zip(brought, checked, strict=True):
            uploads.append(_upload(task, collection, read, at=at))
            _seal(uploads[-1], file.content)
        with transaction.atomic():
            task = open_task(task_id, by=by, at=at)
            _check_together(task, asked[collection], brought, rows=sum(upload.records for upload in uploads))
            _save(task, collection, uploads, beside=sent)
    except BaseException:
        asking.unlink(uploads)
        raise
    return list(_told(sent, uploads, found))


def _check_together(
    task: Task, collection: Collection, brought: Sequence[Brought], *, rows: int = 0
) -> list[TaskUpload]:
    """What no file tells by itself: whether it was sent before, and how much there is of all. The case is locked.

    Returns what was sent before.
    """
    sent = list(task.uploads.filter(collection=collection.name))
    if not brought:
        raise AnswerRefused(_("Please choose a file first, and not an empty one."))
    if len(sent) + len(brought) > MOST_FILES:
        raise AnswerRefused(_("That is as many files as are taken here: %(most)s.") % {"most": MOST_FILES})
    if faults := list(_repeated(sent, brought)):
        raise AnswerRefused(*_with_the_end(faults, brought))
    if collection.one_per_person and rows + sum(upload.records for upload in sent) > 1:
        raise AnswerRefused(_("There is one row a person here, and more were sent: remove the file that is not meant."))
    return sent


def _repeated(sent: Iterable[TaskUpload], brought: Sequence[Brought]) -> Iterator[str]:
    """Files that are the same, byte for byte, as one that was sent before, or with them."""
    numbers = {upload.clear_sha256: upload.number for upload in sent}
    names: dict[str, str] = {}
    for file in brought:
        if file.sha256 in numbers:
            said = _("%(name)s: it is the same, byte for byte, as file %(number)s, which was sent before.")
            yield said % {"name": file.name, "number": numbers[file.sha256]}
        elif file.sha256 in names:
            said = _("%(name)s: it is the same, byte for byte, as %(other)s. Send it once.")
            yield said % {"name": file.name, "other": names[file.sha256]}
        names.setdefault(file.sha256, file.name)


def _rows_repeated(
    task: Task, collection: Collection, sent: Sequence[TaskUpload], brought: Sequence[Brought], checked: list[Checked]
) -> list[Repeats]:
    """Rows that other files have; AnswerRefused names each file that holds no other rows.

    Where contents don't count, rows are alike, for an x stands for most of what they hold: that is told alone.
    """
    before = [upload.as_sheet() for upload in sent]
    new = [Sheet(one.files, partial(io.BytesIO, file.content)) for file, one in zip(brought, checked, strict=True)]
    try:
        found = repeats.found(before, new, columns_needed(task.map_version.as_map(), collection))
    except FileDamaged:
        if TaskUpload.objects.filter(pk__in=[upload.pk for upload in sent]).count() == len(sent):
            raise
        raise AnswerRefused(
            _("A file was removed meanwhile. Please look at what is there, and send yours again.")
        ) from None
    names = [*map(_by_number, sent), *(file.name for file in brought)]
    said = _(
        "%(name)s: all its rows are there already: %(lines)s. If this file takes the place of another, remove that one"
        " first. Rows that are really there twice belong into one file."
    )
    faults = [
        said % {"name": file.name, "lines": _lines(one, names)}
        for file, read, one in zip(brought, checked, found, strict=True)
        if one.rows == read.rows
    ]
    if faults and page.mode_of(task) is Mode.CONTENT:
        raise AnswerRefused(*_with_the_end(faults, brought))
    return found


def _told(sent: Sequence[TaskUpload], uploads: Sequence[TaskUpload], found: Sequence[Repeats]) -> Iterator[str]:
    """Of each file that was taken, how many of its rows are there already; by numbers, for no name is kept."""
    names = [_by_number(upload) for upload in (*sent, *uploads)]
    for upload, one in zip(uploads, found, strict=True):
        if one.rows:
            yield _(
                "File %(number)s: %(count)s of its %(rows)s rows are there already, and count twice now: %(lines)s. If"
                " the file takes the place of another, remove that one."
            ) % {"number": upload.number, "count": one.rows, "rows": upload.records, "lines": _lines(one, names)}


def _by_number(upload: TaskUpload) -> str:
    return _("file %(number)s") % {"number": upload.number}


def _lines(found: Repeats, names: Sequence[str]) -> str:
    """The first of the lines that are there already, each with where."""
    said = [
        _("line %(line)s (line %(there)s of %(file)s)")
        % {"line": one.line, "there": one.there, "file": names[one.sheet]}
        for one in found.first
    ]
    return ", ".join(said) + (" …" if found.rows > len(found.first) else "")


def _checked(task: Task, collection: Collection, brought: Sequence[Brought], *, encoding: str) -> list[Checked]:
    """Each file read to its end; AnswerRefused names each that can't be taken."""
    found, faults, identifiers = [], [], page.identifiers(task)
    for file in brought:
        try:
            found.append(check(task.map_version.as_map(), collection, identifiers, file.content, encoding=encoding))
        except AnswerRefused as refused:
            faults.append(f"{file.name}: {refused}")
    if faults:
        raise AnswerRefused(*_with_the_end(faults, brought))
    return found


def _with_the_end(faults: list[str], brought: Sequence[Brought]) -> list[str]:
    return [*faults, _("None of these files was kept.")] if len(brought) > 1 else faults


def _upload(task: Task, collection: str, found: Checked, *, at: datetime) -> TaskUpload:
    upload = TaskUpload(id=uuid.uuid4(), task=task, collection=collection, sent_at=at, records=found.rows)
    upload.format, upload.encoding, upload.delimiter = found.files.format, found.files.encoding, found.files.delimiter
    return upload


def _save(task: Task, collection: str, uploads: Iterable[TaskUpload], *, beside: Sequence[TaskUpload]) -> None:
    """Number them, beside those alone with which they were compared."""
    there = task.uploads.filter(collection=collection)
    if there.exclude(pk__in=[upload.pk for upload in beside]).exists():
        raise AnswerRefused(_("Another file came in meanwhile. Please look at it, and send yours again."))
    last = there.aggregate(last=Max("number"))["last"] or 0
    for number, upload in enumerate(uploads, last + 1):
        upload.number = number
        upload.save(force_insert=True)


def keep_proof(task: Task, content: bytes, *, at: datetime) -> None:
    """Take a file that shows that an act was made, as it is. In the caller's transaction."""
    _check_size(content)
    upload = TaskUpload(id=uuid.uuid4(), task=task, collection=TaskUpload.PROOF, sent_at=at)
    _seal(upload, content)
    upload.save(force_insert=True)


def take_away(task_id: uuid.UUID, upload_id: str, *, by: Actor, at: datetime) -> None:
    """Remove a file again that was sent. Not by its number, which is given again once the last file is gone."""
    with transaction.atomic():
        task = open_task(task_id, by=by, at=at)
        asking.remove_uploads(task.uploads.filter(pk=_as_id(upload_id)))


def _as_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise AnswerRefused(_("There is no such file.")) from None


def _seal(upload: TaskUpload, content: bytes) -> None:
    upload.path = str(Path(FOLDER) / str(upload.task.case_id) / f"{upload.pk}.sealed")
    path = Path(settings.DATA_DIR) / upload.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with SealedWriter(path, upload.content_key, context=upload.context) as writer:
        writer.write(content)
        sealed = writer.finish()
    upload.size, upload.sha256 = sealed.size, sealed.sha256
    upload.clear_sha256 = hashlib.sha256(content).hexdigest()


def check(
    datamap: DataMap, collection: Collection, identifiers: Identifiers, content: bytes, *, encoding: str
) -> Checked:
    """Read every line of a file; AnswerRefused names the first that can't be taken, by its number and column."""
    _check_size(content)
    if encoding not in ENCODINGS:
        raise AnswerRefused(_("Please choose one of the encodings."))
    files = _how_written(content, encoding)
    needed = columns_needed(datamap, collection)
    rows = 0
    try:
        records = records_of(io.BytesIO(content), files, needed, str, exactly=True)
        for line, record in records:
            rows += 1
            for fault in _faults_of_row(collection, identifiers, record, line):
                raise AnswerRefused(fault)
            if collection.one_per_person and rows > 1:
                raise AnswerRefused(
                    _("Line %(line)s is a second row, and there is one a person: send the one that is meant.")
                    % {"line": line}
                )
    except (BrokenLineError, WrongColumnsError) as error:
        raise AnswerRefused(_in_words(error.fault)) from None
    if not rows:
        raise AnswerRefused(_("The file holds no row. If nothing is held there, send no file for it."))
    return Checked(files, rows)


def _check_size(content: bytes) -> None:
    if not content.strip():
        raise AnswerRefused(_("Please choose a file first, and not an empty one."))
    if len(content) > settings.MOST_UPLOADED:
        raise AnswerRefused(
            _("This file is too large: at most %(size)s MB, please.") % {"size": settings.MOST_UPLOADED // MEGABYTE}
        )


def _how_written(content: bytes, encoding: str) -> Files:
    """JSON lines begin with a brace; of CSV the first line tells what stands between its columns."""
    head = content[:100_000].decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")
    if head.startswith("{"):
        return Files("", FileFormat.JSON_LINES, encoding, ",")
    first = head.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    return Files("", FileFormat.CSV, encoding, delimiter)


def _faults_of_row(collection: Collection, identifiers: Identifiers, record: Record, line: int) -> Iterator[str]:
    if not OfPerson(collection, identifiers).is_sure_of(record):
        names = ", ".join(f"“{root.column}”" for root in collection.roots if root.column)
        yield _(
            "Line %(line)s, column %(column)s: it does not hold what was asked for, so the row may be somebody else's."
            " Take it out."
        ) % {"line": line, "column": names}
    for column in _dates(collection):
        try:
            day_in(record[column])
        except ValueError:
            yield _("Line %(line)s, column “%(column)s”: it is no date such as 2026-01-31.") % {
                "line": line,
                "column": column,
            }


def _dates(collection: Collection) -> list[str]:
    kept = collection.on_delete.counted_from if isinstance(collection.on_delete, Keep) else None
    return [name for name in (collection.received_at, kept) if name]


def _in_words(fault: LineFault) -> str:
    return str(SENTENCES.get(fault.how, NO_JSON)) % {"line": fault.line, **fault.facts}
