"""Done by the clock: the content of cases that closed long ago is destroyed, files that nobody needs are removed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet

from dsar.jobs.running import Run
from dsar.vault import files, keys
from exports.fulfil import held
from exports.fulfil.corrections import supporting
from exports.models import (
    Bundle,
    Candidate,
    Document,
    DocumentPage,
    EncryptedFile,
    NearMisses,
    PageTaken,
    Part,
    Report,
    Shredding,
    TaskUpload,
)
from requests_app import holding
from requests_app.events import EventKind
from requests_app.models import Case, PermissionFile, SupportingDocument
from requests_app.roles import SYSTEM
from requests_app.services.history import locked, record
from requests_app.states import State

InUse = Callable[[Collection[str]], set[str]]

# A file is written before its row; a day is far more than any worker takes from the one to the other.
YOUNGEST_ORPHAN = timedelta(days=1)
AT_ONCE = 500  # paths in one statement


def shred_content(run: Run) -> None:
    """Destroy the content keys of cases that closed long enough ago; what is known of the case, its record, stays."""
    due = _with_content_past_its_time(run.at).order_by("closed_at")
    for case_id in list(due.values_list("pk", flat=True)):
        _shred(run, case_id)


def _shred(run: Run, case_id: UUID) -> None:
    """One case: first its key, for a job that dies after that finds the case again and writes it down."""
    with run.transaction():
        case = locked(case_id)
        if not _with_content_past_its_time(run.at).filter(pk=case_id).exists():
            return
        holding.lock(case.submission.organisation)
        if held.keeps_content(case, at=run.at):  # G18; looked at again the next time
            return
        keys.destroy(case.content_key, at=run.at)
        Candidate.objects.filter(case=case).delete()
        NearMisses.objects.filter(run__case=case).delete()
        PageTaken.objects.filter(run__case=case).delete()
        Shredding.objects.create(case=case, at=run.at)
        record(case, EventKind.CONTENT_SHREDDED, by=SYSTEM, at=run.at)


def destroy_taken_back(run: Run) -> None:
    """Destroy documents for a correction that were taken back, once no hold keeps them (G18)."""
    taken_back = SupportingDocument.objects.kept().filter(taken_back_at__isnull=False)
    for document in taken_back.select_related("asked"):
        with run.transaction():
            case = locked(document.asked.case_id)
            holding.lock(case.submission.organisation)
            if not held.keeps_content(case, at=run.at):
                supporting.destroy(document, at=run.at)
                document.destroyed_at, document.name_sealed, document.note_sealed = run.at, None, None
                document.save(update_fields=["destroyed_at", "name_sealed", "note_sealed"])


def follow_up_holds(run: Run) -> None:
    """Tell the desk of closed deletions of which a hold kept something that none keeps any more."""
    for kept in held.to_follow_up():
        with run.transaction():
            held.follow_up(kept, at=run.at)


def _with_content_past_its_time(at: datetime) -> QuerySet[Case]:
    closed: QuerySet[Case] = Case.objects.filter(state=State.CLOSED, closed_at__lte=at - settings.CONTENT_LIFE)
    return closed.filter(shredding__isnull=True)


def remove_orphaned_files(*, at: datetime) -> int:
    """Remove sealed files older than a day that no row needs any more; returns how many.

    They are left by whoever died between file and row, by bundles that were made and not released or made anew,
    by rounds of gathering that were set aside, and by cases whose content was destroyed.
    """
    removed = 0
    for name, in_use in IN_USE.items():
        folder = Path(settings.DATA_DIR) / name
        if folder.is_dir():
            removed += files.remove_unfinished(folder, before=at - YOUNGEST_ORPHAN)
            removed += sum(_remove(page, in_use, at - YOUNGEST_ORPHAN) for page in _pages(folder))
    return removed


def remove_old_instructions(*, at: datetime) -> int:
    """Remove what recipients were told to do, once they had as long as content lives to fetch it; how many files.

    The files are not sealed. That a recipient was told, and by which batch, stays with the record of the case.
    """
    before, removed = (at - settings.CONTENT_LIFE).timestamp(), 0
    for path in (Path(settings.DATA_DIR) / "recipients").glob("*/*.jsonl"):
        with suppress(FileNotFoundError):  # another worker sweeps too, and recipients may take what they fetch
            if path.stat().st_mtime < before:
                path.unlink()
                removed += 1
    return removed


def _remove(page: list[Path], in_use: InUse, before: datetime) -> int:
    paths = {str(path.relative_to(settings.DATA_DIR)): path for path in page}
    needed, removed = in_use(paths.keys()), 0
    for name in paths.keys() - needed:
        with suppress(FileNotFoundError):  # another worker sweeps too
            if paths[name].stat().st_mtime < before.timestamp():
                paths[name].unlink()
                removed += 1
    return removed


def _pages(folder: Path) -> Iterator[list[Path]]:
    found = folder.rglob("*.sealed")
    while page := list(islice(found, AT_ONCE)):
        yield page


def _parts_in_use(paths: Collection[str]) -> set[str]:
    """Parts of the round that counts; of a round that was set aside the rows stay, as the record of what was done."""
    parts = Part.objects.filter(path__in=paths, run__round=F("run__case__gathering_round"))
    return set(parts.filter(run__case__shredding__isnull=True).values_list("path", flat=True))


def _bundles_in_use(paths: Collection[str]) -> set[str]:
    bundles = Bundle.objects.filter(path__in=paths, case__shredding__isnull=True)
    return set(bundles.values_list("path", flat=True))


def _reports_in_use(paths: Collection[str]) -> set[str]:
    return set(Report.objects.filter(path__in=paths).values_list("path", flat=True))


def _encrypted_in_use(paths: Collection[str]) -> set[str]:
    encrypted = EncryptedFile.objects.filter(path__in=paths, case__shredding__isnull=True)
    return set(encrypted.values_list("path", flat=True))


def _uploads_in_use(paths: Collection[str]) -> set[str]:
    uploads = TaskUpload.objects.filter(path__in=paths, task__case__shredding__isnull=True)
    return set(uploads.values_list("path", flat=True))


def _documents_in_use(paths: Collection[str]) -> set[str]:
    living = Document.objects.filter(task__round=F("task__case__gathering_round"), task__case__shredding__isnull=True)
    pages = DocumentPage.objects.filter(path__in=paths, document__in=living)
    originals = living.filter(path__in=paths).values_list("path", flat=True)
    copies = living.filter(copy_path__in=paths).values_list("copy_path", flat=True)
    return {*originals, *copies, *pages.values_list("path", flat=True)}


def _permissions_in_use(paths: Collection[str]) -> set[str]:
    return set(PermissionFile.objects.filter(path__in=paths).values_list("path", flat=True))


def _supporting_in_use(paths: Collection[str]) -> set[str]:
    return set(SupportingDocument.objects.kept().filter(path__in=paths).values_list("path", flat=True))


# By the folder that each kind of sealed file lies in.
IN_USE: dict[str, InUse] = {
    "findings": _parts_in_use,
    "bundles": _bundles_in_use,
    "reports": _reports_in_use,
    "encrypted": _encrypted_in_use,
    "uploads": _uploads_in_use,
    "documents": _documents_in_use,
    "permissions": _permissions_in_use,
    "supporting": _supporting_in_use,
}
