"""The fixtures themselves: each server is real, of this run's own, and gone at the end."""

from __future__ import annotations

import smtplib
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

import psutil
import psycopg
import pytest
import sqlalchemy
from kombu import Connection
from playwright.sync_api import Page

from tests import servers
from tests.services import MailServer


@pytest.mark.services
def test_postgres_is_real_and_its_database_empty(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)


@pytest.mark.services
def test_redis_takes_a_message_and_gives_it_back(redis_url: str) -> None:
    with Connection(redis_url) as broker, broker.SimpleQueue("echo") as queue:
        queue.put({"job": 1})
        message = queue.get(timeout=5)
        message.ack()
    assert message.payload == {"job": 1}


@pytest.mark.services
def test_mariadb_speaks_to_sqlalchemy(mariadb_url: str) -> None:
    engine = sqlalchemy.create_engine(mariadb_url)
    with engine.connect() as connection:
        assert "MariaDB" in connection.execute(sqlalchemy.text("SELECT version()")).scalar_one()
    engine.dispose()


def test_mails_arrive_over_smtp(mailbox: MailServer) -> None:
    message = EmailMessage()
    message["Subject"] = "Your request"
    message.set_content("We got it: ¡sí!\n")
    with smtplib.SMTP(mailbox.host, mailbox.port) as client:
        client.send_message(message, "privacy@example.com", ["person@example.com"])
    (mail,) = mailbox.wait_for(1)
    assert (mail.recipients, mail.message["Subject"]) == (["person@example.com"], "Your request")
    assert mail.text == "We got it: ¡sí!\n"


@pytest.mark.browser
def test_the_browser_opens_a_page(page: Page) -> None:
    page.set_content("<title>Form</title><button>Send</button>")
    assert page.title() == "Form"
    assert page.get_by_role("button", name="Send").is_visible()


@pytest.mark.services
@pytest.mark.parametrize("ending", ["print(1)", "raise SystemExit(3)", "import os; os.kill(os.getppid(), 15); input()"])
def test_servers_end_with_their_command(ending: str, tmp_path: Path) -> None:
    code = f"import os, pathlib; pathlib.Path('url').write_text(os.environ['REDIS_URL']); {ending}"
    command = [sys.executable, "-m", "tests.servers", "redis", "--", sys.executable, "-c", code]
    environment = {"PYTHONPATH": str(Path(servers.__file__).parent.parent), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, stdin=subprocess.PIPE, timeout=30, check=False)
    socket = Path((tmp_path / "url").read_text().removeprefix("redis+socket://"))
    assert not socket.parent.exists()
    assert done.returncode in {0, 3, 143}


@pytest.mark.services
@pytest.mark.parametrize("manners", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN); "])
def test_the_command_ends_with_its_servers(manners: str, tmp_path: Path) -> None:
    write = "pathlib.Path('pid').write_text(str(os.getpid()))"
    code = f"import os, pathlib, signal, time; {manners}{write}; time.sleep(60)"
    environment = {"PYTHONPATH": str(Path(servers.__file__).parent.parent), "PATH": "/usr/bin:/bin"}
    words = ["redis", "--", sys.executable, "-c", code]
    start = f"from tests import servers; servers.STOP_SECONDS = 1; servers.main({words!r})"
    process = subprocess.Popen([sys.executable, "-c", start], cwd=tmp_path, env=environment)
    deadline = time.monotonic() + 30
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.terminate()
    assert process.wait(30) == 143
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


@pytest.mark.services
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a server that its parent was killed")
def test_servers_end_when_the_tests_are_killed(tmp_path: Path) -> None:
    code = "import os, pathlib; pathlib.Path('url').write_text(os.environ['REDIS_URL']); os.kill(os.getppid(), 9)"
    command = [sys.executable, "-m", "tests.servers", "redis", "--", sys.executable, "-c", code]
    environment = {"PYTHONPATH": str(Path(servers.__file__).parent.parent), "PATH": "/usr/bin:/bin"}
    assert subprocess.run(command, cwd=tmp_path, env=environment, timeout=30, check=False).returncode == -9
    socket = Path((tmp_path / "url").read_text().removeprefix("redis+socket://"))
    deadline = time.monotonic() + 10
    while socket.exists():
        assert time.monotonic() < deadline, "Redis serves on"
        time.sleep(0.05)


def test_a_missing_program_is_named_with_its_cure() -> None:
    with pytest.raises(servers.MissingProgramError, match=r"apt-get install .* no-such-package"):
        servers.find_program("no-such-program", "no-such-package")
