"""Fixtures for real servers, a real mail server and a real browser.

What is missing skips the test and says what to install; with REQUIRE_SERVICES=1, as in CI, it fails the test instead.
Each xdist worker starts its own, unless TEST_POSTGRES_URL, TEST_REDIS_URL or TEST_MARIADB_URL names one that runs.
"""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern_policy
from typing import NoReturn

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests import servers

BROWSERS = ("chromium", "google-chrome", "google-chrome-stable", "chromium-browser")


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where every service is required."""
    if os.environ.get("REQUIRE_SERVICES") == "1":
        pytest.fail(f"{reason} (REQUIRE_SERVICES=1)", pytrace=False)
    pytest.skip(reason)


def _running(variable: str, server: AbstractContextManager[str]) -> Iterator[str]:
    if os.environ.get(variable):
        yield os.environ[variable]
        return
    try:
        with server as url:
            yield url
    except servers.MissingProgramError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a PostgreSQL server's own database, for those who make databases themselves."""
    yield from _running("TEST_POSTGRES_URL", servers.postgres())


@pytest.fixture(scope="session")
def postgres_url(postgres_server: str) -> str:
    """The URL of an empty PostgreSQL database, one a worker; Django and SQLAlchemy both read it."""
    return servers.fresh_database(postgres_server, f"fresh_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a Redis server, in Celery's form."""
    yield from _running("TEST_REDIS_URL", servers.redis())


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """SQLAlchemy's URL of an empty MariaDB database."""
    yield from _running("TEST_MARIADB_URL", servers.mariadb())


@dataclass
class Mail:
    """One message as the mail server took it in."""

    sender: str
    recipients: list[str]
    message: EmailMessage

    @property
    def text(self) -> str:
        """The plain text of the message."""
        body = self.message.get_body(("plain",))
        return body.get_content().replace("\r\n", "\n") if body else ""


@dataclass
class MailServer:
    """A real SMTP server on this machine that keeps what it is sent."""

    host: str
    port: int
    mails: list[Mail] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The value for EMAIL_URL."""
        return f"smtp://{self.host}:{self.port}"

    def wait_for(self, count: int, seconds: float = 10) -> list[Mail]:
        """The mails, as soon as there are ``count`` of them; fails when they do not come in time."""
        deadline = time.monotonic() + seconds
        while len(self.mails) < count:
            assert time.monotonic() < deadline, f"{len(self.mails)} of {count} mails came in {seconds} seconds"
            time.sleep(0.05)
        return list(self.mails)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        """Take in one message."""
        message = message_from_bytes(envelope.original_content or b"", policy=modern_policy)
        self.mails.append(Mail(envelope.mail_from or "", list(envelope.rcpt_tos), message))
        return "250 OK"


def closed_post_office() -> MailServer:
    """A mail server that does not listen yet."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return MailServer(*free.getsockname())


@contextmanager
def open_again(post_office: MailServer) -> Iterator[MailServer]:
    """The mail server works, for a while."""
    controller = Controller(post_office, hostname=post_office.host, port=post_office.port)
    controller.start()
    try:
        yield post_office
    finally:
        controller.stop()


@pytest.fixture(scope="session")
def smtp_server() -> Iterator[MailServer]:
    """The mail server of the session; take ``mailbox`` to find it empty."""
    with open_again(closed_post_office()) as server:
        yield server


@pytest.fixture
def mailbox(smtp_server: MailServer) -> MailServer:
    """The mail server, emptied."""
    smtp_server.mails.clear()
    return smtp_server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a browser of the Chromium family: CHROMIUM, else what is on PATH."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or missing("chromium is not installed: apt-get install -y --no-install-recommends chromium")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object], chromium: str) -> dict[str, object]:
    """Launch the machine's own browser, never a downloaded one, and keep it from calling home."""
    # Playwright keeps an event loop in the tests' thread; Django would refuse to touch the database beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    arguments = ["--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    return {**browser_type_launch_args, "executable_path": chromium, "args": arguments}
