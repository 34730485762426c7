"""What of a record may leave the house: never what the law forbids to disclose, never what was withheld.

Pure: values in, values out. Used when findings are written down and again when a bundle is made, so that no forbidden
value depends on one of the two alone (11 CCR 7024(d); rulebook guard G20). Passages of a text are blacked out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date
from itertools import accumulate, chain, count
from typing import TypeAlias

from exports.sources.datamap import Collection
from exports.sources.values import Json, bytes_of
from requests_app.law.lawpack import LawPack
from requests_app.law.words import Text

Span: TypeAlias = tuple[int, int]
"""A passage of the text of a field: from a code point to before another."""

MARK = "\u2588" * 5  # what stands where something is blacked out, however long that was
APART = "\n"  # stands between two strings of one field
AHEAD = "\n\n"  # stands before each number in it as well: two of them beside each other are not one
CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")  # no text has them
PRINTABLE = bytes([*range(9, 14), *range(32, 127)])
MOSTLY = 4  # one in so many signs of a text that is not UTF-8 may be something else than ASCII

UNNAMED = Text(
    "We hold data of this kind about you and do not disclose it: {kind}.",
    "Tenemos datos de este tipo sobre usted y no los revelamos: {kind}.",
)


def released_columns(collection: Collection) -> tuple[str, ...]:
    """The columns of a collection that may leave the house, in the order of the map; never-disclose fields are none."""
    return tuple(field.column for field in collection.fields if field.never_disclose is None)


def redact(record: Mapping[str, Json], columns: Set[str]) -> Mapping[str, Json]:
    """The record with nothing but these columns: itself if it has no other."""
    if record.keys() <= columns:
        return record
    return {name: value for name, value in record.items() if name in columns}


def text_of(value: Json) -> str:
    """The text of a field: a string itself; of a list or an object all strings in it, in their order, a line each.

    The names of its objects follow, which a source may make of what people wrote, and then its numbers, as they are
    written, and the texts of its bytes: after all strings, for passages are counted in this text, and those that were
    noted before names, and numbers, belonged to it stay where they are. Bytes that are no text have none.
    """
    if isinstance(value, str):
        return value
    alone = _of_other(value)
    return APART.join(_texts(value)) if alone is None else alone


def text_in(content: bytes) -> str | None:
    """The text that bytes are: UTF-8, or mostly ASCII in whatever other encoding; None if they are none."""
    if CONTROLS.search(content):
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        others = content.translate(None, PRINTABLE)
        return content.decode("latin-1") if len(others) * MOSTLY <= len(content) else None


def black_out(value: Json, spans: Iterable[Span]) -> Json:
    """The value with every passage replaced by the mark; itself if there is none. Passages may overlap.

    A number, or bytes, of which something is blacked out becomes a text.
    """
    merged = _merged(spans)
    if not merged:
        return value
    alone = _of_other(value)
    if alone is not None:
        return _inked_other(value, alone, merged, 0)
    lengths = (len(text) + len(APART) for text in _texts(value))
    begins = accumulate(lengths, initial=0)
    renamed = _renamed(_blacked_out(value, merged, begins), merged, begins)
    return _without_others(renamed, merged, begins)


def _texts(value: Json) -> Iterator[str]:
    yield from _strings(value)
    yield from _names(value)
    yield from (f"{AHEAD}{text}" for text in _others(value))


def _names(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    elif isinstance(value, dict) and bytes_of(value) is None:
        for name, item in value.items():
            yield name
            yield from _names(item)


def _others(value: Json) -> Iterator[str]:
    """What is written in it and is no string: numbers, and bytes that are a text."""
    text = _of_other(value)
    if text:
        yield text
    elif isinstance(value, list):
        for item in value:
            yield from _others(item)
    elif isinstance(value, dict) and text is None:
        for item in value.values():
            yield from _others(item)


def _of_other(value: Json) -> str | None:
    """The text of a number or of bytes, empty of bytes that are none; None for all else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    content = bytes_of(value)
    return None if content is None else text_in(content) or ""


def _strings(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict) and bytes_of(value) is None:
        for item in value.values():
            yield from _strings(item)


def _blacked_out(value: Json, spans: Sequence[Span], begins: Iterator[int]) -> Json:
    """As :func:`_strings` walks: each string takes the next of ``begins``, where it stands in the text of the field."""
    if isinstance(value, str):
        return _inked(value, spans, next(begins))
    if isinstance(value, list):
        return [_blacked_out(item, spans, begins) for item in value]
    if isinstance(value, dict) and bytes_of(value) is None:
        return {name: _blacked_out(item, spans, begins) for name, item in value.items()}
    return value


def _renamed(value: Json, spans: Sequence[Span], begins: Iterator[int]) -> Json:
    """As :func:`_names` walks. Names that are alike once they are blacked out get numbers, so that no value is lost."""
    if isinstance(value, list):
        return [_renamed(item, spans, begins) for item in value]
    if not isinstance(value, dict) or bytes_of(value) is not None:
        return value
    renamed: dict[str, Json] = {}
    for name, item in value.items():
        inked = _inked(name, spans, next(begins))
        if inked != name:
            numbered = chain([inked], (f"{inked} ({number})" for number in count(2)))
            inked = next(free for free in numbered if free not in renamed and free not in value)
        renamed[inked] = _renamed(item, spans, begins)
    return renamed


def _without_others(value: Json, spans: Sequence[Span], begins: Iterator[int]) -> Json:
    """As :func:`_others` walks."""
    text = _of_other(value)
    if text:
        return _inked_other(value, text, spans, next(begins) + len(AHEAD))
    if isinstance(value, list):
        return [_without_others(item, spans, begins) for item in value]
    if isinstance(value, dict) and text is None:
        return {name: _without_others(item, spans, begins) for name, item in value.items()}
    return value


def _inked_other(value: Json, text: str, spans: Sequence[Span], begin: int) -> Json:
    inked = _inked(text, spans, begin)
    return value if inked == text else inked


def _inked(text: str, spans: Sequence[Span], begin: int) -> str:
    """One string that begins at a place of its field's text."""
    pieces, done = [], 0
    for start, end in spans:
        first, last = max(start - begin, 0), min(end - begin, len(text))
        if first < last:
            pieces += [text[done:first], MARK]
            done = last
    return "".join([*pieces, text[done:]])


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def described(kinds: Iterable[str], *, packs: Sequence[LawPack], on: date, language: str) -> dict[str, str]:
    """That each kind of data is held, in the words of the first law that forbids to disclose it."""
    texts: dict[str, Text] = {}
    for pack in reversed(packs):
        texts |= {entry.slug: entry.text for entry in pack.never_disclose if entry.holds(on)}
    return {
        kind: texts.get(kind, UNNAMED).in_language(language).format(kind=kind.replace("_", " "))
        for kind in sorted(set(kinds))
    }
