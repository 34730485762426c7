"""The demo's empty databases: migrated once, kept, and copied from then on; migrating is the longest step of a demo.

What is kept belongs to the code that made it: once a Python file or a locked package changes, it is made anew. It holds
no secret and nothing of anybody: the tables, the roles, and an id that says which two databases belong together.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
OF_CODE = ("dsar/**/*.py", "requests_app/**/*.py", "exports/**/*.py", "requirements/base.txt")


def make_databases(databases: Sequence[Path], migrate: Callable[[], None], *, kept: Path) -> None:
    """Make these SQLite files by `migrate`, or as copies of what it made at an earlier call with the same code.

    `kept` is the folder of the copies, for the calls of one user at a time.
    """
    of_this_code = kept / _digest_of_code()
    if not of_this_code.is_dir():
        migrate()
        _keep(databases, of_this_code)
        return
    for path in databases:
        shutil.copyfile(of_this_code / path.name, path)


def _keep(databases: Sequence[Path], folder: Path) -> None:
    """Copy what was made, in the place of what older code made; whole or not at all."""
    shutil.rmtree(folder.parent, ignore_errors=True)
    unfinished = folder.with_suffix(".new")
    unfinished.mkdir(parents=True)
    for path in databases:
        with closing(sqlite3.connect(path)) as made:  # what still lies in its write-ahead log comes along
            made.execute("VACUUM INTO ?", (str(unfinished / path.name),))
    unfinished.rename(folder)


def _digest_of_code() -> str:
    digest = hashlib.sha256()
    for path in _code():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _code() -> Iterator[Path]:
    for pattern in OF_CODE:
        yield from sorted(ROOT.glob(pattern))
