"""Several writers on one chain at the same moment, first append included: no gap, no fork."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from subprocess import PIPE
from threading import Barrier, Thread

import pytest
from django.db import connection, transaction

from dsar.environment import BASE_DIR
from dsar.ledger import chains, checkpoints
from dsar.ledger.models import AnchoredHead, Checkpoint
from dsar.ledger.signing import Signer
from dsar.ledger.verification import Verification, verify
from tests.ledger.conftest import AT

WRITERS = 8
EACH = 10

# What one process does: wait until all are ready, then append.
WRITER = f"""
import sys, django
django.setup()
from datetime import datetime, UTC
from django.db import transaction
from dsar.ledger import chains
print("ready", flush=True)
sys.stdin.readline()
for n in range({EACH}):
    with transaction.atomic():
        chains.append("a", "noted", actor=f"process:{{sys.argv[1]}}", at=datetime.now(UTC), facts={{"n": n}})
"""


def in_threads(act: object) -> list[BaseException]:
    """Let as many threads as there are writers do this at the same moment; return what went wrong."""
    ready, faults = Barrier(WRITERS), []

    def run(writer: int) -> None:
        try:
            connection.ensure_connection()
            ready.wait(timeout=30)
            act(writer)  # type: ignore[operator]
        except BaseException as fault:
            faults.append(fault)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[writer]) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's memory database has one writer only")
@pytest.mark.django_db(transaction=True)
def test_threads_that_append_to_one_new_chain_leave_no_gap_and_no_fork() -> None:
    def append(writer: int) -> None:
        for n in range(EACH):
            with transaction.atomic():
                chains.append("a", "noted", actor=f"thread:{writer}", at=AT, facts={"n": n})

    assert in_threads(append) == []
    assert [event.sequence for event in chains.history("a")] == list(range(1, WRITERS * EACH + 1))
    assert verify() == Verification(events=WRITERS * EACH, chains=1)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's memory database has one writer only")
@pytest.mark.django_db(transaction=True)
def test_verification_is_not_misled_by_events_that_are_appended_meanwhile(key: Signer) -> None:
    def append_or_verify(writer: int) -> None:
        for n in range(EACH):
            if writer == 0:
                assert checkpoints.make_checkpoint(at=AT)
                assert verify().first_break is None
            else:
                with transaction.atomic():
                    chains.append(f"{n % 3}", "noted", actor=f"thread:{writer}", at=AT, facts={})

    assert in_threads(append_or_verify) == []
    assert verify().checkpoints == EACH


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's memory database has one writer only")
@pytest.mark.django_db(transaction=True)
def test_of_checkpoints_made_at_once_each_number_stands_once_and_no_head_twice(key: Signer) -> None:
    with transaction.atomic():
        chains.append("a", "noted", actor="staff:1", at=AT, facts={})
    in_threads(lambda _: checkpoints.make_checkpoint(at=AT))
    assert Checkpoint.objects.exists()
    assert AnchoredHead.objects.count() == 1
    assert verify().first_break is None


@pytest.mark.slow
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL is asked by threads")
@pytest.mark.django_db(transaction=True)
def test_processes_that_append_to_one_new_chain_of_a_sqlite_file_leave_no_gap_and_no_fork(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ledger.sqlite3"
    connection.ensure_connection()
    with sqlite3.connect(file) as copy:
        connection.connection.backup(copy)
    copy.close()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(n)], cwd=BASE_DIR, stdin=PIPE, stdout=PIPE, text=True)
        for n in range(3)
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n", timeout=60)
        assert writer.returncode == 0
    with sqlite3.connect(file) as copy:
        found = copy.execute("SELECT sequence, previous_hash, hash FROM ledger_event ORDER BY sequence").fetchall()
    copy.close()
    assert [sequence for sequence, _, _ in found] == list(range(1, 3 * EACH + 1))
    assert [previous for _, previous, _ in found] == [chains.GENESIS, *(digest for _, _, digest in found[:-1])]
