"""A renderer that a document has taken over: it tries what its document names, and draws a page if that worked."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from exports.documents.frames import Drawn
from exports.documents.kinds import Fault, Faulty, Kind

KERNEL = ctypes.CDLL(None, use_errno=True)
SAYING_NO = (errno.EPERM, errno.EMFILE)
REFUSED = Fault.ENCRYPTED  # how the tests hear that the system said no; nothing here has a password


def get_ready() -> None:
    """Nothing."""


def look(content: bytes, kind: Kind, language: str) -> int:
    """As if there were a page."""
    return 1


def pages(content: bytes, kind: Kind, language: str) -> Iterator[Drawn]:
    """One page of a pixel if the attempt went through."""
    try:
        done = ATTEMPTS[content.removeprefix(b"%PDF-").decode()]()
    except OSError as refused:
        raise Faulty(REFUSED if refused.errno in SAYING_NO else Fault.BROKEN) from refused
    except RuntimeError as refused:  # of a thread that could not begin
        raise Faulty(REFUSED) from refused
    yield Drawn(1, 1, bytes(done or [0, 0, 0]))


def _raw(number: int, *arguments: object) -> None:
    """A system call without Python between."""
    if KERNEL.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "refused")


def _eat() -> None:
    held = []
    while True:
        held.append(bytearray(64 * 1024 * 1024))


def _loop() -> None:
    while True:
        pass


def _thread() -> None:
    begun = threading.Thread(target=print)
    begun.start()
    begun.join()


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _environment() -> list[int]:
    names = [name for name in os.environ if name != "LC_CTYPE"]  # which Python sets by itself
    return [min(len(names), 255), 0, 0]


def _descriptors() -> list[int]:
    """How many descriptors beside the three were handed down."""
    found = 0
    for number in range(3, 200):
        with contextlib.suppress(OSError):
            os.fstat(number)
            found += 1
    return [found, 0, 0]


def _modules() -> list[int]:
    return [sum(name.split(".")[0] in ("django", "dsar", "requests_app") for name in sys.modules), 0, 0]


ATTEMPTS: dict[str, Callable[[], list[int] | None]] = {
    "socket": lambda: socket.socket() and None,
    "read": lambda: Path("/etc/passwd").read_text() and None,
    "write": lambda: Path("/tmp/stolen").write_text("x") and None,
    "write to another descriptor": lambda: os.write(2, b"x") and None,
    "list": lambda: list(Path("/").iterdir()) and None,
    "remove": lambda: Path("/tmp/nothing").unlink(),
    "fork": _fork,
    "thread": _thread,
    "start a program": lambda: subprocess.Popen(["/bin/true"]) and None,
    "become a program": lambda: os.execv("/bin/true", ["true"]),
    "signal its parent": lambda: os.kill(1, 0),
    "raw open": lambda: _raw(2 if os.uname().machine == "x86_64" else 56, b"/etc/passwd", 0, 0),
    "raw socket": lambda: _raw(41 if os.uname().machine == "x86_64" else 198, 2, 1, 0),
    "raw trace": lambda: _raw(101 if os.uname().machine == "x86_64" else 117, 0, 0, 0, 0),
    "a call of another architecture": lambda: _raw(0x40000000 + 41, 2, 1, 0),
    "memory that can be run": lambda: (
        mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) and None
    ),
    "memory": _eat,
    "loop": _loop,
    "environment": _environment,
    "descriptors": _descriptors,
    "modules": _modules,
    "nothing": lambda: None,
}
