"""``./run demo``: the example company, its systems, real web server and worker, and a case of each kind."""

from __future__ import annotations

import argparse
import fcntl
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from types import FrameType
from typing import IO
from urllib.parse import quote

from dsar.demo import systems

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "var" / "demo"
LOCK = "lock"
STOP = Event()
WORKERS = 2  # while one makes a report, the other goes on with the cases
WORKER = (sys.executable, str(ROOT / "manage.py"), "worker", "--poll", "0.03")
STARTED = float(os.environ.get("DSAR_RUN_STARTED") or time.time())


def main() -> int:
    """Play the stories, print what happened, serve until stopped (not with ``--once``)."""
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="end after the table instead of serving")
    parser.add_argument("--port", type=int, default=8000, help="the port to serve on; another one if it is taken")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    with locked_folder():
        port = _free_port(arguments.port)
        prepare_environment(port)
        show_all(port, once=arguments.once)
    return 0


def show_all(port: int, *, once: bool) -> None:
    """Build the systems, play the stories, print what happened; KeyboardInterrupt if it is stopped before that."""
    # The systems are built, and the web server starts, beside everything else: each takes seconds of its own.
    building = multiprocessing.get_context("spawn").Process(target=systems.build, args=(FOLDER,), daemon=True)
    building.start()
    say("Making the databases, and the example company's systems ...")
    with ExitStack() as running:
        web = running.enter_context(process("web", web_server(port)))
        from dsar.demo import show  # Django reads its settings when this is imported: after the environment is made

        show.make_databases(FOLDER)
        say("Databases made (SQLite).")
        for number in range(WORKERS):
            running.enter_context(process(f"worker-{number + 1}", WORKER))
        stage = show.set_up(FOLDER, f"http://localhost:{port}", say)
        finish(building)
        say("The example company set up: a shop with 2,000 customers, a web log, their data maps, and the staff.")
        wait_until_served(port, web)
        say("Web server and workers are running (logs in var/demo/).")
        show.play(stage)
        if not once:
            show.leave_open(stage)
        show.print_table(stage, STARTED)
        if not once:
            serve_until_stopped(port)


def serve_until_stopped(port: int) -> None:
    """Wait for Ctrl-C, or SIGTERM: from here on, being stopped is the good end."""
    say(f"Serving on http://localhost:{port}/ until you press Ctrl-C.")
    with suppress(KeyboardInterrupt):
        while not STOP.is_set():
            time.sleep(0.5)
    _tell("Stopping.")


def finish(building: BaseProcess) -> None:
    """Wait for the company's systems; SystemExit if they could not be built."""
    building.join()
    if building.exitcode:
        raise SystemExit("The example company's systems could not be built; see above.")


@contextmanager
def locked_folder() -> Iterator[IO[str]]:
    """The demo's folder, for this demo alone as long as it runs; SystemExit if another one has it."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"Another ./run demo has {FOLDER}: press Ctrl-C there first.") from None
        yield lock


def say(text: str) -> None:
    """Tell how far it is, with the seconds since ``./run`` was called; KeyboardInterrupt if it was to stop by now."""
    if STOP.is_set():
        raise KeyboardInterrupt
    _tell(text)


def _tell(text: str) -> None:
    print(f"[{time.time() - STARTED:5.1f} s] {text}", flush=True)


def prepare_environment(port: int) -> None:
    """An empty folder, and an environment in which everything of the demo lives in it, also kept in a file there."""
    secrets = Path(os.environ.get("DSAR_ENV_FILE") or os.devnull).read_text(encoding="utf-8")
    empty_folder()  # where the file that was just read may lie
    (FOLDER / "mails").mkdir()
    variables = {
        "DJANGO_SETTINGS_MODULE": "dsar.settings",
        "DSAR_DATA_DIR": str(FOLDER),
        "DSAR_BASE_URL": f"http://localhost:{port}",
        "DSAR_TIME_ZONE": "America/Los_Angeles",
        "DATABASE_URL": f"sqlite:///{quote(str(FOLDER / 'dsar.sqlite3'))}",
        "KEYS_DATABASE_URL": f"sqlite:///{quote(str(FOLDER / 'keys.sqlite3'))}",
        "EMAIL_URL": f"file:///{quote(str(FOLDER / 'mails'))}",  # four slashes in all: the path is absolute
        "DSAR_FROM_EMAIL": "Larkspur Outfitters Privacy <privacy@larkspur-outfitters.example>",
        "REDIS_URL": "",
        **systems.addresses(FOLDER),
    }
    write_environment(secrets, variables)
    os.environ |= variables


def empty_folder() -> None:
    """Remove what an earlier demo left, but for the lock."""
    for path in FOLDER.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK:
            path.unlink()


def write_environment(secrets: str, variables: Mapping[str, str]) -> None:
    """Keep the variables, behind the secrets that `./run` has made, where `./run manage` finds them."""
    quoted = {name: value.replace("\\", "\\\\").replace("'", "\\'") for name, value in variables.items()}
    lines = "".join(f"{name}='{value}'\n" for name, value in quoted.items())
    path = FOLDER / "environment"
    path.touch(mode=0o600)
    path.write_text(f"{secrets.rstrip()}\n{lines}", encoding="utf-8")


def web_server(port: int) -> list[str]:
    """The command of the web server, as in production but on one machine."""
    address, threads = f"127.0.0.1:{port}", "4"
    return [sys.executable, "-m", "gunicorn", "dsar.wsgi", "-b", address, "--threads", threads, "--no-control-socket"]


@contextmanager
def process(name: str, command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command, its output in a log of that name; it ends with the demo."""
    with (FOLDER / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield started
    finally:
        started.terminate()
        started.wait(timeout=20)


def wait_until_served(port: int, web: subprocess.Popen[bytes]) -> None:
    """Wait until the first page comes; SystemExit if the web server ended instead."""
    until = time.monotonic() + 120  # a busy machine takes its time; a server that ended is seen at once
    while time.monotonic() < until and web.poll() is None:
        try:
            urllib.request.urlopen(f"http://localhost:{port}/", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"The web server did not start; see {FOLDER / 'web.log'}.")


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(_signal: int, _frame: FrameType | None) -> None:
    STOP.set()  # Python drops what is raised here while an object is being taken away
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
