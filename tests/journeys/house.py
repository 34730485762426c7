"""A whole house, running as a black box: web server, worker, mail server, the example company's systems.

On PostgreSQL the worker is Celery on Redis with its beat, else the embedded one.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TypeVar

from redis import Redis

from dsar.demo import people
from tests.jobs.workers import CELERY, EMBEDDED
from tests.journeys.premises import ROOT, Premises, on_postgres
from tests.services import Mail, MailServer

WEB = ("-m", "gunicorn", "dsar.wsgi", "--threads=4", "--no-control-socket", "--bind")
PATIENCE = 60.0  # seconds; other tests may keep the processors busy
ENDED_LONG_AGO = timedelta(seconds=1)
THE_DAY_BEFORE = timedelta(days=1)  # in whatever zone the house counts
LOOKUP_SECRET = "the-secret-of-the-company-s-systems"

STUMBLE = re.compile(r"^.+ ERROR django\.request 500 .+|^.+(?=\nTraceback)", re.MULTILINE)

Found = TypeVar("Found")


def wait_for(what: str, look: Callable[[], Found | None], *, pause: float = 0.1) -> Found:
    """Look again and again until there is something."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} seconds in vain: {what}"
        time.sleep(pause)
    return found


@cache
def cast() -> dict[str, people.Person]:
    """All customers of the example company, by account number."""
    return people.make_people()


@dataclass
class House:
    """A running house. What people type into it is kept in ``typed``, so that no log may hold it."""

    premises: Premises
    post_office: MailServer
    redis_url: str
    typed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://localhost:{self._door.getsockname()[1]}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.premises.folder.joinpath("logs").mkdir()

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the house is told."""
        told = {
            "DSAR_BASE_URL": self.base_url,
            "DSAR_FROM_EMAIL": "Larkspur Outfitters Privacy <privacy@larkspur-outfitters.example>",
            "EMAIL_URL": self.post_office.url,
            "REDIS_URL": self.redis_url,
            # Receivers of direct transfers are servers of the tests, on this machine and without TLS.
            "DSAR_RECEIVER_HOSTS": "127.0.0.1",
            "DSAR_SOURCE_HOSTS": "127.0.0.1",
            "DSAR_LOOKUP_SECRET": LOOKUP_SECRET,
        }
        return os.environ | self.premises.environment() | told

    def start_web(self) -> None:
        """Open the web server on a socket that is listening already: who comes early waits in the queue."""
        self._start("web", *WEB, f"fd://{self._door.fileno()}")

    def start_worker(self) -> None:
        """Start the worker; it is not waited for: jobs wait for it."""
        self._start("worker", *(CELERY if self.redis_url else EMBEDDED))

    def kill_worker(self) -> None:
        """Kill the worker with all its children, without a warning."""
        worker = self._processes.pop("worker")
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    def broker_is_emptied(self) -> int:
        """The broker forgets everything, and no process is told; how many messages for the worker it had."""
        address, _, number = self.redis_url.partition("?virtual_host=")
        with Redis.from_url(address.replace("redis+socket://", "unix://"), db=int(number)) as server:
            waiting = [server.llen(key) for key in server.scan_iter(_type="list")]
            server.flushall()
        return sum(int(str(count)) for count in waiting)

    def stop(self) -> None:
        """End all processes, in good order."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._door.close()

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of Django's commands in the house."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment, text=True, capture_output=True, check=False)

    def mails_to(self, address: str, about: str = "") -> list[Mail]:
        """The mails to an address that name a reference, oldest first."""
        mails = [mail for mail in self.post_office.mails if address in mail.recipients]
        return [mail for mail in mails if about in mail.text]

    @contextmanager
    def system_down(self, name: str) -> Iterator[None]:
        """For a while one of the company's systems can't be reached."""
        system = self.premises.system(name)
        away = system.rename(system.with_suffix(".away"))
        try:
            yield
        finally:
            away.rename(system)

    def failed_tries_are_repeated(self) -> None:
        """Let the time pass that jobs wait after a failure."""
        self._set_back("UPDATE jobs_job SET run_at = :then WHERE state = 'waiting' AND attempts > 0")

    def leases_end(self) -> None:
        """Let the time pass after which a silent worker is taken for dead."""
        self._set_back("UPDATE jobs_job SET lease_until = :then WHERE state = 'running'")

    def codes_expire(self) -> None:
        """Let the time pass for which codes and links work."""
        self._set_back("UPDATE requests_app_accesscode SET expires_at = :then")

    def twelve_months_pass_after(self, opt_out: str) -> None:
        """Let the months pass in which the person of this opt-out may not be asked to opt in."""
        self._set_back(
            "UPDATE requests_app_suppression SET ask_again_from = date(:then) WHERE case_id IN (SELECT c.id FROM"
            " requests_app_case c JOIN requests_app_submission s ON s.id = c.submission_id"
            f" WHERE s.reference = '{opt_out}')",
            ago=THE_DAY_BEFORE,
        )

    def logs(self) -> dict[str, str]:
        """What each process has written."""
        return {path.stem: path.read_text() for path in sorted(self.premises.folder.glob("logs/*.log"))}

    def _set_back(self, statement: str, *, ago: timedelta = ENDED_LONG_AGO) -> None:
        then = datetime.now(UTC) - ago
        self.premises.main.run(statement, then=then if on_postgres() else f"{then:%Y-%m-%d %H:%M:%S.%f}")

    def _start(self, name: str, *words: str) -> None:
        with self.premises.folder.joinpath("logs", f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                pass_fds=[self._door.fileno()],
                process_group=0,
            )


@contextmanager
def running(house: House) -> Iterator[House]:
    """Start the house, stop it whatever happens, and look into its logs."""
    house.start_web()
    house.start_worker()
    try:
        yield house
    finally:
        house.stop()
        house.premises.clear()
    check_logs(house)


def check_logs(house: House) -> None:
    """No process may write down whom it works for, and the web server must not have stumbled."""
    private = house.typed.union(*((person.name, person.account_no, person.email) for person in cast().values()))
    for name, text in house.logs().items():
        found = [value for value in private if value and value.strip() and value in text]
        assert not found, f"{name}.log holds personal data: {found}"
        stumbles = STUMBLE.findall(text)
        assert not stumbles, f"{name}.log: {stumbles}"
