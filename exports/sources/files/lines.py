"""Rows of CSV and JSON-lines files, one after the other; what can't be read is named by its file and line.

A line is never passed over: an answer that silently lacks a row would be wrong. No error quotes what stands there.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from exports.sources.connector import BrokenDataError, Identifiers, MapDoesNotFitError, Record
from exports.sources.datamap import Collection, DataMap, FileFormat, Files
from exports.sources.files.folder import GZIPPED, Folder
from exports.sources.json_text import JsonError, json_object
from exports.sources.rows import Row, columns_needed
from exports.sources.values import Key

LONGEST_LINE = 16 * 1024 * 1024  # letters
UNDECODED = re.compile("[\ud800-\udfff]")


class FileRows:
    """The rows of a source's files; nobody's in particular."""

    def __init__(self, datamap: DataMap, folder: Folder) -> None:
        self._datamap = datamap
        self._folder = folder

    def rows(
        self,
        collection: Collection,
        identifiers: Identifiers,  # noqa: ARG002 - a file finds nobody
        *,
        after: Key | None = None,
    ) -> Iterator[Row]:
        """All rows, by file and line, from behind a line."""
        files = cast("Files", collection.files)
        needed = columns_needed(self._datamap, collection)
        last_file, last_line = (str(after[0]), int(after[1])) if after else ("", 0)
        for name in self._folder.files(files.pattern):
            if name < last_file:
                continue
            behind = last_line if name == last_file else 0
            place = f"{self._datamap.source}: {name} line"
            for line, record in self._records(name, files, needed):
                if line > behind:
                    yield Row((name, line), record, place, line)

    def _records(self, name: str, files: Files, needed: tuple[str, ...]) -> Iterator[tuple[int, Record]]:
        with self._folder.open(name) as file:
            lines = _Lines(_text(file, name, files), lambda line: f"{self._datamap.source}: {name} line {line}")
            if files.format is FileFormat.CSV:
                yield from _csv_records(lines, files, needed)
            else:
                yield from _json_records(lines, needed)


class _Lines:
    """The lines of a file, counted; none longer than memory bears, none with what its encoding does not know."""

    def __init__(self, text: io.TextIOWrapper, where: Callable[[int], str]) -> None:
        self._text = text
        self._where = where
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = self._text.readline(LONGEST_LINE)
        except UnicodeError:
            raise self.broken("or one soon after can't be read in the encoding of the map", self.number + 1) from None
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise self.broken("is where the gzipped file breaks off or is damaged", self.number + 1) from None
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LONGEST_LINE:
            raise self.broken("is longer than 16 million letters")
        if not line.isascii() and UNDECODED.search(line):
            raise self.broken("can't be read in the encoding of the map")
        return line

    def broken(self, how: str, line: int | None = None) -> BrokenDataError:
        """The error about a line; the one read last unless another is named."""
        return BrokenDataError(f"{self._where(line or self.number)} {how}")

    def misfit(self, how: str) -> MapDoesNotFitError:
        """The error about a file whose columns are not those of the map."""
        return MapDoesNotFitError(f"{self._where(self.number)} {how}")


def _text(file: BinaryIO, name: str, files: Files) -> io.TextIOWrapper:
    """The text of a file, its line ends as they are. Bytes that the encoding does not know are told line by line."""
    plain = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if name.endswith(GZIPPED) else file
    newline = "" if files.format is FileFormat.CSV else "\n"
    return io.TextIOWrapper(plain, encoding=files.encoding, errors="surrogateescape", newline=newline)


def _csv_records(lines: _Lines, files: Files, needed: tuple[str, ...]) -> Iterator[tuple[int, Record]]:
    """Rows below the line that names the columns, each with the line on which it begins."""
    csv.field_size_limit(LONGEST_LINE)  # the module's own 128 KB are less than what databases write
    reader = csv.reader(lines, delimiter=files.delimiter, strict=True)
    header = _next_row(reader, lines)
    if header is None:
        raise lines.misfit("is not there: the file is empty, without a line that names the columns")
    places = _places(header, lines, needed)
    while True:
        begins = lines.number + 1
        row = _next_row(reader, lines)
        if row is None:
            return
        if not row:
            continue
        if len(row) != len(header):
            raise lines.broken(f"has {len(row)} fields, and the first line names {len(header)}", begins)
        yield begins, {name: row[place] for name, place in places}


def _next_row(reader: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    begins = lines.number + 1
    try:
        return next(reader, None)
    except csv.Error:
        raise lines.broken("is no CSV: a quote is open or stands in the middle of a field", begins) from None


def _places(header: list[str], lines: _Lines, needed: tuple[str, ...]) -> list[tuple[str, int]]:
    for name in needed:
        if header.count(name) != 1:
            times = "twice" if name in header else "not"
            raise lines.misfit(f"names the columns, and {name!r}, which the map has, {times}")
    return [(name, header.index(name)) for name in needed]


def _json_records(lines: _Lines, needed: tuple[str, ...]) -> Iterator[tuple[int, Record]]:
    """One object a line; empty lines are nothing, and what an object does not name is not there."""
    for line in lines:
        if not line.strip():
            continue
        try:
            found = json_object(line)
        except JsonError as error:
            raise lines.broken(str(error)) from None
        yield lines.number, {name: found.get(name) for name in needed}
