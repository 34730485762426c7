"""The findings of a case, page by page: fifty records of one collection, read from one sealed file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dsar.vault.errors import FileDamaged, KeyDestroyed, VaultError
from exports.admin import in_bytes, near
from exports.admin.panels import may
from exports.admin.passages import Marked, Note, Segment, next_open, to_decide
from exports.bundle.redaction import text_of
from exports.findings import Record, current_runs, read
from exports.fulfil.withholding import OF_ALL
from exports.models import Part, RunState, Search, SourceRun, Withholding
from exports.sources.datamap import Collection, Field
from exports.sources.values import bytes_of
from requests_app.admin import sections
from requests_app.admin.case_page import context_of
from requests_app.admin.desk import actor_of
from requests_app.admin.sureness import cited
from requests_app.law.words import Right
from requests_app.models import Case
from requests_app.services.history import record_access

A_PAGE = 50
MADE_HERE = ("withhold", "withhold_by_rule", "lift_withholding", "black_out", "decide_passages")
LONG = 160  # characters; longer values fold


@dataclass(frozen=True)
class Place:
    """One collection of one source, with its parts: what is paged through."""

    run: SourceRun
    collection: Collection
    parts: Sequence[Part]
    url: str
    is_current: bool

    @property
    def records(self) -> int:
        """How many records were found."""
        return sum(part.records for part in self.parts)

    def holds_back(self, field: Field) -> bool:
        """Whether the source holds such data of the person, which never reaches a file of ours."""
        held: dict[str, int] = self.run.held.get(self.collection.name, {})
        return field.never_disclose is not None and bool(held.get(field.column))


@dataclass(frozen=True)
class Leaf:
    """One page: where it begins in which part, and which number its first record has in the collection."""

    number: int
    last: int
    part: Part
    start: int
    before: int  # records of the collection before this part


@dataclass(frozen=True)
class Located:
    """One record: its number in the part of a page, from 0."""

    leaf: Leaf
    number: int

    @property
    def finding(self) -> str:
        """Its name, as moves take it."""
        return f"{self.leaf.part.pk}:{self.number}"

    def name_of(self, *, is_all: bool) -> str:
        """Its name, or that of all records of its collection."""
        return f"{self.leaf.part.pk}{OF_ALL}" if is_all else self.finding


@dataclass(frozen=True)
class Cell:
    """One field of a record as shown."""

    column: str
    title: str
    text: str
    is_long: bool
    is_never_disclosed: bool
    ground: str  # why it is withheld, or empty
    withhold_url: str
    lift_url: str
    black_out_url: str
    look_url: str  # where bytes are looked at that can be drawn; empty for all else
    is_whole_only: bool  # bytes in which nothing can be blacked out
    segments: list[Segment]  # its text, cut at passages; empty if there is none
    notes: list[Note]
    is_open: bool  # a passage is to be decided


@dataclass(frozen=True)
class Shown:
    """One record as shown."""

    number: int  # in its collection, from 1
    finding: str
    anchor: str
    ground: str
    cells: list[Cell]
    withhold_url: str
    lift_url: str


class Grounds:
    """What of one part is withheld, and why."""

    def __init__(self, case: Case, part: Part) -> None:
        rows = Withholding.objects.filter(part=part, start__isnull=True)
        self._grounds = {(row.number, row.field): cited(case, row.code, row.citation) for row in rows}

    def of(self, number: int, field: str = "") -> str:
        """The ground of a record, or of one of its fields; empty if it is released."""
        return self._grounds.get((number, field)) or self._grounds.get((None, field), "")

    def is_by_rule(self, field: str = "") -> bool:
        """Whether a rule keeps back all records, or that field in all of them."""
        return (None, field) in self._grounds


class Moves:
    """The addresses of the moves on findings, for those who may make them; they lead back to this page."""

    def __init__(self, request: HttpRequest, case: Case) -> None:
        actor = actor_of(request)
        self._open = {slug for slug in MADE_HERE if may(slug, case, actor)}
        self._case = case
        self._back = request.get_full_path()

    def rule_urls(self, place: Place) -> list[tuple[str, str]]:
        """What may be withheld of all records of a collection: titles and addresses; empty if the move is shut."""
        if "withhold_by_rule" not in self._open:
            return []
        address = reverse("admin:requests_app_case_move", args=[self._case.pk, "withhold_by_rule"])
        rule = f"{place.run.source.slug}.{place.collection.name}"
        fields = [] if self._case.right_asked == Right.DELETE else place.collection.fields
        offered = [
            ("", _("whole records")),
            *((field.column, _title(field)) for field in fields if not field.never_disclose),
        ]
        return [
            (title, f"{address}?{urlencode({'rule': rule, 'field': name, 'back': self._back})}")
            for name, title in offered
        ]

    def search_url(self, search: Search) -> str:
        """The page of the move that withholds all that a search found; empty if it is shut, or nothing was found."""
        if "withhold_by_rule" not in self._open or not search.found or search.is_full:
            return ""
        address = reverse("admin:requests_app_case_move", args=[self._case.pk, "withhold_by_rule"])
        return f"{address}?{urlencode({'rule': f'search:{search.pk}', 'back': self._back})}"

    @property
    def decide_url(self) -> str:
        """The page of the move that decides on passages, to be posted to; empty if it is shut."""
        if "decide_passages" not in self._open:
            return ""
        return reverse("admin:requests_app_case_move", args=[self._case.pk, "decide_passages"])

    def url(self, slug: str, finding: str, field: str = "") -> str:
        """The page of the move, filled in; empty if it is shut, or for one field of what is deleted whole."""
        if slug not in self._open or (field and self._case.right_asked == Right.DELETE):
            return ""
        query = urlencode({"finding": finding, "field": field, "back": self._back})
        return f"{reverse('admin:requests_app_case_move', args=[self._case.pk, slug])}?{query}"

    def look_url(self, finding: str, field: str, content: bytes) -> str:
        """The page that draws bytes, and leads back here; empty if they can't be drawn. A look is no move."""
        return in_bytes.url(self._case, finding, field, content, self._back)


