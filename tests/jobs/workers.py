"""Real worker processes of one test: they share a database, and a folder in which their handlers act."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 60.0  # seconds; other tests may keep the processors busy
EMBEDDED = ("manage.py", "worker", "--poll=0.05")
CELERY = ("-m", "celery", "-A", "dsar", "worker", "--concurrency=1", "--beat", "--without-mingle", "--without-gossip")


def wait_until(condition: Callable[[], object], *, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def worker_environment(database_url: str, folder: Path, redis_url: str = "") -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.jobs.worker_settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TESTAPP_FOLDER": str(folder),
    }


@dataclass
class Worker:
    """A worker process, with its children if it has any."""

    process: subprocess.Popen[bytes]
    log: Path

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.says("ready.")

    def says(self, text: str) -> bool:
        return text in self.log.read_text()

    def signal(self, number: signal.Signals) -> None:
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """Without a warning: the worker can't put anything in order."""
        self.signal(signal.SIGKILL)
        self.process.wait()

    def ends_well_when_asked(self) -> bool:
        self.process.terminate()
        return self.process.wait(PATIENCE) == 0


@dataclass
class Crew:
    """The workers, as many as the test starts."""

    command: tuple[str, ...]
    database_url: str
    folder: Path
    redis_url: str = ""
    workers: list[Worker] = field(default_factory=list)

    def start(self) -> Worker:
        """One more worker; returns when it is ready."""
        own_folder = self.folder / f"worker-{len(self.workers)}"
        own_folder.mkdir()
        log = own_folder / "log"
        environment = worker_environment(self.database_url, self.folder, self.redis_url)
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, *self.command],
                env=environment | {"DSAR_DATA_DIR": str(own_folder)},
                stdout=output,
                stderr=output,
                process_group=0,
            )
        worker = Worker(process, log)
        self.workers.append(worker)
        wait_until(worker.is_ready)
        return worker

    def dismiss(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()

    def acts_outside(self) -> list[str]:
        """What was done outside our database, as lines "key fence"."""
        outside = self.folder / "outside"
        return outside.read_text().splitlines() if outside.exists() else []

    def let_go_on(self, fence: int) -> None:
        """End the waiting of the claim with this fencing number."""
        (self.folder / f"go-{fence}").touch()
