"""Work that does not depend on how busy the machine is: statements, and the steps of the sources' own machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from django.db import connections

A_STRIDE = 1000  # steps of SQLite's virtual machine


@dataclass
class Work:
    """Statements to our databases and to the company's; thousands of steps that SQLite took in the company's."""

    ours: int = 0
    theirs: int = 0
    strides: int = 0


@contextmanager
def counted() -> Iterator[Work]:
    """Count from here on, also in sources that are opened only later."""
    work = Work()

    def ours(execute: Callable[..., Any], *arguments: Any) -> Any:
        work.ours += 1
        return execute(*arguments)

    def theirs(*_arguments: object) -> None:
        work.theirs += 1

    def stride() -> int:
        work.strides += 1
        return 0

    def connected(connection: Any, _record: object) -> None:
        connection.set_progress_handler(stride, A_STRIDE)

    listeners = (("before_cursor_execute", theirs), ("connect", connected))
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(ours))
        for event, listener in listeners:
            sa.event.listen(sa.Engine, event, listener)
            stack.callback(sa.event.remove, sa.Engine, event, listener)
        yield work
