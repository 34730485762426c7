"""A recipient with a service of its own: a real web server on this machine, and a register that names it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import yaml

from exports.models import DataMapVersion, DataSource
from tests.exports.house import NOW

HOST = "127.0.0.1"
KEY = "a key that the recipient holds, too: 0123456789"
Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Call:
    """One call as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Recipient:
    """What came, and what is answered: ``answers`` in turn, then what ``usual`` says."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[Reply] = field(default_factory=list)
    usual: Callable[[Call], Reply] = lambda _call: (200, {}, b'{"id": "theirs-1"}')


@contextmanager
def serving() -> Iterator[Recipient]:
    """The recipient's server, in a thread."""
    recipient = Recipient()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            call = Call(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            recipient.calls.append(call)
            status, headers, content = recipient.answers.pop(0) if recipient.answers else recipient.usual(call)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - the name that the library calls

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    recipient.url = f"http://{HOST}:{server.server_port}/privacy"
    try:
        yield recipient
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def told_by(name: str, tell: dict[str, object]) -> None:
    """The registers say from now on that this recipient is told so."""
    for source in DataSource.objects.all():
        data_map = yaml.safe_load(source.map_version.text)
        entries = [entry for entry in data_map["recipients"] if entry["name"] == name]
        for entry in entries:
            entry["tell"] = json.loads(json.dumps(tell))
        if entries:
            source.map_version = DataMapVersion.accept(yaml.safe_dump(data_map, allow_unicode=True), at=NOW)
            source.save()
