"""Having a document drawn by a process that can do nothing else, and believing that process nothing.

Called by whoever takes documents in and by the job that draws them. It owns the process and its limits; it must never
parse what a document could have shaped: a frame that is not exactly as it should be ends everything.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from exports.documents import frames, rendering
from exports.documents.frames import Attached, Drawn
from exports.documents.kinds import MOST_ATTACHMENTS, MOST_DRAWN, MOST_PAGES, Fault, Faulty, Kind
from exports.documents.lockdown import CannotLockDown

ROOT = Path(__file__).parent.parent.parent  # of the program, for its own modules only
# The folder comes last, so that no file of ours can stand in for a module of Python's.
START = """
import sys
sys.path.append(sys.argv.pop(1))
from exports.documents import rendering
sys.exit(rendering.run(sys.argv[1:]))
"""
DRAWING = "exports.documents.drawing"
MOST_SECONDS = 300  # from its start to its end, however busy the machine is
A_PIECE = 1024 * 1024
BYTES_A_PIXEL = 3


@dataclass(frozen=True)
class Sandbox:
    """How documents are drawn: ``unlocked`` with limits alone, where the system gives no way to lock a process up.

    ``module`` is what draws, with ``pages``, ``page``, ``look`` and ``get_ready``; tests have hostile ones.
    """

    unlocked: bool = False
    module: str = DRAWING
    seconds: float = MOST_SECONDS

    def look(self, content: bytes, kind: Kind, *, language: str = "en") -> int:
        """How many pages a document has; raises Faulty, CannotLockDown."""
        with self._process(content, kind, rendering.LOOK, language) as out:
            header = _header(out)
            if header.kind != frames.END or not 0 < header.first <= MOST_PAGES or header.length:
                raise Faulty(Fault.BROKEN)
            return header.first

    def page(self, content: bytes, kind: Kind, number: int, *, language: str = "en") -> Drawn:
        """One page of a document, from 1; raises Faulty, also where there is none, and CannotLockDown."""
        drawn = list(self._drawn(content, kind, f"{rendering.PAGE}{number}", language))
        _check(len(drawn) == 1 and isinstance(drawn[0], Drawn))
        return cast("Drawn", drawn[0])

    def draw(self, content: bytes, kind: Kind, *, language: str = "en") -> Iterator[Drawn | Attached]:
        """Its pages, and what came with a mail, one after the other; raises Faulty, CannotLockDown."""
        return self._drawn(content, kind, rendering.DRAW, language)

    def _drawn(self, content: bytes, kind: Kind, how: str, language: str) -> Iterator[Drawn | Attached]:
        pages = attachments = taken = 0
        with self._process(content, kind, how, language) as out:
            while (header := _header(out)).kind != frames.END:
                if header.kind == frames.PAGE:
                    pages += 1
                    _check(pages <= MOST_PAGES and _is_page(header))
                    yield Drawn(header.first, header.second, _exactly(out, header.length))
                else:
                    attachments += 1
                    taken += header.length
                    _check(header.kind == frames.ATTACHMENT and attachments <= MOST_ATTACHMENTS)
                    _check(taken <= len(content))  # what is in a mail is no longer than the mail
                    yield Attached(_exactly(out, header.length))
            _check((header.first, header.second) == (pages, attachments) and pages > 0)

    @contextmanager
    def _process(self, content: bytes, kind: Kind, how: str, language: str) -> Iterator[IO[bytes]]:
        """The process, fed with the document; what it says is read inside the block, and nothing may follow."""
        command = [sys.executable, "-I", "-c", START, str(ROOT), self.module, kind.value, how, language]
        process = subprocess.Popen(  # noqa: S603 - ourselves, with words of ours
            [*command, "unlocked"] if self.unlocked else command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            close_fds=True,
        )
        clock = threading.Timer(self.seconds, process.kill)
        clock.daemon = True
        clock.start()
        try:
            with process:
                try:
                    yield _heard(process, content)
                    _check(not process.stdout or not process.stdout.read(1))
                finally:
                    process.kill()
        finally:
            clock.cancel()


@dataclass(frozen=True)
class _Header:
    kind: bytes
    first: int
    second: int
    length: int


def _heard(process: subprocess.Popen[bytes], content: bytes) -> IO[bytes]:
    """Give it the document, and take its first words: it reads everything before it says more than they are."""
    if process.stdin is None or process.stdout is None:
        raise LookupError("no pipes")
    if process.stdout.read(len(frames.MAGIC)) != frames.MAGIC:
        if process.wait() == rendering.CANNOT_LOCK:
            raise CannotLockDown("the process that draws documents can't lock itself up on this system")
        raise Faulty(Fault.TOO_MUCH_WORK)
    with suppress(BrokenPipeError), process.stdin as into:
        into.write(content)
    return process.stdout


def _header(out: IO[bytes]) -> _Header:
    header = _Header(*frames.HEADER.unpack(_exactly(out, frames.HEADER.size)))
    if header.kind == frames.FAULT:
        known = header.first in list(Fault) and not header.length
        raise Faulty(Fault(header.first) if known else Fault.BROKEN)
    return header


def _is_page(header: _Header) -> bool:
    pixels = header.first * header.second
    return 0 < pixels <= MOST_DRAWN and header.length == pixels * BYTES_A_PIXEL


def _exactly(out: IO[bytes], length: int) -> bytes:
    """So many bytes; a process that ends before was ended by its limits, or crashed."""
    content = out.read(length)
    if len(content) != length:
        raise Faulty(Fault.TOO_MUCH_WORK)
    return content


def _check(is_so: bool) -> None:  # noqa: FBT001
    if not is_so:
        raise Faulty(Fault.BROKEN)
