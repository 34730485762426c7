"""A real web worker, looked at from within after it has served a page."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 60
# Runs in the web worker after each request that it has answered.
LOOK = """
import json, os, sys
from pathlib import Path

def post_request(worker, request, environ, response):
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    found = {"megabytes": pages * os.sysconf("SC_PAGE_SIZE") / 1e6, "modules": sorted(sys.modules)}
    Path(os.environ["LOOK_AT"]).write_text(json.dumps(found))
"""


@dataclass(frozen=True)
class WebWorker:
    """What it holds: resident memory, and the modules that it has imported."""

    megabytes: float
    modules: frozenset[str]


def look_at_a_web_worker(folder: Path) -> WebWorker:
    """Start the web server on a database of its own, ask for the page to sign in, and look at its worker."""
    (folder / "look.py").write_text(LOOK)
    found = folder / "found.json"
    environment = os.environ | {
        "DSAR_DATA_DIR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/web.sqlite3",
        "KEYS_DATABASE_URL": f"sqlite:///{folder}/web-keys.sqlite3",
        "LOOK_AT": str(found),
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]  # the page asks for no key
    subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
    port = _free_port()
    command = [sys.executable, "-m", "gunicorn", "dsar.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    command += ["--config", str(folder / "look.py"), "--log-level", "warning"]
    web = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        content = json.loads(_after_a_page(f"http://127.0.0.1:{port}/admin/login/", found))
    finally:
        web.terminate()
        web.wait(timeout=20)
    return WebWorker(content["megabytes"], frozenset(content["modules"]))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _after_a_page(address: str, found: Path) -> str:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(address, timeout=SECONDS).close()
        except OSError:
            time.sleep(0.2)
        if found.exists() and (text := found.read_text()):
            return text
    raise AssertionError("the web server did not answer")
