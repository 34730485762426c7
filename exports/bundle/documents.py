"""Documents in a bundle: the released copies as files, what the manifest says of each, and what the person reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dsar.vault import files
from exports.bundle import paths
from exports.bundle.archive import Member
from exports.bundle.manifest import AreasEntry, DocumentEntry
from exports.models import Document, DocumentArea, DocumentChoice
from requests_app.law.packs import house
from requests_app.law.values import Exemption
from requests_app.models import Case

A_PIECE = 256 * 1024


@dataclass(frozen=True)
class Released:
    """One document of a case with what is told of it."""

    document: Document
    entry: DocumentEntry
    title: str  # of its source
    explanations: tuple[str, ...]

    def member(self) -> Member:
        """The released copy as a file of the bundle."""
        return Member(self.entry.path or "", self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        document = self.document
        sealed = document.copy_as_sealed_file()
        with files.open_file(sealed, document.content_key, context=document.copy_context) as clear:
            while piece := clear.read(A_PIECE):
                yield piece


def documents_of(case: Case, language: str) -> list[Released]:
    """The documents of the present round, in the order of their sources; of a case that was approved."""
    known = Document.objects.of_answer(case).to_decide_on().order_by("task__run__position", "sent_at", "label")
    related = ("task__source", "task__case__submission", "task__map_version", "redacted")
    return [_released(document, language) for document in known.select_related(*related)]


def _released(document: Document, language: str) -> Released:
    areas = _areas(document) if document.is_released else []
    counted = Counter((area.code, area.citation) for area in areas)
    source = document.task.source.slug
    is_out = document.is_released
    entry = DocumentEntry(
        source=source,
        document=document.label,
        decision=document.decision,
        path=paths.document(source, document.label) if is_out else None,
        sha256=document.copy_clear_sha256 if is_out else None,
        original_sha256=document.clear_sha256,
        pages=document.shown.pages.count() or None,
        code=document.code or None,
        citation=document.citation or None,
        blacked_out=[AreasEntry(code, citation, count) for (code, citation), count in sorted(counted.items())],
    )
    said = [document.explanation, *(area.explanation for area in areas)]
    title = document.task.map_version.as_map().title.in_language(language)
    return Released(document, entry, title, tuple(dict.fromkeys(text for text in said if text)))


def _areas(document: Document) -> list[DocumentArea]:
    related = "page__document__task__case__submission"
    return list(DocumentArea.objects.filter(page__document=document.shown).select_related(related))


def shown(released: Released, case: Case, language: str) -> dict[str, Any]:
    """A document as the overview page names it: where it lies, or why it stays back, and what is black in it."""
    entry, grounds = released.entry, _grounds(case)
    because = {
        code: grounds[code].person_text.in_language(language)
        for code in (entry.code, *(area.code for area in entry.blacked_out))
        if code in grounds
    }
    return {
        "title": released.title,
        "number": entry.document,
        "path": entry.path,
        "pages": entry.pages,
        "is_replaced": entry.decision == DocumentChoice.REPLACE,
        "because": because.get(entry.code or "", ""),
        "citation": entry.citation,
        "blacked_out": [(area.areas, because.get(area.code, ""), area.citation) for area in entry.blacked_out],
        "explanations": released.explanations,
    }


def _grounds(case: Case) -> Mapping[str | None, Exemption]:
    return {found.code: found for pack in (house(), *reversed(case.packs())) for found in pack.exemptions}
