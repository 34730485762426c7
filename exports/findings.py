"""Reading findings back: part files record by record, and what of them may be released."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Count, Q, QuerySet, Sum

from dsar.vault import files
from exports.bundle import redaction
from exports.models import Document, Part, RunState, SourceRun, Withholding
from requests_app.models import Case

Record = Mapping[str, Any]
A_PIECE = 128 * 1024  # bytes of records that are read at once; one record may be longer
ENCODER = msgspec.json.Encoder()
DECODER = msgspec.json.Decoder()
NOTHING: frozenset[str] = frozenset()
WHOLE = ""  # the field of a withholding that takes the whole record


def current_runs(case: Case) -> list[SourceRun]:
    """The looks into the sources of the present round, in walking order."""
    runs = case.source_runs.filter(round=case.gathering_round)
    return list(runs.select_related("source", "map_version", "case__submission"))


def searched_runs(case: Case) -> list[SourceRun]:
    """Those of the present round that an answer rests on: not the waived ones."""
    return [run for run in current_runs(case) if run.state == RunState.DONE]


def waived_runs(case: Case) -> list[SourceRun]:
    """Those of the present round that an answer goes without."""
    return [run for run in current_runs(case) if run.state == RunState.WAIVED]


def anything(case: Case) -> bool:
    """Whether the present round found anything of the person: rows and documents, whatever of them stays back."""
    return any(run.records for run in searched_runs(case)) or Document.objects.of_answer(case).exists()


def runs_with_nothing(case: Case) -> list[SourceRun]:
    """Those of the present round that were searched and gave neither rows nor documents: that, too, is decided on."""
    without_rows = [run for run in current_runs(case) if run.was_searched and not run.records]
    if not without_rows:
        return []
    brought = set(Document.objects.of_answer(case).values_list("task__run_id", flat=True))
    return [run for run in without_rows if run.pk not in brought]


def source_title(run: SourceRun, language: str) -> str:
    """What a source is called, for the person: by its data map, which knows the person's language."""
    return run.map_version.as_map().title.in_language(language)


def withholdings(case: Case) -> QuerySet[Withholding]:
    """What of the findings of the present round stays back; rounds that were set aside count no more."""
    return Withholding.objects.filter(case=case, part__run__round=case.gathering_round)


def how_many_withheld(case: Case) -> int:
    """How many records, fields and passages of the present round stay back."""
    by_rule = Q(number__isnull=True)
    found = withholdings(case).aggregate(
        single=Count("pk", filter=~by_rule), records=Sum("part__records", filter=by_rule, default=0)
    )
    how_many: int = found["single"] + found["records"]
    return how_many


def encoded(records: Iterable[Record]) -> bytes:
    """Records as lines of a part: JSON without blanks, numbers of any length."""
    return ENCODER.encode_lines(records)


@dataclass(frozen=True, repr=False)
class Piece:
    """Some records of a part, one after the other, as they are kept and as they are read; ``first`` is a number."""

    first: int
    lines: bytes
    records: list[Record]

    @cached_property
    def columns(self) -> set[tuple[str, ...]]:
        """Which columns its records have, in their order: of most tables all have the same."""
        return set(map(tuple, self.records))


def pieces(part: Part) -> Iterator[Piece]:
    """A part in pieces of some hundred records, fewer of long ones; the file is checked before the first."""
    with files.open_file(part.as_sealed_file(), part.content_key, context=part.context) as clear:
        first = 0
        while begun := clear.read(A_PIECE):
            lines = begun + clear.readline()
            records = DECODER.decode_lines(lines)
            yield Piece(first, lines, records)
            first += len(records)


def read(part: Part, *, start: int = 0, most: int | None = None) -> Iterator[tuple[int, Record]]:
    """The records of a part from number ``start`` on, each with its number; the file is checked before the first."""
    numbered = ((piece.first + place, record) for piece in pieces(part) for place, record in enumerate(piece.records))
    return islice(numbered, start, None if most is None else start + most)


@dataclass
class Withheld:
    """What of one part stays back: numbers of whole records; fields, and passages by field, by number."""

    records: set[int] = field(default_factory=set)
    fields: dict[int, set[str]] = field(default_factory=dict)
    passages: dict[int, dict[str, list[redaction.Span]]] = field(default_factory=dict)
    everything: bool = False  # all of its records
    columns: set[str] = field(default_factory=set)  # fields of all of them

    def apply(self, number: int, record: Record) -> Record | None:
        """The record as it may be released, itself if nothing of it stays back; None if it stays back whole."""
        if self.is_nothing:
            return record
        if self.everything or number in self.records:
            return None
        gone, black = self.columns | self.fields.get(number, NOTHING), self.passages.get(number)
        if black:
            record = {name: redaction.black_out(value, black.get(name, ())) for name, value in record.items()}
        return {name: value for name, value in record.items() if name not in gone} if gone else record

    def whole_of(self, number: int) -> int:
        """How many of so many records stay back whole."""
        return number if self.everything else len(self.records)

    def whole_fields(self) -> set[str]:
        """The fields that stay back whole, in all records or in one."""
        return self.columns.union(*self.fields.values())

    @cached_property
    def is_nothing(self) -> bool:
        """Whether all of the part may be released: so it is with nearly every one of a million records."""
        return not (self.everything or self.columns or self.records or self.fields or self.passages)


def withheld_of(parts: Iterable[Part]) -> Mapping[UUID, Withheld]:
    """The withholdings of parts, by part."""
    found = {part.pk: Withheld() for part in parts}
    for row in Withholding.objects.filter(part__in=found):
        withheld = found[row.part_id]
        if row.number is None:
            withheld.everything |= row.field == WHOLE
            withheld.columns |= {row.field} - {WHOLE}
        elif row.start is not None and row.end is not None:
            withheld.passages.setdefault(row.number, {}).setdefault(row.field, []).append((row.start, row.end))
        elif row.field == WHOLE:
            withheld.records.add(row.number)
        else:
            withheld.fields.setdefault(row.number, set()).add(row.field)
    return found
