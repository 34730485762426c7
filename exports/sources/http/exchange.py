"""One exchange over HTTP/1.1: connected to an address that was checked, over by its deadline, no longer than agreed.

The standard library's client is given a socket of ours: it resolves nothing, follows nothing, asks no proxy.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from exports.sources.errors import BrokenDataError, SourceUnavailableError
from exports.sources.http.addresses import Service

if TYPE_CHECKING:
    from _typeshed import SupportsRead

PIECE = 64 * 1024
MOST_BYTES = 16 * 1024 * 1024  # of an answer, with its headers


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What came back; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _TooBig(Exception):
    """More came than was agreed."""


class _Timed:
    """As much of a socket as the client uses; each wait ends when the whole exchange has to."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until
        self._left = MOST_BYTES

    def sendall(self, data: bytes) -> None:
        self._connection.settimeout(self._seconds())
        self._connection.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """The client closes before it has read; whoever connected does it afterwards."""

    def receive(self, into: memoryview) -> int:
        self._connection.settimeout(self._seconds())
        count = self._connection.recv_into(into)
        self._left -= count
        if self._left < 0:
            raise _TooBig
        return count

    def _seconds(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Reader(io.RawIOBase):
    def __init__(self, timed: _Timed) -> None:
        self._timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, into: memoryview) -> int:  # type: ignore[override]
        return self._timed.receive(into)


def exchange(
    service: Service,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | SupportsRead[bytes],
    *,
    seconds: float,
) -> Answer:
    """Send a request and take the answer; what goes wrong on the way becomes one of our errors, without its text.

    A body that is read piece by piece needs its Content-Length among the headers.
    """
    until = time.monotonic() + seconds
    addresses = service.addresses()
    try:
        with _connect(service, addresses, until) as connection:
            client = http.client.HTTPConnection(service.host, service.port)
            client.sock = cast("socket.socket", _Timed(connection, until))
            client.request(method, path, body, {"Host": service.authority, **headers})
            response = client.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, _body(response))
    except _TooBig:
        raise BrokenDataError(f"{service.source}: the answer is longer than 16 MB; give smaller pages") from None
    except http.client.IncompleteRead:
        raise SourceUnavailableError(f"{service.source}: the answer broke off") from None
    except TimeoutError:
        raise SourceUnavailableError(f"{service.source}: the service is too slow") from None
    except ssl.SSLError:
        raise SourceUnavailableError(f"{service.source}: no secure connection; see its certificate") from None
    except OSError:
        raise SourceUnavailableError(f"{service.source}: the service can't be reached, or hung up") from None
    except (http.client.HTTPException, ValueError):
        raise BrokenDataError(f"{service.source}: the answer is no HTTP") from None


@cache
def _tls() -> ssl.SSLContext:
    """The system's own authorities; names are checked."""
    return ssl.create_default_context()


def _body(response: http.client.HTTPResponse) -> bytes:
    """All of it, in small pieces: memory is not given away for a length that somebody claims."""
    found = bytearray()
    while piece := response.read(PIECE):
        found += piece
    if response.length:
        raise http.client.IncompleteRead(b"")
    return bytes(found)


def _connect(service: Service, addresses: list[str], until: float) -> socket.socket:
    """A connection to the first address that takes one."""
    for address in addresses:
        left = until - time.monotonic()
        try:
            plain = socket.create_connection((address, service.port), timeout=max(left, 0.001))
        except OSError:
            continue
        if service.scheme == "http":
            return plain
        try:
            return _tls().wrap_socket(plain, server_hostname=service.host)
        except BaseException:
            plain.close()
            raise
    raise OSError
