"""A web worker stays small: what only workers need is not imported there, and a served page does not change that."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ONLY_IN_WORKERS = ("sqlalchemy", "weasyprint", "stream_zip", "Crypto", "pymysql", "fontTools", "faker")
MOST_MEGABYTES = 150
# Runs in the web worker after each request that it has answered.
LOOK = """
import json, os, sys
from pathlib import Path

def post_request(worker, request, environ, response):
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    found = {"megabytes": pages * os.sysconf("SC_PAGE_SIZE") / 1e6, "modules": sorted(sys.modules)}
    Path(os.environ["LOOK_AT"]).write_text(json.dumps(found))
"""


@pytest.fixture
def looked_at(tmp_path: Path) -> dict[str, object]:
    """What a web worker holds after it has served a page."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "look.py").write_text(LOOK)
    environment = os.environ | {
        "DSAR_DATA_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/dsar.sqlite3",
        "KEYS_DATABASE_URL": f"sqlite:///{tmp_path}/keys.sqlite3",
        "LOOK_AT": str(tmp_path / "found.json"),
    }
    for database in ("default", "keys"):
        migrate = [sys.executable, "manage.py", "migrate", "--database", database, "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
    command = [sys.executable, "-m", "gunicorn", "dsar.wsgi", "--bind", f"127.0.0.1:{port}", "--threads", "4"]
    web = subprocess.Popen([*command, "--config", str(tmp_path / "look.py")], cwd=ROOT, env=environment)
    try:
        return _after_a_page(port, tmp_path / "found.json")
    finally:
        web.terminate()
        web.wait(timeout=20)


def _after_a_page(port: int, found: Path) -> dict[str, object]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/admin/login/", timeout=30).close()
            if found.exists() and found.stat().st_size:
                answer: dict[str, object] = json.loads(found.read_text())
                return answer
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the web server did not answer")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_web_worker_that_has_served_a_page_is_small(looked_at: dict[str, object]) -> None:
    modules = looked_at["modules"]
    assert isinstance(modules, list)
    assert [name for name in ONLY_IN_WORKERS if name in modules] == []
    megabytes = looked_at["megabytes"]
    assert isinstance(megabytes, float)
    assert megabytes < MOST_MEGABYTES
