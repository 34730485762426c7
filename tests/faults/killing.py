"""A process of one's own that dies without a warning: at one of its steps, or whenever it happens to.

A step is a statement sent to a database, ours or a source's, before and after it; the end of a source's transaction,
before and after it, and of SQLite's amid it; a call to somebody's service, before it is sent and after it was answered;
or a file that is opened for writing, named or removed: whatever lies between two steps happens in the memory of the
process alone, and dies with it. Each has a name, such as ``source before DELETE FROM reviews`` or ``os.link bundles``,
with the folder of ours; the same thing done again is another step of that name. So that workers can be killed there by
name, what gathering and bundling do in memory are steps, too (`MOMENTS`).

To die at a step leaves the same behind as to die at the one before it, unless something that lasts was done in between:
a transaction that wrote ended, a statement that writes stood outside of any, a file was changed or has grown, something
was sent. What an open transaction has written dies with it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import sqlalchemy as sa
from django.conf import settings
from django.db import connections

from exports.bundle import contents, signature
from exports.fulfil import part_files, source_runs

FILES_CHANGED = frozenset({"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir"})
MOMENTS: Mapping[str, tuple[object, str]] = {  # and which function it is
    "a page is sealed": (part_files, "seal"),
    "pages are written down": (source_runs.Kept, "write_down"),
    "a manifest is signed": (signature, "signed"),
    "a bundle is sealed": (contents, "write"),
}
WRITES_NOTHING = frozenset({"SELECT", "BEGIN", "PRAGMA"})
WRITING = os.O_WRONLY | os.O_RDWR
STATEMENT = re.compile(r"(DELETE FROM|INSERT(?: OR \w+)? INTO|UPDATE|SELECT\b.*?\bFROM)\s+\"?(\w+)", re.DOTALL)
READ = re.compile(r"(source )?(before|after) (?!commit|INSERT|UPDATE|DELETE)")
REQUEST = re.compile(rb"(GET|POST|PUT) (\S+) HTTP/1\.1\r\n")
OF_ONE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")  # a request, in a path
CALL, ANSWER = "call", "answer to"
BEFORE, AFTER = "before", "after"
OPENED = "open"
AMID = "source amid commit"


@dataclass(frozen=True)
class Death:
    """When a process is to die: at its step of that number, or so many seconds after its birth."""

    step: int | None = None
    seconds: float | None = None

    def __str__(self) -> str:
        return f"at step {self.step}" if self.seconds is None else f"after {self.seconds:.3f} seconds"


class Step(NamedTuple):
    """One of a process, and whether to die at it leaves something else behind than to die at the one before it."""

    name: str
    leaves_more: bool


class Steps:
    """Counts the steps of this process, and kills it at one of them."""

    def __init__(self, last: int | None) -> None:
        self.taken: list[Step] = []
        self._last = last
        self._has_lasted = True  # what was done since the last step
        self._has_written = False  # to a database of ours, since a transaction ended
        self._file, self._size = Path(), 0  # the last that was opened for writing: it grows between steps
        self._ended = "reading"  # what a source's connection is given back after

    @contextmanager
    def counted(self) -> Iterator[None]:
        """From here on every step counts. An audit hook stays for the rest of the process: only in a fork."""
        sys.addaudithook(self._heard)
        for event, step in self._in_sources().items():
            sa.event.listen(sa.Engine, event, step)
        sa.event.listen(sa.Pool, "checkin", lambda *_words: self._step("source", AFTER, self._ended))
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(self._around))
                connection._commit = self._committing(connection._commit)
            for name, (place, function) in MOMENTS.items():
                stack.enter_context(mock.patch.object(place, function, self._passed(name, getattr(place, function))))
            yield

    def _step(self, *name: str, lasts: bool = False) -> None:
        """Take one; `lasts`: what is done next lasts, whatever becomes of the process after it."""
        last, what = self.taken[-1].name if self.taken else "", " ".join(filter(None, name))
        what = last.replace(CALL, ANSWER, 1) if last.startswith(CALL) else what
        self.taken.append(Step(what, self._has_grown() or self._has_lasted))
        self._has_lasted = lasts
        if len(self.taken) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def _has_grown(self) -> bool:
        """Whether the file that is written has more than at the last step: what the process holds back dies with it."""
        before, self._size = self._size, self._file.stat().st_size if self._file.is_file() else 0
        return self._size > before

    def _passed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def passed(*arguments: Any, **named: Any) -> Any:
            self._step(BEFORE, name)
            result = function(*arguments, **named)
            self._step(AFTER, name)
            return result

        return passed

    def _around(self, execute: Callable[..., Any], statement: Any, *arguments: Any) -> Any:
        what = named(str(statement))
        writes = what.split()[0] not in WRITES_NOTHING
        is_alone = not arguments[-1]["connection"].in_atomic_block
        self._has_written |= writes
        self._step(BEFORE, what, lasts=is_alone and writes)
        result = execute(statement, *arguments)
        self._step(AFTER, what)
        return result

    def _committing(self, commit: Callable[[], None]) -> Callable[[], None]:
        """The end of one of our own transactions, named by what was done last in it."""

        def committed() -> None:
            written = (step.name for step in reversed(self.taken) if not is_read(step.name))
            what = f"commit {next(written, '')}"
            self._step(BEFORE, what, lasts=self._has_written)
            commit()
            self._has_written = False
            self._step(AFTER, what)

        return committed

    def _in_sources(self) -> dict[str, Callable[..., None]]:
        def before(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            self._step("source", BEFORE, named(statement))

        def after(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            self._step("source", AFTER, named(statement))

        def commit(connection: sa.Connection) -> None:
            is_file = connection.dialect.name == "sqlite"
            # What is half written is taken back by whoever comes next, and then it is as before: once is enough.
            is_first = all(step.name != AMID for step in self.taken)
            self._step("source", BEFORE, "commit", lasts=is_first or not is_file)
            if is_file:
                if len(self.taken) + 1 == self._last:
                    write_a_part(connection)
                self._step(AMID, lasts=True)
            self._ended = "commit"

        return {"before_cursor_execute": before, "after_cursor_execute": after, "commit": commit}

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in FILES_CHANGED:
            is_there = event == "os.mkdir" and Path(arguments[0]).is_dir()
            self._step(event, folder_of(arguments[0]), lasts=not is_there)
        elif event == "http.client.send" and (request := REQUEST.match(bytes(arguments[1]))):
            method, path = (word.decode() for word in request.groups())
            self._step(CALL, method, OF_ONE.sub("…", path), lasts=method != "GET")
        elif event == OPENED and isinstance(arguments[0], str) and (arguments[2] or 0) & WRITING:
            self._step(OPENED, folder_of(arguments[0]), lasts=True)
            self._file, self._size = Path(arguments[0]), 0


def write_a_part(connection: sa.Connection) -> None:
    """Have SQLite write a part of what was changed to its file, for want of room: what would undo it lies beside it."""
    raw: Any = connection.connection.driver_connection  # for none of this is a step
    raw.execute("PRAGMA cache_size = 1")
    for (table,) in raw.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        raw.execute(f'SELECT count(*) FROM "{table}" NOT INDEXED').fetchall()


def folder_of(path: str | os.PathLike[str]) -> str:
    """The folder of ours in which it lies, whatever else it is called; nothing of what lies elsewhere."""
    place, own = Path(path), Path(settings.DATA_DIR)
    return place.relative_to(own).parts[0] if own in place.parents else ""


def is_read(name: str) -> bool:
    """Whether nothing was changed at this step: to die at it is to die after the change before it."""
    return bool(READ.match(name))


def named(statement: str) -> str:
    """What a statement does, and to which table; the first word of one that does anything else."""
    found = STATEMENT.match(statement)
    if not found:
        return statement.split(maxsplit=1)[0]
    # SQLite says before the table what PostgreSQL says at the end, that a conflict is passed over.
    first = found[1].split()[0]
    verb = {"INSERT": "INSERT INTO", "DELETE": "DELETE FROM"}.get(first, first)
    return f"{verb} {found[2]}"


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


def steps_of(work: Callable[[], None]) -> list[Step]:
    """The steps that the work takes in a fork that lives."""
    connections.close_all()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _live(work, Death(), told=writing)
    os.close(writing)
    with os.fdopen(reading) as told:
        text = told.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return [Step(*step) for step in json.loads(text)]


def _live(work: Callable[[], None], death: Death, *, told: int | None = None) -> None:
    """The life of a fork; it never comes back to what its parent does."""
    status = 1
    try:
        steps = Steps(death.step)
        with steps.counted():
            work()
        if told is not None:
            with os.fdopen(told, "w") as pipe:
                json.dump(steps.taken, pipe)
        status = 0
    except BaseException:
        traceback.print_exc()  # or nobody would know: a fork tells its parent a number only
        raise
    finally:
        sys.stderr.flush()
        os._exit(status)
