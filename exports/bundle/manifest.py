"""The bundle's manifest: what is in it, what was looked at, what stayed back and why. Pure; holds no person's data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

FORMAT = "dsar-bundle/1"
PATH = "manifest.json"


@dataclass(frozen=True)
class FileEntry:
    """One file of the archive; ``records`` is None for files that hold none, ``schema`` where none describes it."""

    path: str
    sha256: str
    bytes: int
    records: int | None = None
    schema: str | None = None


@dataclass(frozen=True)
class SourceEntry:
    """One system that was looked at, and what it gave."""

    source: str
    title: str
    state: str  # "searched"; "waived": the answer has a gap; "not_searched", "held_for_others", "no_concern"
    records: dict[str, int]


@dataclass(frozen=True)
class WithheldEntry:
    """What stayed back in one collection on one ground."""

    source: str
    collection: str
    code: str
    citation: str
    records: int
    fields: int
    passages: int  # blacked out in fields that are released


@dataclass(frozen=True)
class AreasEntry:
    """How many areas of a document are blacked out on one ground."""

    code: str
    citation: str
    areas: int


@dataclass(frozen=True)
class DocumentEntry:
    """One document that was found: released as a copy of its pages, withheld, or replaced by a redacted copy.

    ``path`` and ``sha256`` are of the released copy, None if it stays back; ``original_sha256`` of what we keep sealed.
    """

    source: str
    document: str
    decision: str
    path: str | None
    sha256: str | None
    original_sha256: str
    pages: int | None
    code: str | None  # of a document that is withheld or replaced, as its citation
    citation: str | None
    blacked_out: Sequence[AreasEntry]


@dataclass(frozen=True)
class NeverDisclosedEntry:
    """A kind of identifier that is held and never disclosed (11 CCR 7024(d))."""

    kind: str
    description: str


@dataclass(frozen=True)
class Manifest:
    """All that a machine needs to check a bundle; ``signed_by`` is a key's id, None if there is no key to sign with."""

    case: str
    reference: str
    right: str
    laws: Sequence[str]
    made_at: datetime
    looked_back_to: date | None
    sources: Sequence[SourceEntry]
    withheld: Sequence[WithheldEntry]
    never_disclosed: Sequence[NeverDisclosedEntry]
    documents: Sequence[DocumentEntry]
    files: Sequence[FileEntry]
    schema: str | None = None
    signed_by: str | None = None

    def as_json(self) -> bytes:
        """The manifest's file: sorted keys, so that equal bundles have equal manifests."""
        data = {
            "format": FORMAT,
            **asdict(self),
            "made_at": self.made_at.isoformat(),
            "looked_back_to": self.looked_back_to.isoformat() if self.looked_back_to else None,
        }
        return (json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
