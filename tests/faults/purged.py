"""The end of content: the clock has the key of a closed case destroyed, and the files that it sealed removed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from dsar.jobs.queue import enqueue
from dsar.vault import destroyed, keys
from dsar.vault.errors import KeyDestroyed
from exports.fulfil import upkeep
from exports.models import Bundle, Candidate, PageTaken, Part, Shredding
from requests_app.models import Case
from tests.exports.house import House, person
from tests.faults.outside import Outside
from tests.faults.stories import LivingHouse, Story

SOMEBODY = "LO-100102"  # whose content is not past its time


class Purged(Story):
    """Two answers of one day, of which one closed so long ago that its content ends."""

    def begin(self, house: House, outside: Outside) -> Case:
        house.closed(self.right, who=person(SOMEBODY))
        case = house.closed(self.right)
        Case.objects.filter(pk=case.pk).update(closed_at=timezone.now() - settings.CONTENT_LIFE - timedelta(hours=1))
        old = (timezone.now() - 2 * upkeep.YOUNGEST_ORPHAN).timestamp()
        for path in _files(Case.objects.all()):
            os.utime(path, (old, old))
        enqueue("shred_content", {}, key="the hour of the round")
        return case

    def go_on(self, house: House, case: Case) -> None:
        """Nobody does anything: the clock orders the next job."""
        if Shredding.objects.filter(case=case).exists():
            enqueue("remove_orphaned_files", {}, key="the hour after it")

    def is_over(self, case: Case) -> bool:
        return Shredding.objects.filter(case=case).exists() and not any(_files([case]))

    def holds(self, house: LivingHouse, case: Case, outside: Outside) -> dict[str, bytes]:
        """What is left, by kind."""
        found = {
            "candidates": Candidate.objects.filter(case=case).count(),
            "pages taken": PageTaken.objects.filter(run__case=case).count(),
            "record": case.submission.name,
            "files of the other": sorted(path.name for path in _files(Case.objects.exclude(pk=case.pk))),
        }
        return {name: str(left).encode() for name, left in found.items()}

    def faults(self, case: Case, outside: Outside) -> list[str]:
        """One key is gone, for good: it is listed too; every other opens."""
        other = Case.objects.exclude(pk=case.pk).get()
        told = {"its key opens": _opens(case), "its key is not listed": case.content_key not in _listed()}
        told["the other's key is gone"] = not _opens(other) or other.content_key in _listed()
        return [what for what, is_so in told.items() if is_so]


def _files(cases: Iterable[Case]) -> Iterator[Path]:
    """Those of the sealed files of these cases that are there."""
    rows = (Part.objects.filter(run__case__in=cases), Bundle.objects.filter(case__in=cases))
    paths = (Path(settings.DATA_DIR) / path for found in rows for path in found.values_list("path", flat=True))
    return (path for path in paths if path.exists())


def _listed() -> set[UUID]:
    """What the list outside the key store names; a key that was destroyed again stands there twice."""
    return {key for key, _moment in destroyed.entries(destroyed.list_path())}


def _opens(case: Case) -> bool:
    try:
        keys.cipher(case.content_key)
    except KeyDestroyed:
        return False
    return True
