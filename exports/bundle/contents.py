"""What a case's bundle holds, and how it is written: sealed, as one stream from the part files to the archive."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import accumulate, chain, islice
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from dsar.ledger.signing import Signer, signer
from dsar.vault.files import SealedFile, SealedWriter
from exports import findings
from exports.bundle import binaries, documents, paths, redaction, schema, signature, spreadsheet
from exports.bundle.answer import disclosure_of, looked_back_to, never_disclosed_descriptions
from exports.bundle.archive import Member, laid_out, zipped
from exports.bundle.beside import used_beside
from exports.bundle.documents import Released
from exports.bundle.manifest import PATH as MANIFEST_PATH
from exports.bundle.manifest import FileEntry, Manifest, NeverDisclosedEntry, SourceEntry, WithheldEntry
from exports.models import Part, PassedOver, RunState, SourceRun, Withholding
from exports.sources.datamap import Collection, Field
from exports.sources.values import Json
from requests_app.law.packs import house
from requests_app.law.words import Right, Text
from requests_app.models import Case

SHOWN_IN_INDEX = 200  # records a collection on the overview page; the files hold all
SHOWN_LETTERS = 2000  # of one field there
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]{8,}([+-]\d\d:\d\d)?")
MANIFEST_SCHEMA, DISCLOSURE_SCHEMA = paths.schema("manifest"), paths.schema("disclosure")
SIGNATURE_SCHEMA = paths.schema(signature.PATH)
VERIFIER = Path(__file__).with_name("verify.py")  # lies in each bundle, and on the site
YES, NO = Text("yes", "sí"), Text("no", "no")
KEPT = 128 * 1024  # bytes of parts that stay in memory while a bundle is written; three times this as records
IN_THE_FILES = Text("({bytes} bytes, in the data files)", "({bytes} bytes, en los archivos de datos)")
A_FILE = Text("{name} ({bytes} bytes)", "{name} ({bytes} bytes)")


@dataclass
class Table:
    """One collection of one source with its parts, as it goes into the bundle.

    ``has_files`` is known once its JSON lines were written: whether bytes of its records lie as files beside it.
    ``kept`` are parts that stay in memory from their first reading on, which are read for the overview, the JSON lines
    and the table.
    """

    run: SourceRun
    collection: Collection
    parts: Sequence[Part]
    columns: Sequence[str]
    withheld: Mapping[UUID, findings.Withheld]
    kept: frozenset[UUID] = frozenset()
    has_files: bool = field(default=False, init=False)
    _opened: dict[UUID, list[findings.Piece]] = field(default_factory=dict, init=False, repr=False)

    @property
    def records(self) -> int:
        """How many of its records are released."""
        return sum(part.records - self.withheld[part.pk].whole_of(part.records) for part in self.parts)

    @property
    def path(self) -> str:
        """The path of its files, without their ending."""
        return paths.table(self.run.source.slug, self.collection.name)

    def schema(self, language: str) -> dict[str, Any]:
        """The JSON Schema of its records."""
        withheld = frozenset(name for part in self.parts for name in self.withheld[part.pk].whole_fields())
        return schema.of_records(self.collection, self.columns, withheld=withheld, language=language)

    def rows(self) -> Iterator[Sequence[findings.Record]]:
        """Its records as they are released, some hundred at a time."""
        for first, piece, records in self._released():
            yield self._pointed(first, records) if binaries.IN_A_LINE in piece.lines else records

    def json_lines(self) -> Iterator[bytes]:
        """Its JSON lines, in pieces of a few hundred records."""
        whole = {tuple(self.columns)}
        for first, piece, records in self._released():
            if binaries.IN_A_LINE in piece.lines:
                self.has_files = True
                yield findings.encoded(self._pointed(first, records))
            elif records is piece.records and piece.columns == whole:  # as they were kept
                yield piece.lines
            else:
                yield findings.encoded(records)

    def files(self) -> Iterator[Member]:
        """Bytes of its records as files of their own, one after the other."""
        for first, piece, records in self._released():
            if binaries.IN_A_LINE in piece.lines:
                for number, record in enumerate(records, first):
                    for extracted in self._files.extracted(number, record):
                        yield Member(extracted.path, [extracted.content])

    def _pointed(self, first: int, records: list[findings.Record]) -> list[findings.Record]:
        return [self._files.pointed(number, record) for number, record in enumerate(records, first)]

    def _released(self) -> Iterator[tuple[int, findings.Piece, list[findings.Record]]]:
        """Its pieces, what of them may be released, and the number of the first such record, from 1."""
        first, columns = 1, frozenset(self.columns)
        for part in self.parts:
            withheld = self.withheld[part.pk]
            for piece in self._pieces(part):
                if withheld.is_nothing and columns.issuperset(chain.from_iterable(piece.columns)):
                    yield first, piece, piece.records
                    first += len(piece.records)
                    continue
                kept = (withheld.apply(number, record) for number, record in enumerate(piece.records, piece.first))
                records = [redaction.redact(record, columns) for record in kept if record is not None]
                yield first, piece, records
                first += len(records)

    def _pieces(self, part: Part) -> Iterable[findings.Piece]:
        """A part in pieces, as they are in its file; one that is to be kept is opened once."""
        if part.pk not in self.kept:
            return findings.pieces(part)
        if part.pk not in self._opened:
            self._opened[part.pk] = list(findings.pieces(part))
        return self._opened[part.pk]

    @cached_property
    def _files(self) -> binaries.Files:
        return binaries.Files(self.path, self.columns, self.collection.key)


@dataclass
class Written:
    """A finished bundle: the sealed file, and figures about it."""

    sealed: SealedFile
    clear_size: int
    manifest_sha256: str
    records: int


@dataclass
class Contents:
    """Everything that one case's bundle holds.

    ``key`` signs it, if there is one; ``manifest_sha256`` is known once the archive was written.
    """

    case: Case
    made_at: datetime
    language: str
    key: Signer | None
    tables: list[Table] = field(default_factory=list)
    runs: list[SourceRun] = field(default_factory=list)
    documents: list[Released] = field(default_factory=list)
    manifest_sha256: str = field(default="", init=False)

    def archive(self) -> Iterator[bytes]:
        """The clear ZIP in pieces; of the same moment the same bytes."""
        return zipped(self.laid_out(), made_at=self.made_at)

    def laid_out(self) -> Iterator[tuple[str, bytes]]:
        """Its files piece by piece, each piece with the path of its file."""
        return laid_out(self.members(), closing=self._closing)

    def members(self) -> Iterator[Member]:
        """The files in their order; each is made while it is written."""
        disclosure = disclosure_of(self.case, self.runs, self.language)
        yield Member("README.txt", [self._page("bundle/README.txt", disclosure, []).encode()])
        overviews = [self._overview(table) for table in self.tables]
        yield Member("index.html", [self._page("bundle/index.html", disclosure, overviews).encode()])
        yield Member(VERIFIER.name, [VERIFIER.read_bytes()])
        yield Member(MANIFEST_SCHEMA, [schema.fixed("manifest")])
        if self.key:
            yield Member(SIGNATURE_SCHEMA, [schema.fixed(signature.PATH)])
        yield Member(DISCLOSURE_SCHEMA, [schema.fixed("disclosure")])
        yield Member("disclosure.json", [_json(disclosure)], schema=DISCLOSURE_SCHEMA)
        for table in self.tables:
            described_by = paths.schema(table.path)
            yield Member(described_by, [_json(table.schema(self.language))])
            yield Member(f"{table.path}.jsonl", table.json_lines(), table.records, described_by)
            yield Member(f"{table.path}.csv", spreadsheet.lines(table.columns, table.rows()), table.records)
            if table.has_files:
                yield from table.files()
        yield from (document.member() for document in self.documents if document.entry.path)

    def manifest(self, files: list[FileEntry]) -> bytes:
        """The manifest over all files that were written."""
        return Manifest(
            case=str(self.case.pk),
            reference=self.case.submission.reference,
            right=self.case.answered_as,
            laws=[law.law for law in self.case.laws.all()],
            made_at=self.made_at,
            looked_back_to=looked_back_to(self.case),
            sources=[_source_entry(run, self.case.right_answered) for run in self.runs],
            withheld=self._withheld_entries,
            never_disclosed=[NeverDisclosedEntry(kind, text) for kind, text in self._never_disclosed.items()],
            documents=[document.entry for document in self.documents],
            files=files,
            schema=MANIFEST_SCHEMA,
            signed_by=self.key.key_id if self.key else None,
        ).as_json()

    def _closing(self, files: list[FileEntry]) -> Iterator[Member]:
        """The files that tell of all others: the manifest, and the signature over it."""
        manifest = self.manifest(files)
        self.manifest_sha256 = hashlib.sha256(manifest).hexdigest()
        yield Member(MANIFEST_PATH, [manifest])
        if self.key:
            yield Member(signature.PATH, [signature.signed(manifest, self.key)])

    def _page(self, template: str, disclosure: dict[str, Any], overviews: Sequence[Mapping[str, Any]]) -> str:
        with translation.override(self.language):
            return render_to_string(
                template,
                {
                    "case": self.case,
                    "organisation": self.case.submission.organisation,
                    "right": self.case.packs()[0].wording(
                        self.case.right_asked, self.language, on=self.case.received_on()
                    ),
                    "made_on": self.made_at,
                    "language": self.language,
                    "disclosure": disclosure,
                    "tables": overviews,
                    "gaps": [
                        findings.source_title(run, self.language) for run in self.runs if run.state == RunState.WAIVED
                    ],
                    "withheld": list(self._withheld()),
                    "only_provided": self.case.right_answered == Right.PORTABILITY,
                    "documents": [documents.shown(found, self.case, self.language) for found in self.documents],
                    "never_disclosed": self._never_disclosed.values(),
                    "records": sum(table.records for table in self.tables),
                    "searched": sum(run.was_searched for run in self.runs),
                    "not_searched": [
                        findings.source_title(run, self.language)
                        for run in self.runs
                        if run.passed_over == PassedOver.NO_WAY
                    ],
                    "since": looked_back_to(self.case),
                    "most_shown": SHOWN_IN_INDEX,
                    "mark": redaction.MARK,
                    "key_id": self.key.key_id if self.key else None,
                    "base_url": settings.BASE_URL,
                },
            )

    def _withheld(self) -> Iterator[dict[str, Any]]:
        """What stays back, in words: which collection, how much, and what its ground says to the person."""
        maps = {run.source.slug: run.map_version.as_map() for run in self.runs}
        grounds = {found.code: found for pack in (house(), *reversed(self.case.packs())) for found in pack.exemptions}
        explained = self._explanations
        for entry in self._withheld_entries:
            yield {
                "title": maps[entry.source].collection(entry.collection).title.in_language(self.language),
                "records": entry.records,
                "fields": entry.fields,
                "passages": entry.passages,
                "because": grounds[entry.code].person_text.in_language(self.language),
                "citation": entry.citation,
                "explanations": explained[entry.source, entry.collection, entry.code],
            }

    # Asked for once, so that the pages and the manifest say the same.

    @cached_property
    def _withheld_entries(self) -> list[WithheldEntry]:
        return _withheld_entries(self.case, self.runs)

    @cached_property
    def _explanations(self) -> Mapping[tuple[str, str, str], list[str]]:
        return _explanations(self.case, self.runs)

    @cached_property
    def _never_disclosed(self) -> dict[str, str]:
        return never_disclosed_descriptions(self.case, self.runs, self.language)

    def _overview(self, table: Table) -> dict[str, Any]:
        fields = [table.collection.field(column) for column in table.columns]
        return {
            "anchor": table.path.replace("/", "-"),
            "title": table.collection.title.in_language(self.language),
            "source": findings.source_title(table.run, self.language),
            "path": table.path,
            "records": table.records,
            "rows": [
                [self._cell(table.path, entry, row.get(entry.column)) for entry in fields]
                for row in islice(chain.from_iterable(table.rows()), SHOWN_IN_INDEX)
            ],
        }

    def _cell(self, table: str, entry: Field, value: Json) -> dict[str, str]:
        kind = "number" if isinstance(value, int) and not isinstance(value, bool) else ""
        if isinstance(value, str) and MOMENT.fullmatch(value):
            kind, value = "moment", value.replace("T", " ")
        lies_at = binaries.path_of(value, table)
        title = entry.title.in_language(self.language)
        return {"title": title, "text": self._shown(value, lies_at), "kind": kind, "file": lies_at}

    def _shown(self, value: Json, lies_at: str) -> str:
        """A value as people read it."""
        if isinstance(value, bool):
            return (YES if value else NO).in_language(self.language)
        if isinstance(value, dict) and lies_at:
            name = lies_at.rpartition("/")[2]
            return A_FILE.in_language(self.language).format(name=name, bytes=value["bytes"])
        if isinstance(value, dict) and "$binary" in value:
            return IN_THE_FILES.in_language(self.language).format(bytes=value.get("bytes", "?"))
        text = value if isinstance(value, str) else spreadsheet.cell(value)
        return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}…"


def contents_of(case: Case, *, made_at: datetime) -> Contents:
    """Collect what the case's bundle holds: everything gathered, or for portability what the person provided."""
    contents = Contents(case, made_at, case.submission.language, signer(), runs=findings.current_runs(case))
    searched = [run for run in contents.runs if run.state == RunState.DONE]
    parts = _parts_of(searched)
    withheld = findings.withheld_of(chain.from_iterable(parts.values()))
    kept = _small(chain.from_iterable(parts.values()))
    for run in searched:
        for collection in run.map_version.as_map().collections:
            found = parts.get((run.pk, collection.name))
            columns = released_columns(collection, case.right_answered)
            if found and columns:
                contents.tables.append(Table(run, collection, found, columns, withheld, kept))
    contents.documents = documents.documents_of(case, contents.language)
    return contents


