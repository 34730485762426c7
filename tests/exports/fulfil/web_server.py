"""A real web server on this machine that keeps what it is asked and answers as a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

HOST = "127.0.0.1"
Reply = tuple[int, dict[str, str], bytes]  # status, headers, body


@dataclass
class Call:
    """One call as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@contextmanager
def answering(answer: Callable[[Call], Reply]) -> Iterator[str]:
    """The server, in a thread; gives its address without a path."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told, content = answer(Call(self.command, self.path, headers, body))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **told}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - the name that the library calls

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
