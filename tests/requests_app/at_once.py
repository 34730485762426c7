"""Several workers at the same moment, each in a thread with connections of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connection, connections

TOGETHER_SECONDS = 30

only_on_postgres = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time"
)


def at_once(*acts: Callable[[], str]) -> list[str]:
    """Let all act at the same moment; what each answered, or the class of what it raised, in alphabetical order."""
    ready = Barrier(len(acts))
    answers: list[str] = []

    def run(act: Callable[[], str]) -> None:
        try:
            ready.wait(timeout=TOGETHER_SECONDS)
            answers.append(act())
        except Exception as fault:
            answers.append(type(fault).__name__)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(answers)
