"""A server that speaks S3 on a port of this machine, and a wire to it that tests can cut."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

START_SECONDS = 60
Reply = tuple[int, dict[str, str], bytes]
Trick = Callable[[str, Reply], Reply]


class Wire:
    """What goes between us and the server; the next trick changes an answer before it comes."""

    def __init__(self, port: int) -> None:
        self.server_port = port
        self.url = ""
        self.tricks: list[Trick] = []
        self.asked: list[tuple[str, dict[str, str]]] = []

    def reply(self, path: str, headers: dict[str, str]) -> Reply:
        """The server's own answer, as a trick changes it."""
        self.asked.append((path, headers))
        connection = HTTPConnection("127.0.0.1", self.server_port, timeout=30)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            reply = answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()
        return self.tricks.pop(0)(path, reply) if self.tricks else reply


@contextmanager
def s3_server() -> Iterator[int]:
    """moto, in a process of its own; its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as home, Path(home, "log").open("wb") as log:
        # Nothing of this machine's own keys; and short lists, so that a few files need more than one.
        environment = os.environ | {"HOME": home, "MOTO_S3_DEFAULT_MAX_KEYS": "10"}
        command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(port, process, Path(home, "log"))
            yield port
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(log.read_text())


@contextmanager
def wired(port: int) -> Iterator[Wire]:
    """A wire to the server, with an address of its own."""
    wire = Wire(port)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = wire.reply(self.path, dict(self.headers.items()))
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):  # the other side had enough
                self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    wire.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield wire
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def as_owner(port: int, keys: tuple[str, str] = ("owner", "owner-secret")) -> Any:
    """The tests' own way in: a client of the library by itself."""
    from botocore.session import Session  # noqa: PLC0415

    return Session().create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
    )