@dataclass(frozen=True)
class Around:
    """What is known of the records of a page beside what they hold."""

    grounds: Grounds
    moves: Moves
    marked: Marked


@sections.page("findings")
def findings(request: HttpRequest, case: Case) -> HttpResponse:
    """One page of one collection; each look is noted, with part and place."""
    places = _places(request, case)
    current = next((place for place in places if place.is_current), None)
    context = {
        **context_of(request, case),
        "places": places,
        "place": current,
        "records": [],
        "leaf": None,
        "to_decide": to_decide(case),
        "next_open_url": "",
        "decide_url": Moves(request, case).decide_url,
        "rule_urls": Moves(request, case).rule_urls(current) if current else [],
        "back": request.get_full_path(),
        "near": _near_misses(request, case),
    }
    if context["to_decide"]:
        context["next_open_url"] = _next_open_url(case, places)
    leaf = _leaf(current.parts, request.GET.get("page", "")) if current else None
    if current and leaf:
        with transaction.atomic():
            record_access(
                by=actor_of(request),
                what="findings",
                at=timezone.now(),
                case=str(case.pk),
                part=str(leaf.part.pk),
                start=leaf.start,
            )
        context |= {"leaf": leaf, "records": _records(request, case, current, leaf), **_neighbours(current, leaf)}
    return TemplateResponse(request, "admin/exports/findings.html", context)


def _near_misses(request: HttpRequest, case: Case) -> list[near.Near]:
    """What looks alike and was not gathered; the look is noted. Once it is destroyed, nothing."""
    with suppress(VaultError), transaction.atomic():
        if found := list(near.lines(case)):
            record_access(by=actor_of(request), what="near_misses", at=timezone.now(), case=str(case.pk))
        return found
    return []


def _places(request: HttpRequest, case: Case) -> list[Place]:
    """Every collection in which something was found, in walking order; the one asked for, or the first, is current.

    What was found in a source before it was waived is in no answer, and is not shown either.
    """
    by_run = {run: _parts_of(run) for run in current_runs(case) if run.state != RunState.WAIVED}
    found = [
        (run, collection, parts)
        for run in by_run
        for collection in run.map_version.as_map().collections
        if (parts := by_run[run].get(collection.name))
    ]
    names = [(run.source.slug, collection.name) for run, collection, _parts in found]
    wanted = (request.GET.get("source", ""), request.GET.get("collection", ""))
    current = names.index(wanted) if wanted in names else 0
    here = reverse("admin:requests_app_case_findings", args=[case.pk])
    return [
        Place(
            run=run,
            collection=collection,
            parts=parts,
            url=f"{here}?{urlencode({'source': run.source.slug, 'collection': collection.name})}",
            is_current=number == current,
        )
        for number, (run, collection, parts) in enumerate(found)
    ]


def _parts_of(run: SourceRun) -> dict[str, list[Part]]:
    """The parts of a look into a source, by collection."""
    parts: dict[str, list[Part]] = {}
    for part in run.parts.order_by("number"):
        parts.setdefault(part.collection, []).append(part)
    return parts


def _leaf(parts: Sequence[Part], asked: str) -> Leaf | None:
    """The page asked for, the first or last if there is none such: a page never reaches over two files."""
    starts = [(part, start) for part in parts for start in range(0, part.records, A_PAGE)]
    if not starts:
        return None
    number = min(max(int(asked) if asked.isdecimal() and len(asked) < 9 else 1, 1), len(starts))
    part, start = starts[number - 1]
    before = sum(earlier.records for earlier in parts[: parts.index(part)])
    return Leaf(number, len(starts), part, start, before)


