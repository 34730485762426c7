"""A process of one's own that dies without a warning: at one of its steps, or whenever it happens to.

A step is a statement sent to a database, before and after it, or a file that is opened for writing, renamed or removed:
whatever lies between two steps happens in the memory of the process alone, and dies with it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections

FILES_CHANGED = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir"})
WRITING = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True)
class Death:
    """When a process is to die: at its step of that number, or so many seconds after its birth."""

    step: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        return f"at step {self.step}" if self.seconds is None else f"after {self.seconds:.3f} seconds"


class Steps:
    """Counts the steps of this process, and kills it at one of them."""

    def __init__(self, last: int | None) -> None:
        self.taken = 0
        self._last = last

    @contextmanager
    def counted(self) -> Iterator[None]:
        """From here on every step counts. An audit hook stays for the rest of the process: only in a fork."""
        sys.addaudithook(self._heard)
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(self._around))
            yield

    def _step(self) -> None:
        self.taken += 1
        if self.taken == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def _around(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self._step()
        result = execute(*arguments)
        self._step()
        return result

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in FILES_CHANGED or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING):
            self._step()


def forked(work: Callable[[], None], death: Death) -> bool:
    """Do the work in a fork of this process; whether it died of what it was to die of, and not of something else.

    The fork must not talk over its parent's connections: they are closed before.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        _live(work, death)
    if death.seconds is not None:
        time.sleep(death.seconds)
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, -signal.SIGKILL}, f"the worker ended with {status}, not {death}"
    return status != 0


def steps_of(work: Callable[[], None]) -> int:
    """How many steps the work takes in a fork that lives."""
    connections.close_all()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _live(work, Death(), told=writing)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return int(text)


def _live(work: Callable[[], None], death: Death, *, told: int | None = None) -> None:
    """The life of a fork; it never comes back to what its parent does."""
    status = 1
    try:
        steps = Steps(death.step)
        with steps.counted():
            work()
        if told is not None:
            os.write(told, str(steps.taken).encode())
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)
