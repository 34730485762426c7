"""One byte range of a file, as RFC 9110 section 14 has it: so that a broken download goes on where it stopped."""

from __future__ import annotations

import re
from dataclasses import dataclass

ONE_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})", re.ASCII)


class NotSatisfiable(ValueError):
    """The range lies outside the file; the answer is 416."""


@dataclass(frozen=True)
class ByteRange:
    """Bytes ``first`` to ``last`` of ``size``, both counted from 0 and both sent."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes are sent."""
        return self.last - self.first + 1

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole file."""
        return self.length == self.size

    def __str__(self) -> str:
        return f"bytes {self.first}-{self.last}/{self.size}"


def asked_for(header: str | None, *, size: int, if_range: str | None, etag: str) -> ByteRange:
    """The range that a request asks for; the whole file without one, or if it is of another version of the file.

    A header that is none, or asks for several ranges, is passed over, as section 14.2 allows.
    Raises NotSatisfiable.
    """
    whole = ByteRange(0, size - 1, size)
    found = ONE_RANGE.fullmatch(header.strip()) if header else None
    if found is None or (if_range is not None and if_range.strip() != etag):
        return whole
    first, last = found.groups()
    if not first:
        return _the_end(last, whole)
    begin, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < begin:
        return whole  # no range at all, section 14.1.1
    if begin >= size:
        raise NotSatisfiable(f"The file has {size} bytes.")
    return ByteRange(begin, end, size)


def _the_end(length: str, whole: ByteRange) -> ByteRange:
    """The last bytes of the file, as many as were asked for."""
    if not length:
        return whole
    if int(length) == 0:
        raise NotSatisfiable("No byte was asked for.")
    return ByteRange(max(0, whole.size - int(length)), whole.size - 1, whole.size)