def _next_open_url(case: Case, places: Sequence[Place]) -> str:
    """The page with the first passage that is to be decided."""
    flag = next_open(case)
    for place in places:
        if flag and flag.part in place.parts:
            earlier = place.parts[: place.parts.index(flag.part)]
            pages = sum(-(-part.records // A_PAGE) for part in earlier)
            return f"{place.url}&page={pages + flag.number // A_PAGE + 1}#passages-{flag.part_id}-{flag.number}"
    return ""


def _neighbours(place: Place, leaf: Leaf) -> Mapping[str, str]:
    """The addresses of the pages before and after."""
    return {
        "previous_url": f"{place.url}&page={leaf.number - 1}" if leaf.number > 1 else "",
        "next_url": f"{place.url}&page={leaf.number + 1}" if leaf.number < leaf.last else "",
    }


def _records(request: HttpRequest, case: Case, place: Place, leaf: Leaf) -> list[Shown]:
    """The records of the page; none of a file that can't be opened."""
    found = read_or_told(request, leaf.part, start=leaf.start, most=A_PAGE)
    marked = Marked(case, leaf.part, leaf.start, leaf.start + A_PAGE - 1)
    around = Around(Grounds(case, leaf.part), Moves(request, case), marked)
    return [shown(place, Located(leaf, number), record, around) for number, record in found]


def read_or_told(request: HttpRequest, part: Part, *, start: int, most: int) -> list[tuple[int, Record]]:
    """Some records of a part; of a file that can't be opened none, and the reader is told why."""
    try:
        return list(read(part, start=start, most=most))
    except KeyDestroyed:
        messages.info(request, _("The findings of this case were destroyed with their key."))
        return []
    except FileDamaged:
        messages.error(request, _("The sealed file of these findings is missing or damaged. Gather again."))
        return []
    except VaultError:
        why = _("These findings can't be opened: the key store does not know their key, or another one sealed them.")
        messages.error(request, f"{why} {_('An administrator finds out more by “manage.py vault status”.')}")
        return []


def shown(place: Place, at: Located, record: Record, around: Around) -> Shown:
    """One record with its fields, what is withheld of it and what may be done with it."""
    fields = [field for field in place.collection.fields if field.column in record or place.holds_back(field)]
    finding, number, moves = at.finding, at.number, around.moves
    ground = around.grounds.of(number)
    return Shown(
        number=at.leaf.before + number + 1,
        finding=finding,
        anchor=finding.replace(":", "-"),
        ground=ground,
        cells=[_cell(field, record, at, around) for field in fields],
        withhold_url="" if ground else moves.url("withhold", finding),
        lift_url=moves.url("lift_withholding", at.name_of(is_all=around.grounds.is_by_rule())) if ground else "",
    )


def _cell(field: Field, record: Record, at: Located, around: Around) -> Cell:
    finding, number, moves, marked = at.finding, at.number, around.moves, around.marked
    ground, value = around.grounds.of(number, field.column), record.get(field.column)
    withheld = at.name_of(is_all=around.grounds.is_by_rule(field.column))
    is_never_disclosed = field.never_disclose is not None
    text = "" if is_never_disclosed else in_text(value)
    content = None if is_never_disclosed else bytes_of(value)
    has_text = bool(text_of(value))
    are_marked = marked.are_in(number, field.column)
    may_be_withheld = not ground and not is_never_disclosed
    withhold_url = moves.url("withhold", finding, field.column) if may_be_withheld else ""
    return Cell(
        column=field.column,
        title=_title(field),
        text=text,
        is_long=len(text) > LONG,
        is_never_disclosed=is_never_disclosed,
        ground=ground,
        withhold_url=withhold_url,
        lift_url=moves.url("lift_withholding", withheld, field.column) if ground else "",
        black_out_url=moves.url("black_out", finding, field.column) if may_be_withheld and has_text else "",
        look_url=moves.look_url(finding, field.column, content) if content else "",
        is_whole_only=bool(withhold_url) and content is not None and not has_text,
        segments=marked.segments(number, field.column, value) if are_marked else [],
        notes=marked.notes(number, field.column, value) if are_marked else [],
        is_open=marked.is_open(number, field.column) and not around.grounds.of(number) and not ground,
    )


def _title(field: Field) -> str:
    return field.title.in_language(get_language() or "en")


def in_text(value: object) -> str:
    """A value of a record as staff read it: bytes by what they are, lists and mappings as JSON."""
    if value is None:
        return ""
    if (content := bytes_of(value)) is not None:
        return in_bytes.in_words(content)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return value if isinstance(value, str) else json.dumps(_legible(value), ensure_ascii=False)


def _legible(value: object) -> object:
    """The same with bytes in it by what they are."""
    if isinstance(value, list):
        return [_legible(item) for item in value]
    if not isinstance(value, dict):
        return value
    content = bytes_of(value)
    return {name: _legible(item) for name, item in value.items()} if content is None else in_bytes.in_words(content)
