"""Rows of CSV and JSON-lines files, one after the other; what can't be read is named by its file and line.

A line is never passed over: an answer that silently lacks a row would be wrong. No error quotes what stands there.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, NamedTuple, cast

from exports.sources.connector import Identifiers, Record
from exports.sources.datamap import Collection, DataMap, FileFormat, Files
from exports.sources.errors import BrokenDataError, MapDoesNotFitError
from exports.sources.files.folder import GZIPPED, Drop
from exports.sources.json_text import JsonError, json_object
from exports.sources.rows import Row, columns_needed
from exports.sources.values import Key

LONGEST_LINE = 16 * 1024 * 1024  # letters
UNDECODED = re.compile("[\ud800-\udfff]")

# How a line is wrong, behind its place.
TOO_LONG = "is longer than 16 million letters"
NOT_DECODED = "can't be read in the encoding of the map"
NOT_DECODED_SOON = "or one soon after can't be read in the encoding of the map"
GZIP_DAMAGED = "is where the gzipped file breaks off or is damaged"
EMPTY = "is not there: the file is empty, without a line that names the columns"
NOT_ASKED_FOR = "names a column that is not asked for"
OTHER_WIDTH = "has %(found)s fields, and the first line names %(named)s"
NO_CSV = "is no CSV: a quote is open or stands in the middle of a field"
NAMED_TWICE = "names the columns, and '%(column)s', which the map has, twice"
NOT_NAMED = "names the columns, and '%(column)s', which the map has, not"


class FileRows:
    """The rows of a source's files; nobody's in particular."""

    def __init__(self, datamap: DataMap, drop: Drop) -> None:
        self._datamap = datamap
        self._drop = drop

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
        for name in self._drop.files(files.pattern):
            if name < last_file:
                continue
            behind = last_line if name == last_file else 0
            place = f"{self._datamap.source}: {name} line"
            for line, record in self._records(name, files, needed):
                if line > behind:
                    yield Row((name, line), record, place, line)

    def _records(self, name: str, files: Files, needed: tuple[str, ...]) -> Iterator[tuple[int, Record]]:
        with self._drop.open(name) as file:
            plain = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if name.endswith(GZIPPED) else file
            yield from records_of(plain, files, needed, lambda line: f"{self._datamap.source}: {name} line {line}")


class LineFault(NamedTuple):
    """What is wrong with a line: a sentence without its beginning, and its facts; nothing of what stands there."""

    line: int
    how: str  # with %(name)s for each fact
    facts: Mapping[str, str | int]

    def in_words(self, where: str) -> str:
        """The sentence about a place."""
        return f"{where} {self.how % self.facts}"


class BrokenLineError(BrokenDataError):
    """A line can't be read."""

    def __init__(self, where: str, fault: LineFault) -> None:
        super().__init__(fault.in_words(where))
        self.fault = fault


class WrongColumnsError(MapDoesNotFitError):
    """The columns of a file are not those of the map."""

    def __init__(self, where: str, fault: LineFault) -> None:
        super().__init__(fault.in_words(where))
        self.fault = fault


def records_of(
    file: BinaryIO, files: Files, needed: tuple[str, ...], where: Callable[[int], str], *, exactly: bool = False
) -> Iterator[tuple[int, Record]]:
    """The records of a file with the columns that are needed, each with the line on which it begins.

    `where` names a line in an error; `exactly` refuses columns that are not needed. Raises BrokenLineError,
    WrongColumnsError.
    """
    text = _text(file, files)
    lines = _Lines(text, where)
    try:
        if files.format is FileFormat.CSV:
            yield from _csv_records(lines, files, needed, exactly=exactly)
        else:
            yield from _json_records(lines, needed, exactly=exactly)
    finally:
        text.detach()  # else the file is closed with it, and that is for who opened it


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
            raise self.broken(NOT_DECODED_SOON, self.number + 1) from None
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise self.broken(GZIP_DAMAGED, self.number + 1) from None
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LONGEST_LINE:
            raise self.broken(TOO_LONG)
        if not line.isascii() and UNDECODED.search(line):
            raise self.broken(NOT_DECODED)
        return line

    def broken(self, how: str, line: int | None = None, **facts: str | int) -> BrokenLineError:
        """The error about a line; the one read last unless another is named."""
        number = line or self.number
        return BrokenLineError(self._where(number), LineFault(number, how, facts))

    def misfit(self, how: str, **facts: str | int) -> WrongColumnsError:
        """The error about a file whose columns are not those of the map."""
        return WrongColumnsError(self._where(self.number), LineFault(self.number, how, facts))


def _text(file: BinaryIO, files: Files) -> io.TextIOWrapper:
    """The text of a file, its line ends as they are. Bytes that the encoding does not know are told line by line."""
    newline = "" if files.format is FileFormat.CSV else "\n"
    return io.TextIOWrapper(file, encoding=files.encoding, errors="surrogateescape", newline=newline)


def _csv_records(
    lines: _Lines, files: Files, needed: tuple[str, ...], *, exactly: bool
) -> Iterator[tuple[int, Record]]:
    """Rows below the line that names the columns, each with the line on which it begins."""
    csv.field_size_limit(LONGEST_LINE)  # the module's own 128 KB are less than what databases write
    reader = csv.reader(lines, delimiter=files.delimiter, strict=True)
    header = _next_row(reader, lines)
    if header is None:
        raise lines.misfit(EMPTY)
    places = _places(header, lines, needed)
    if exactly and len(header) > len(needed):
        raise lines.misfit(NOT_ASKED_FOR)
    while True:
        begins = lines.number + 1
        row = _next_row(reader, lines)
        if row is None:
            return
        if not row:
            continue
        if len(row) != len(header):
            raise lines.broken(OTHER_WIDTH, begins, found=len(row), named=len(header))
        yield begins, {name: row[place] for name, place in places}


def _next_row(reader: Iterator[list[str]], lines: _Lines) -> list[str] | None:
    begins = lines.number + 1
    try:
        return next(reader, None)
    except csv.Error:
        raise lines.broken(NO_CSV, begins) from None


def _places(header: list[str], lines: _Lines, needed: tuple[str, ...]) -> list[tuple[str, int]]:
    for name in needed:
        if header.count(name) != 1:
            raise lines.misfit(NAMED_TWICE if name in header else NOT_NAMED, column=name)
    return [(name, header.index(name)) for name in needed]


def _json_records(lines: _Lines, needed: tuple[str, ...], *, exactly: bool) -> Iterator[tuple[int, Record]]:
    """One object a line; empty lines are nothing, and what an object does not name is not there."""
    for line in lines:
        if not line.strip():
            continue
        try:
            found = json_object(line)
        except JsonError as error:
            raise lines.broken(str(error)) from None
        if exactly and found.keys() - set(needed):
            raise lines.broken(NOT_ASKED_FOR)
        yield lines.number, {name: found.get(name) for name in needed}
