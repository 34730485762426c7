"""Databases of ours that are full, as on a disk without room: SQLite's own refusal, and what workers make of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error, connections

from dsar.jobs.models import Job
from dsar.jobs.polling import Worker
from dsar.jobs.running import class_path, drop_bad_connections

MOST_TURNS = 20
NO_LIMIT = 2**30


@contextmanager
def leaving(pages: int) -> Iterator[None]:
    """Our databases grow by so many pages at most."""
    for connection in connections.all():
        with connection.cursor() as cursor:
            (now,) = cursor.execute("PRAGMA page_count").fetchone()
            cursor.execute(f"PRAGMA max_page_count={now + pages}")
    try:
        yield
    finally:
        for connection in connections.all():
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA max_page_count={NO_LIMIT}")


def work_in_vain() -> Counter[str]:
    """Do what is due, as a worker does that polls; how often it failed, by what a job or the worker says of it."""
    worker, heard = Worker(), Counter[str]()
    for _turn in range(MOST_TURNS):
        try:
            if not worker.work():
                break
        except Error as error:
            heard[f"the worker: {class_path(type(error))}"] += 1
            drop_bad_connections()
    failed = Job.objects.exclude(error="").values_list("kind", "error")
    return heard + Counter(f"{kind}: {error}" for kind, error in failed)