def _parts_of(runs: Sequence[SourceRun]) -> dict[tuple[UUID, str], list[Part]]:
    """The parts of the runs in their order, by run and collection: one question for all of them."""
    known, found = {run.pk: run for run in runs}, defaultdict[tuple[UUID, str], list[Part]](list)
    for part in Part.objects.filter(run__in=known).order_by("number"):
        part.run = known[part.run_id]
        found[part.run_id, part.collection].append(part)
    return found


def _small(parts: Iterable[Part]) -> frozenset[UUID]:
    """The parts that fit into a little memory together, the smallest first."""
    by_size = sorted(parts, key=lambda part: part.size)
    return frozenset(
        part.pk for part, until in zip(by_size, accumulate(part.size for part in by_size), strict=True) if until <= KEPT
    )


def released_columns(collection: Collection, right: Right) -> list[str]:
    """The columns of a collection that an answer to this right may hold; never-disclose fields are none of them."""
    columns = redaction.released_columns(collection)
    if right == Right.PORTABILITY:
        return [column for column in columns if collection.field(column).provided_by_person]
    return list(columns)


def write(contents: Contents, path: Path, *, context: str, between: Callable[[], None] = lambda: None) -> Written:
    """Write the sealed archive to ``path``; nothing stays there if it fails.

    ``between`` is called before each piece, from where a database may be asked; what it raises ends the writing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with SealedWriter(path, contents.case.content_key, context=context) as sealed:

        def seal(pieces: Iterator[tuple[str, bytes]]) -> int:
            return sum(sealed.write(piece) for piece in zipped(pieces, made_at=contents.made_at))

        clear_size = used_beside(_each(contents.laid_out(), between), seal)
        finished = sealed.finish()
    records = sum(table.records for table in contents.tables)
    return Written(finished, clear_size, contents.manifest_sha256, records)


def _each(pieces: Iterator[tuple[str, bytes]], between: Callable[[], None]) -> Iterator[tuple[str, bytes]]:
    for piece in pieces:
        between()
        yield piece


def _source_entry(run: SourceRun, right: Right) -> SourceEntry:
    """What a source gave, of the collections that an answer to this right may hold."""
    state = "waived" if run.state == RunState.WAIVED else run.passed_over or "searched"
    left_out = set[str]()
    if right == Right.PORTABILITY:
        collections = run.map_version.as_map().collections
        left_out = {found.name for found in collections if not released_columns(found, right)}
    counts = {name: number for name, number in run.counts.items() if name not in left_out}
    return SourceEntry(run.source.slug, run.source.title, state, counts)


def _withheld_entries(case: Case, runs: Sequence[SourceRun]) -> list[WithheldEntry]:
    counted: dict[tuple[str, str, str, str], Counter[str]] = defaultdict(Counter)
    searched = [run for run in runs if run.state == RunState.DONE]
    rows = Withholding.objects.filter(case=case, part__run__in=searched).select_related("part__run__source")
    for row in rows.order_by("part__run__position", "part__collection", "code"):
        place = (row.part.run.source.slug, row.part.collection, row.code, row.citation)
        counted[place][row.takes] += row.count
    return [
        WithheldEntry(*place, records=found["records"], fields=found["fields"], passages=found["passages"])
        for place, found in counted.items()
    ]


def _explanations(case: Case, runs: Sequence[SourceRun]) -> dict[tuple[str, str, str], list[str]]:
    """What the person is told beside the ground's own words, by source, collection and ground; each text once."""
    texts: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    rows = Withholding.objects.filter(case=case, part__run__in=runs)
    for row in rows.select_related("part__run__source", "case__submission").order_by("pk"):
        said = texts[row.part.run.source.slug, row.part.collection, row.code]
        if row.explanation and row.explanation not in said:
            said.append(row.explanation)
    return texts


def _json(data: object) -> bytes:
    return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
