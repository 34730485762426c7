"""The folder of a source, and the files in it that a pattern means; no way leads out of it.

Every part of a path is opened from the one before without following links, so that what was checked is what is read.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, Protocol

from exports.sources.errors import BrokenDataError, MapDoesNotFitError, SourceUnavailableError

GZIPPED = ".gz"


class Drop(Protocol):
    """Where the files of a source lie."""

    def files(self, pattern: str) -> list[str]:
        """The names of the files that are meant, sorted; there is one at least."""

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The bytes of a file, as a stream."""


def files_meant(source: str, pattern: str, names: Iterable[str]) -> list[str]:
    """The names, sorted. SourceUnavailableError without any, BrokenDataError for a file that would count twice.

    A drop that did not arrive must not look like a person of whom nothing is held.
    """
    found = sorted(names)
    if not found:
        raise SourceUnavailableError(f"{source}: no file is there of {pattern}")
    both = set(found)
    for name in found:
        if name + GZIPPED in both:
            raise BrokenDataError(f"{source}: {name} is there twice, plain and gzipped; take one away")
    return found


class Folder:
    """The drop of one source."""

    def __init__(self, source: str, path: str) -> None:
        self._source = source
        self._path = path
        if not Path(path).is_absolute():
            raise MapDoesNotFitError(f"{source}: its variable holds no absolute path of a folder")

    def files(self, pattern: str) -> list[str]:
        """The paths, below the folder, of the files that are meant, sorted; there is one at least."""
        with self._trouble():
            return files_meant(self._source, pattern, self._matching(Path(self._path), pattern.split("/"), ""))

    def _matching(self, folder: Path, parts: list[str], above: str) -> Iterator[str]:
        part, *below = parts
        with os.scandir(folder) as entries:
            for entry in entries:
                meant = fnmatchcase(entry.name, part) or (not below and fnmatchcase(entry.name, part + GZIPPED))
                if not meant:
                    continue
                name = f"{above}{entry.name}"
                if entry.is_symlink():
                    raise self._link(name)
                if below and entry.is_dir(follow_symlinks=False):
                    yield from self._matching(folder / entry.name, below, f"{name}/")
                elif not below and entry.is_file(follow_symlinks=False):
                    yield name

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """The bytes of a file; SourceUnavailableError afterwards if it was written to meanwhile."""
        with self._trouble(), os.fdopen(self._descriptor(name), "rb") as file:
            before = os.fstat(file.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise self._link(name)
            yield file
            after = os.fstat(file.fileno())
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise SourceUnavailableError(f"{self._source}: {name} was written to while it was read")

    def _descriptor(self, name: str) -> int:
        folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            *folders, last = name.split("/")
            for part in folders:
                inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            return os.open(last, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        finally:
            with suppress(OSError):
                os.close(folder)

    def _link(self, name: str) -> MapDoesNotFitError:
        return MapDoesNotFitError(
            f"{self._source}: {name} is a link or no file, and might lead out of the folder; put the file itself there"
        )

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        """What the system says of a file, without paths of this machine."""
        try:
            yield
        except OSError as error:
            raise SourceUnavailableError(
                f"{self._source}: its folder or a file in it can't be read ({error.strerror or type(error).__name__})"
            ) from None
